"""BlogIn. Source: BlogIn's "User provisioning" page and the JumpCloud guide's attribute table."""

from django.utils.translation import gettext_lazy as _

from apps.applications.catalog.connector import (
    Attribute,
    Connector,
    IdentityRule,
    MappedAttribute,
    Parameter,
    SamlDefaults,
    ScimDialect,
)
from apps.applications.catalog.guide import BIND, TRY, Guide, Step, Value

GUIDE = Guide(
    source="JumpCloud: Integrate with BlogIn",
    sign_on=(
        Step(
            _(
                "Log in to the BlogIn admin console and go to Settings > User Authentication tab > Configure SSO & User provisioning."
            )
        ),
        Step(_("Toggle the SINGLE SIGN-ON STATUS to On. Optionally, give your configuration a name.")),
        Step(
            _(
                "In Identity Provider Configuration Data, click Download Metadata as file (xml), and keep the window open."
            )
        ),
        Step(_("Open SSO here and Upload Metadata: the file from the step before."), page="sso", done="sso"),
        Step(
            _("Back in BlogIn, select Metadata URL as CONFIGURATION METHOD and paste this address."),
            values=(Value("Metadata URL", "{metadata_url}"),),
        ),
        Step(_("Select the Default User Role for your integration, then click SAVE CHANGES.")),
        BIND,
        TRY,
    ),
    accounts=(
        Step(
            _(
                "In BlogIn, select the User Provisioning tab, change the USER PROVISIONING STATUS to On, then Save changes."
            )
        ),
        Step(
            _(
                "Open Identity management; tick the management of groups if you want it, then Configure. Base URL is BlogIn's Base (Tenant) URL, "
                "Token Key its Secret (Bearer) token. Activate."
            ),
            values=(Value("Base (Tenant) URL", "https://{subdomain}.blogin.co/sso/scim/V2"),),
            page="identity",
            done="identity",
        ),
    ),
)

CONNECTOR = Connector(
    key="blogin",
    label="BlogIn",
    description=_("Internal blog and knowledge sharing"),
    category=_("Communication"),
    colour="blue",
    parameters=(
        Parameter(
            "subdomain",
            _("Subdomain"),
            "acme",
            r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?",
            _("The first part of <subdomain>.blogin.co."),
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
        required=("userName", 'emails[type eq "work"].value'),
        syncs_passwords=True,
        supports_groups=True,
    ),
    # Its pages do not say what it compares; in practice the NameID is the e-mail address.
    identity=IdentityRule("email", certain=False, case_matters=False),
    guide=GUIDE,
    notes=(
        _(
            "A regenerated token goes in under Change URL or token: it is verified first, and nothing has to be deactivated for it."
        ),
        _("Groups are supported."),
    ),
)
