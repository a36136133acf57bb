"""What may be saved but will probably not work, from the connector's data: sentences for administrators."""

from django.utils.translation import gettext as _

from apps.applications.catalog import Connector
from apps.directory.models import User
from apps.saml.metadata_import import ServiceProvider
from apps.saml.models import MetadataSource, NameIdFormat, SsoSettings
from apps.saml.name_id_choice import refused_format
from apps.saml.name_ids import RANDOM

PATHS = {"email": 'emails[type eq "work"].value'}  # of IdentityRule.scim, where it is not the path itself


def advice_on(settings: SsoSettings, source: MetadataSource | None) -> list[str]:
    """Empty when nothing is known against the settings. `source` is what their metadata came from (`source_of`)."""
    connector = settings.application.connector
    sentences = [
        _unfitting_format(settings, connector),
        _unlisted_format(settings, source),
        _other_value(settings, connector),
        _shared_entity_id(settings),
    ]
    return [sentence for sentence in sentences if sentence]


def _unfitting_format(settings: SsoSettings, connector: Connector) -> str:
    """Of settings that are older than the rule, or than a request that asked for another format."""
    return refused_format(connector, settings.name_id_format)


def _unlisted_format(settings: SsoSettings, source: MetadataSource | None) -> str:
    """An import leaves the NameID alone once people sign in; a format that is not listed there is often taken all the same."""
    offered = ServiceProvider.from_json(source.seen).name_id_formats if source else []
    if not offered or settings.name_id in offered or NameIdFormat.UNSPECIFIED in offered:
        return ""
    words = {
        "label": settings.application,
        "listed": ", ".join(str(each.label) for each in offered),
        "present": settings.name_id.label,
    }
    return _(
        "The metadata of %(label)s lists the NameID format %(listed)s, and %(present)s is sent. "
    ) % words + _(
        "If sign-ins are refused there, change the format, and know that people may get new accounts."
    )


def _shared_entity_id(settings: SsoSettings) -> str:
    """Allowed, as one service provider may have several tenants; but only addresses tell the two apart (decision 0005)."""
    if not settings.sp_entity_id:
        return ""
    same = SsoSettings.objects.select_related("application").filter(sp_entity_id=settings.sp_entity_id)
    names = sorted(each.application.display_label for each in same.exclude(pk=settings.pk)[:5])
    if not names:
        return ""
    words = {"names": ", ".join(names)}
    return (
        _(
            "The same SP entity ID stands in: %(names)s. Requests are told apart by the SSO URL they are sent to, and each application "
            "here has a certificate of its own: the other side needs the SSO URL and the certificate of this page."
        )
        % words
    )


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
