"""BlogIn. Source: BlogIn's "User provisioning" page and the JumpCloud guide's attribute table."""

from apps.applications.catalog.connector import (
    Attribute,
    Connector,
    MappedAttribute,
    Parameter,
    SamlDefaults,
    ScimDialect,
)

CONNECTOR = Connector(
    key="blogin",
    label="BlogIn",
    description="Internal blog and knowledge sharing",
    category="Communication",
    colour="blue",
    parameters=(
        Parameter(
            "subdomain",
            "Subdomain",
            "acme",
            r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?",
            "The first part of <subdomain>.blogin.co.",
        ),
    ),
    saml=SamlDefaults(
        sp_entity_id="https://{subdomain}.blogin.co/",
        acs_url="https://{subdomain}.blogin.co/sso/saml/callback",
        login_url="https://{subdomain}.blogin.co/",
        name_id_format="emailAddress",
        name_id_source="email",
        attributes=(  # JIT: the names are BlogIn's, the values may be changed, each can be switched off
            Attribute("email", source="email", required=True),
            Attribute("firstName", source="first_name", required=True),
            Attribute("lastName", source="last_name", required=True),
            Attribute("title", source="job_title", required=True),
        ),
    ),
    scim=ScimDialect(
        base_url="https://{subdomain}.blogin.co/sso/scim/V2",  # capital V as BlogIn prints it
        attributes=(
            MappedAttribute("username", "userName", "userName"),
            MappedAttribute("email", 'emails[type eq "work"].value', "emails"),
            MappedAttribute("active", "active", "Active"),
            MappedAttribute("first_name", "name.givenName", "First Name"),
            MappedAttribute("last_name", "name.familyName", "Last Name"),
            MappedAttribute("full_name", "name.formatted", "Display Name"),
            MappedAttribute("job_title", "title", "Job title"),
            MappedAttribute("work_phone", 'phoneNumbers[type eq "work"].value', "Phone Number"),
            MappedAttribute("timezone", "timezone", "timezone"),
            MappedAttribute("display_name", "displayName", "displayName"),
        ),
        supports_groups=True,
    ),
    notes=(
        "A regenerated token goes in under Change URL or token: it is verified first, and nothing has to be deactivated for it.",
        "Groups are supported.",
    ),
)
