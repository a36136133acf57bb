"""Any SAML 2.0 service provider, with SCIM 2.0 as the RFC has it if the application offers that."""

from django.utils.translation import gettext_lazy as _

from apps.applications.catalog.connector import (
    Attribute,
    Connector,
    MappedAttribute,
    SamlDefaults,
    ScimDialect,
)
from apps.applications.catalog.guide import BIND, TRY, Guide, Step, Value

GUIDE = Guide(
    source="SAML 2.0 metadata",
    sign_on=(
        Step(
            _(
                "Give these to the application: its metadata address alone where it takes one, else the single values."
            ),
            values=(
                Value("Metadata URL", "{metadata_url}"),
                Value("IdP entity ID (issuer)", "{entity_id}"),
                Value("Sign-in URL (SSO URL)", "{sso_url}"),
                Value("Certificate", "{certificate_url}"),
                Value("Fingerprint SHA-256", "{fingerprint_sha256}"),
                Value("Fingerprint SHA-1", "{fingerprint_sha1}"),
            ),
        ),
        Step(
            _("Open SSO here and upload the application's metadata, or enter its entity ID and ACS URL."),
            page="sso",
            done="sso",
        ),
        Step(
            _("Ask the application which NameID and which attributes it expects, and choose them under SSO."),
            page="sso",
        ),
        BIND,
        TRY,
    ),
    accounts=(
        Step(_("Where the application offers SCIM 2.0, generate a token there.")),
        Step(
            _(
                "Open Identity management and Configure with its base URL and the token as Token Key. Activate."
            ),
            page="identity",
            done="identity",
        ),
    ),
)

CONNECTOR = Connector(
    key="custom_saml",
    label="Custom SAML",
    description=_("Any application that speaks SAML 2.0"),
    category=_("Generic"),
    colour="slate",
    saml=SamlDefaults(
        persistent_name_id_source="persistent_id",  # as SAML core 8.3.7 means it
        attributes=(
            Attribute("email", source="email"),
            Attribute("firstName", source="first_name"),
            Attribute("lastName", source="last_name"),
        ),
    ),
    scim=ScimDialect(
        attributes=(
            MappedAttribute("username", "userName", "userName"),
            MappedAttribute("active", "active", "active"),
            MappedAttribute("display_name", "displayName", "displayName"),
            MappedAttribute("full_name", "name.formatted", "name.formatted"),
            MappedAttribute("first_name", "name.givenName", "name.givenName"),
            MappedAttribute("last_name", "name.familyName", "name.familyName"),
            MappedAttribute("email", 'emails[type eq "work"].value', "emails.value"),
            MappedAttribute("job_title", "title", "title"),
            MappedAttribute("work_phone", 'phoneNumbers[type eq "work"].value', "phoneNumbers.value"),
            MappedAttribute("timezone", "timezone", "timezone"),
        ),
        more_attributes=True,
        deletes_users=True,
        publishes_config=True,
        supports_groups=True,
    ),
    guide=GUIDE,
)
