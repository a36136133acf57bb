"""What may be saved but will probably not work, from the connector's data: sentences for administrators."""

from django.utils.translation import gettext as _

from apps.applications.catalog import Connector
from apps.directory.models import User
from apps.saml.models import SsoSettings
from apps.saml.name_ids import RANDOM

PATHS = {"email": 'emails[type eq "work"].value'}  # of IdentityRule.scim, where it is not the path itself


def advice_on(settings: SsoSettings) -> list[str]:
    """Empty when nothing is known against the settings."""
    connector = settings.application.connector
    sentences = [_unfitting_format(settings, connector), _other_value(settings, connector)]
    return [sentence for sentence in sentences if sentence]


def refused_format(connector: Connector, name_id_format: str) -> str:
    """Why the application does not take this NameID format, or ""."""
    saml = connector.saml
    if saml is None or not saml.name_id_formats or name_id_format in saml.name_id_formats:
        return ""
    return saml.name_id_reason


def _unfitting_format(settings: SsoSettings, connector: Connector) -> str:
    """Of settings that are older than the rule, or than a request that asked for another format."""
    return refused_format(connector, settings.name_id_format)


def _other_value(settings: SsoSettings, connector: Connector) -> str:
    rule, sources = connector.identity, account_sources(connector)
    if not rule.certain or not sources or settings.name_id_source in sources:
        return ""
    words = {
        "label": settings.application,
        "source": field_name(settings.name_id_source),
        "scim": rule.scim,
        "expected": field_name(sources[0]),
    }
    sentence = _(
        "NameID is the %(source)s, but the %(scim)s of accounts at %(label)s is the %(expected)s: both have to be the same. "
        "Choose the %(expected)s as NameID value."
    )
    return f"{sentence % words} {rule.otherwise}".strip()


def account_sources(connector: Connector) -> list[str]:
    """Of the value that the NameID has to equal: the fields that it is made from in accounts."""
    path = PATHS.get(connector.identity.scim, connector.identity.scim)
    rows = connector.scim.attributes if connector.scim else ()
    return [row.source for row in rows if row.scim == path]


def field_name(source: str) -> str:
    """As people know it."""
    if source == RANDOM:
        return _("random identifier")
    columns = {field.name: field.verbose_name for field in User._meta.concrete_fields}  # noqa: SLF001 - Django's documented Meta API
    return str(columns.get(source, source.replace("_", " ")))
