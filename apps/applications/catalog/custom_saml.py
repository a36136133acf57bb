"""Any SAML 2.0 service provider, with SCIM 2.0 as the RFC has it if the application offers that."""

from apps.applications.catalog.connector import (
    Attribute,
    Connector,
    MappedAttribute,
    SamlDefaults,
    ScimDialect,
)

CONNECTOR = Connector(
    key="custom_saml",
    label="Custom SAML",
    description="Any application that speaks SAML 2.0",
    category="Generic",
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
        deletes_users=True,
        supports_groups=True,
    ),
)
