"""The list of kinds of application. Adding one: a file beside this, its name in CATALOG."""

from apps.applications.catalog import blogin, bookmark, custom_saml, gitlab_saas, gitlab_self_managed, pulumi
from apps.applications.catalog.connector import (
    Attribute,
    Connector,
    IdentityRule,
    MappedAttribute,
    Parameter,
    SamlDefaults,
    ScimDialect,
)
from apps.applications.catalog.guide import Guide, Step

CATALOG: dict[str, Connector] = {
    module.CONNECTOR.key: module.CONNECTOR
    for module in (gitlab_saas, gitlab_self_managed, pulumi, blogin, custom_saml, bookmark)
}

__all__ = [
    "CATALOG",
    "Attribute",
    "Connector",
    "Guide",
    "IdentityRule",
    "MappedAttribute",
    "Parameter",
    "SamlDefaults",
    "ScimDialect",
    "Step",
]
