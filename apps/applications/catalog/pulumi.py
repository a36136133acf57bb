"""Pulumi Cloud. Source: Pulumi's "SCIM" pages (attributes, errors) and the JumpCloud guide's attribute table."""

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
    source="JumpCloud: Integrate with Pulumi; Pulumi: SAML SSO",
    sign_on=(
        Step(
            _(
                "Compare the fields under SSO with the organization's name in Pulumi: upper and lower case matter."
            ),
            values=(Value("Organization", "{organization}"),),
            page="sso",
            done="sso",
        ),
        Step(
            _("Export our metadata: under SSO, or from this address."),
            values=(Value("Metadata", "{metadata_url}"),),
            page="sso",
        ),
        Step(_("Sign into the Pulumi Cloud and navigate to your SAML organization.")),
        Step(_("Navigate to Settings > Access Management. Select Change Requirements, then SAML SSO.")),
        Step(
            _(
                "In the Identity Provider Metadata field, paste the contents of the metadata file, then click Save."
            )
        ),
        BIND,
        TRY,
    ),
    accounts=(
        Step(
            _(
                "In Pulumi, on the same page, open SCIM and generate a token; SAML SSO has to be configured before."
            )
        ),
        Step(
            _(
                "Open Identity management and Configure. Enter the base URL and the token as Token Key. Activate."
            ),
            values=(Value("Base URL", "https://api.pulumi.com/scim/v2/{organization}"),),
            page="identity",
            done="identity",
        ),
    ),
)

CONNECTOR = Connector(
    key="pulumi",
    label="Pulumi",
    description=_("Pulumi Cloud, for one organization"),
    category=_("Development"),
    icon="pulumi",
    parameters=(
        Parameter(
            "organization",
            _("Organization name"),
            "acmecorp",
            r"[A-Za-z0-9][A-Za-z0-9_-]*",
            _("Upper and lower case matter."),
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
        name_id_formats=("persistent", "emailAddress"),
        name_id_reason=_(
            "Pulumi takes persistent or emailAddress, and it must not change later: accounts would be lost."
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
        required=("userName", 'emails[type eq "work"].value'),
        deactivated=_("They lose the Pulumi organization; the account stays and can be reactivated."),
        renames_users=False,  # 400: "Attribute 'userName' is immutable."
        supports_groups=True,
        group_external_id=False,  # an error on groups
        leaves_groups_first=True,  # a team that names somebody inactive is refused as a whole
        page_limit=100,  # a larger count answers 400
    ),
    # Its pages do not say what it compares; the guides of other identity providers send the e-mail address.
    identity=IdentityRule("email", certain=False, case_matters=False),
    guide=GUIDE,
    notes=(
        _("SAML SSO must be configured to use SCIM."),
        _("It is recommended that you should have more than one admin for your Pulumi organization."),
        _(
            "A username cannot be changed in Pulumi: an account keeps the one it was made with, and everything else follows."
        ),
        _(
            "Supported: create, update and deactivate users; create groups. Not supported: secondary emails, password sync, bulk importing."
        ),
    ),
)
