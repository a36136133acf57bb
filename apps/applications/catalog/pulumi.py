"""Pulumi Cloud. Source: Pulumi's "SCIM" pages (attributes, errors) and the JumpCloud guide's attribute table."""

from apps.applications.catalog.connector import (
    Attribute,
    Connector,
    MappedAttribute,
    Parameter,
    SamlDefaults,
    ScimDialect,
)

CONNECTOR = Connector(
    key="pulumi",
    label="Pulumi",
    description="Pulumi Cloud, for one organization",
    category="Development",
    icon="pulumi",
    parameters=(
        Parameter(
            "organization",
            "Organization name",
            "acmecorp",
            r"[A-Za-z0-9][A-Za-z0-9_-]*",
            "Upper and lower case matter.",
        ),
    ),
    saml=SamlDefaults(
        sp_entity_id="https://api.pulumi.com/login/{organization}/sso/saml/metadata",
        acs_url="https://api.pulumi.com/login/{organization}/sso/saml/acs",
        login_url="https://app.pulumi.com/signin/sso/",
        default_relay_state="https://api.pulumi.com/login/{organization}/sso",
        name_id_format="emailAddress",
        name_id_source="email",
        attributes=(
            Attribute("firstName", source="first_name"),
            Attribute("lastName", source="last_name"),
            Attribute("email", source="email"),
        ),
    ),
    scim=ScimDialect(
        base_url="https://api.pulumi.com/scim/v2/{organization}",
        attributes=(  # the complete list: anything else answers 400 invalidPath
            MappedAttribute("username", "userName", "userName"),
            MappedAttribute("active", "active", "active"),
            MappedAttribute("display_name", "displayName", "displayName"),
            MappedAttribute("first_name", "name.givenName", "First Name"),
            MappedAttribute("last_name", "name.familyName", "Last Name"),
            MappedAttribute("email", 'emails[type eq "work"].value', "Email Address"),
        ),
        supports_groups=True,
        group_external_id=False,  # an error on groups
        leaves_groups_first=True,  # a team that names somebody inactive is refused as a whole
        page_limit=100,  # a larger count answers 400
    ),
    notes=(
        "SAML SSO must be configured to use SCIM.",
        "It is recommended that you should have more than one admin for your Pulumi organization.",
        "Supported: create, update and deactivate users; create groups. Not supported: secondary emails, password sync, bulk importing.",
    ),
)
