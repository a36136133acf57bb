"""What an application says it can do: its ServiceProviderConfig (RFC 7643 section 5), read leniently and heeded."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from apps.applications.catalog import ScimDialect
from apps.lib.scim import reading
from apps.lib.scim.errors import InvalidValue
from apps.lib.scim.values import read_boolean

NAMES = ("patch", "filter", "bulk", "sort", "etag", "changePassword")
Capabilities = dict[str, bool]


def read(config: Mapping[str, Any]) -> Capabilities:
    """By the RFC's names; what is not told, or not so that one could tell, is missing."""
    return {name: told for name in NAMES if (told := _supported(config, name)) is not None}


def _supported(config: Mapping[str, Any], name: str) -> bool | None:
    told = reading.get(config, f"{name}.supported")
    if told is None:
        return None
    try:
        return read_boolean(told)
    except InvalidValue:
        return None


def heeded(scim: ScimDialect, told: Mapping[str, Any]) -> ScimDialect:
    """Without filters everybody is listed. Without PATCH is `Integration.updates_by_put`, which a refusal teaches as well."""
    return replace(scim, filters=False) if told.get("filter") is False else scim


def asked_anew(scim: ScimDialect) -> ScimDialect:
    """As if it had told nothing yet: it may have learnt to filter since."""
    return replace(scim, filters=True)
