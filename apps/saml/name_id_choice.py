"""Which NameID format and which value go together, and what one says about the other when it is changed alone."""

from collections.abc import Mapping
from typing import Any, get_args

from django.utils.translation import gettext as _

from apps.applications.catalog import Connector
from apps.applications.catalog.connector import SamlDefaults, UserField
from apps.events.models import Event
from apps.events.types import EventType
from apps.saml.models import NameIdFormat, SsoSettings
from apps.saml.name_ids import RANDOM

NAME_ID = frozenset({"name_id_format", "name_id_source"})
NAME_ID_SOURCES: tuple[str, ...] = (*get_args(UserField), RANDOM)


def source_that_follows(settings: SsoSettings, given: Mapping[str, Any]) -> dict[str, Any]:
    """The value when only the format is changed: what the connector says of persistent names, and no random e-mail address."""
    format_ = given.get("name_id_format", settings.name_id_format)
    if "name_id_source" in given or format_ == settings.name_id_format:
        return {}
    saml = settings.application.connector.saml or SamlDefaults()
    if format_ == NameIdFormat.PERSISTENT:
        return {"name_id_source": saml.persistent_name_id_source}
    if settings.name_id_source == RANDOM:
        return {"name_id_source": saml.name_id_source}
    return {}


def name_id_problem(after: Mapping[str, Any]) -> dict[str, list[str]]:
    if after["name_id_format"] == NameIdFormat.EMAIL and after["name_id_source"] == RANDOM:
        return {
            "name_id_source": [
                _("A random identifier is no e-mail address: take the format persistent for it.")
            ]
        }
    return {}


def refused_format(connector: Connector, name_id_format: str) -> str:
    """Why the application does not take this NameID format, or ""."""
    saml = connector.saml
    if saml is None or not saml.name_id_formats or name_id_format in saml.name_id_formats:
        return ""
    return str(saml.name_id_reason)


def is_in_use(settings: SsoSettings) -> bool:
    """Whether somebody has signed in by it already: then there are accounts that hang on the NameID."""
    about = Event.objects.about("application", settings.application_id)
    return bool(about.filter(type=EventType.SSO_AUTH, success=True).exists())


def name_id_differs(settings: SsoSettings, fields: Mapping[str, Any]) -> bool:
    return any(fields.get(name, getattr(settings, name)) != getattr(settings, name) for name in NAME_ID)


def without_name_id_in_use(settings: SsoSettings, fields: Mapping[str, Any]) -> dict[str, Any]:
    """What a file or a connector may set: everything, but what people are known by only while nobody is known by it.

    Accounts hang on it, so its change is a decision of its own: the form's, which asks for a tick.
    """
    if not name_id_differs(settings, fields) or not is_in_use(settings):
        return dict(fields)
    return {name: value for name, value in fields.items() if name not in NAME_ID}
