"""A page of what was asked for, of one kind of resource or, at the root, of several (RFC 7644 sections 3.4.2 and 3.4.3)."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from apps.directory.landmarks import Landmark, remember
from apps.lib.scim.errors import InvalidFilter, InvalidValue
from apps.lib.scim.messages import list_response
from apps.scim import selection as selections
from apps.scim.adapters.base import ResourceAdapter
from apps.scim.filters import conditions
from apps.scim.listing import STABLE, Asked, asked, in_order
from apps.scim.models import Source
from apps.scim.selection import Selection

DEEP = 1000  # rows
Adapters = Sequence[type[ResourceAdapter]]


def page_of(adapters: Adapters, request: HttpRequest, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """A ListResponse. `parameters` are those of an address or of a SearchRequest, by their names on the wire. Raises ScimError, SCIMException."""
    source: Source = request.scim_source  # type: ignore[attr-defined]
    wanted = asked(parameters)
    chosen = [selections.read(each.kind, parameters) for each in adapters]
    if len(adapters) == 1 and (known := adapters[0].found_at_once(source, wanted)) is not None:
        page = known[wanted.start - 1 :][: wanted.count]
        told = adapters[0].to_documents(page, request, chosen[0])
        return list_response(told, total=len(known), start_index=wanted.start)
    found = _found(adapters, source, wanted)
    totals = [each.total(source, rows, wanted) for each, rows in zip(adapters, found, strict=True)]
    resources: list[dict[str, Any]] = []
    skip, left = wanted.start - 1, wanted.count
    for adapter, rows, total, selection in zip(adapters, found, totals, chosen, strict=True):
        if left > 0 and skip < total:
            part = slice(skip, min(skip + left, total))
            page = _cut(adapter, source, rows, part, total, wanted, selection)
            resources += adapter.to_documents(page, request, selection)
            if len(page) < min(
                left, total - skip
            ):  # they would not have fitted: the next page begins with them
                break
            left -= len(page)
        skip = max(skip - total, 0)
    return list_response(resources, total=sum(totals), start_index=wanted.start)


def _cut(
    adapter: type[ResourceAdapter],
    source: Source,
    rows: QuerySet[Any],
    part: slice,
    total: int,
    wanted: Asked,
    selection: Selection,
) -> list[Any]:
    """Far down a list the ids come first, which an index has: whoever is skipped is not read."""
    if part.start < DEEP:
        return adapter.complete(source, rows[part], selection)
    near = adapter.nearest_before(source, part.start, wanted)
    before = 0 if near is None else near.before
    everybody = rows
    if near is not None:
        rows = rows.filter(created_at__gte=near.since)
    start = max(part.start - 1, before)  # whether the first came after the one before is worth remembering
    found = _keys(rows, start - before, part.stop - before, total - before)
    if (
        near is not None
        and near.gone is not None
        and _is_still(adapter, source, everybody, wanted, near, total)
    ):
        remember(near, start, [moment for _, moment in found])
    shown = found[part.start - start :]
    if not shown:
        return []
    keys, moments = [key for key, _ in shown], [moment for _, moment in shown]
    # In that time, and without their order: a database would walk along the whole list again.
    there = rows.filter(pk__among=keys, created_at__range=(min(moments), max(moments)))
    complete = {row.pk: row for row in adapter.complete(source, there.order_by(), selection)}
    return [complete[key] for key in keys if key in complete]


def _keys(rows: QuerySet[Any], start: int, stop: int, total: int) -> list[tuple[Any, Any]]:
    """Ids and moments of arrival, from whichever end is nearer."""
    columns = rows.values_list("pk", "created_at")
    if start < total // 2:
        return list(columns[start:stop])
    return list(columns.reverse()[total - stop : total - start])[::-1]


def _is_still(
    adapter: type[ResourceAdapter],
    source: Source,
    rows: QuerySet[Any],
    wanted: Asked,
    near: Landmark,
    total: int,
) -> bool:
    """Whether those are there who were counted, and nobody else: seen from the end of the list, whoever comes moves all others by one."""
    again = adapter.nearest_before(source, near.before, wanted)
    return again is not None and again.gone == near.gone and adapter.total(source, rows, wanted) == total


def _found(adapters: Adapters, source: Source, wanted: Asked) -> list[QuerySet[Any]]:
    if len(adapters) > 1 and wanted.order:
        raise InvalidValue("sortBy: Resources of different kinds are not sorted together.")
    if wanted.filter is None and not wanted.order:  # as most pages are asked for
        return [each.seen_by(source).order_by(*STABLE) for each in adapters]
    columns = [each.columns(source) for each in adapters]
    found = [each.seen_by(source) for each in adapters]
    if wanted.filter is not None:
        # An attribute that only some kinds have matches nothing of the others; one that none has is an error.
        unknown: list[set[str]] = [set() for _ in adapters]
        for number, adapter in enumerate(adapters):
            lenient = unknown[number] if len(adapters) > 1 else None
            condition = conditions(adapter.kind, wanted.filter, columns[number], unknown=lenient)
            found[number] = found[number].filter(condition)
        if nowhere := set.intersection(*unknown):
            raise InvalidFilter(f"There is no attribute {min(nowhere)[:100]} that can be filtered so.")
    return [
        in_order(rows, each.kind, of_kind, wanted)
        for rows, each, of_kind in zip(found, adapters, columns, strict=True)
    ]
