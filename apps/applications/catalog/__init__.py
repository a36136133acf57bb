"""The list of kinds of application. Adding one: a file beside this, its name in CATALOG."""

from apps.applications.catalog import blogin, bookmark, custom_saml, gitlab_saas, gitlab_self_managed, pulumi
from apps.applications.catalog.connector import (
    Attribute,
    Connector,
    MappedAttribute,
    Parameter,
    SamlDefaults,
    ScimDialect,
)

CATALOG: dict[str, Connector] = {
    module.CONNECTOR.key: module.CONNECTOR
    for module in (gitlab_saas, gitlab_self_managed, pulumi, blogin, custom_saml, bookmark)
}

__all__ = ["CATALOG", "Attribute", "Connector", "MappedAttribute", "Parameter", "SamlDefaults", "ScimDialect"]
