"""Lists: what `filter`, `sortBy`, `startIndex` and `count` ask for (RFC 7644 section 3.4.2), in an address or in the body of a `.search`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from django.db.models import F, QuerySet
from scim2_models import Path, SCIMException

from apps.lib.scim.errors import InvalidPath, InvalidValue
from apps.scim.columns.comparing import Columns

MOST_RESULTS = 200
DEFAULT_COUNT = 100
STABLE = ("created_at", "pk")  # whoever comes during an import comes at the end


@dataclass(frozen=True)
class Asked:
    """`start` counts from 1. `order` is "" or an attribute's path."""

    filter: str | None
    order: str
    descending: bool
    start: int
    count: int


def asked(parameters: Mapping[str, Any]) -> Asked:
    """
    `startIndex` below 1 means 1, `count` below 0 means 0 (section 3.4.2.4); a page is never longer than MOST_RESULTS.
    Raises InvalidValue.
    """
    order = _text(parameters, "sortOrder") or "ascending"
    if order.casefold() not in {"ascending", "descending"}:
        raise InvalidValue("sortOrder is ascending or descending.")
    return Asked(
        filter=_text(parameters, "filter"),
        order=_text(parameters, "sortBy") or "",
        descending=order.casefold() == "descending",
        start=max(_integer(parameters, "startIndex", 1), 1),
        count=min(max(_integer(parameters, "count", DEFAULT_COUNT), 0), MOST_RESULTS),
    )


def in_order(found: QuerySet[Any], kind: Any, columns: Columns, wanted: Asked) -> QuerySet[Any]:
    """Whatever is sorted by, equals stay in one order, so that every page has its own rows. Raises InvalidPath."""
    if not wanted.order:
        return found.order_by(*STABLE)
    by = columns.order.get(_attribute(kind, wanted.order))
    if by is None:
        raise InvalidPath(f"sortBy: {wanted.order} is no attribute that can be sorted by.")
    by = F(by) if isinstance(by, str) else by
    first = by.desc(nulls_first=True) if wanted.descending else by.asc(nulls_last=True)
    return found.order_by(first, *STABLE)


def _attribute(kind: Any, path: str) -> tuple[str, str | None]:
    """An attribute with several values is sorted by their `value`."""
    try:
        binding = Path[kind](path).resolve()
    except SCIMException as error:
        raise InvalidPath(f"sortBy: {path[:100]} is no path of an attribute.") from error
    if binding is None:
        return ("", None)
    part = binding.sub_field_name or ("value" if binding.is_multivalued else None)
    return (binding.field_name, part)


def _integer(parameters: Mapping[str, Any], name: str, default: int) -> int:
    value = parameters.get(name, default)
    is_number = isinstance(value, int | str) and not isinstance(value, bool)
    try:
        return int(value) if is_number else _refused(name)
    except ValueError:
        return _refused(name)


def _refused(name: str) -> NoReturn:
    raise InvalidValue(f"{name} has to be a whole number.")


def _text(parameters: Mapping[str, Any], name: str) -> str | None:
    value = parameters.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidValue(f"{name} has to be text.")
    return value
