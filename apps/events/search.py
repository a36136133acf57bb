"""
What somebody asks of the log, and how it is found at a cost that does not grow with the log (docs/performance.md).

A search goes one or several disjoint ways, each the beginning of an index, newest first. What no index answers, words above all, is
looked for in the nearest REACH lines of each way; the answer says how far it looked, and the next page goes on from there.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, Q, Subquery

from apps.events.catalogue import types_of
from apps.events.models import Event
from apps.events.ways import Way
from apps.tenants.context import current_tenant_id
from apps.tenants.models import Tenant

REACH = 10_000  # lines
MOST_LOOKS = 10  # for one page that has to be full
MOST_WAYS = 8  # as many types are looked up one by one; of more, the lines are read
NO_TYPE = ""  # of no line
WORDS = 8
SEARCHED = ("actor_name", "target_name", "application_name", "client_ip", "error_message", "message_chain")


@dataclass(frozen=True, slots=True)
class Cursor:
    """The line after which a page begins; without an id, the moment before which (ascending: after which) it does."""

    moment: datetime
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """`reached`: nothing beyond that moment was looked at, although there is more. None where everything was. `next` is None at the end."""

    rows: list[Event]
    next: Cursor | None
    reached: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Each part narrows. `people` and `groups` together are one: whatever is about any of them, or was done by such a person.

    These, `actors` and `applications` are ids, `targets` kinds with ids; `also` is whatever else, without an index.
    """

    types: Sequence[str] = ()
    success: bool | None = None
    applications: Sequence[str] = ()
    people: Sequence[str] = ()
    groups: Sequence[str] = ()
    actors: Sequence[str] = ()
    targets: Sequence[tuple[str, str]] = ()
    address: str = ""
    reference: str = ""
    correlation: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    words: str = ""
    also: tuple[Q, ...] = ()

    def events(self) -> Any:
        """QuerySet of all of it, newest first: for exports, and for who counts without a bound."""
        return Event.objects.filter(
            self._time(), *(_any(ways) for ways in self._indexed().values()), *self._others()
        )

    def branches(self) -> list[Any]:
        """The same as events(), as a QuerySet for each way: a database that is asked for either of two at once may read everything."""
        ways = self._ways()
        rest = [*(_any(each) for each in list(self._indexed().values())[1:]), *self._others()]
        return [
            way.lines().filter(self._time(), *(~earlier.condition for earlier in ways[:place]), *rest)
            for place, way in enumerate(ways)
        ]

    def page(self, size: int, after: Cursor | None = None, *, ascending: bool = False) -> Found:
        beyond = _beyond(after, ascending=ascending)
        reached = self._extent(beyond, ascending=ascending).reached if self._reads_more() else None
        if reached is not None:
            beyond &= Q(created_at__lte=reached) if ascending else Q(created_at__gte=reached)
        order = ("created_at", "pk") if ascending else ("-created_at", "-pk")
        branches = [each.filter(beyond).order_by(*order)[: size + 1] for each in self.branches()]
        rows = list(heapq.merge(*branches, key=_key, reverse=not ascending))
        if len(rows) > size:
            return Found(rows[:size], Cursor(*_key(rows[size - 1])), reached)
        return Found(rows, Cursor(reached) if reached is not None else None, reached)

    def filled(self, size: int, after: Cursor | None = None, *, ascending: bool = False) -> Found:
        """A page that is short only where nothing more is, or after MOST_LOOKS: then it has a `next` all the same."""
        rows: list[Event] = []
        for _ in range(MOST_LOOKS):
            found = self.page(size - len(rows), after, ascending=ascending)
            rows, after = rows + found.rows, found.next
            if after is None or len(rows) == size:
                break
        return Found(rows, after, found.reached)

    def reach(self, lines: int | None = None) -> tuple["Search", datetime | None, bool]:
        """This search as far back as one look goes, or as so many `lines`, when its first line was written, and whether it goes on beyond.
        One query.
        """
        extent = self._extent(Q(), ascending=False, reach=lines)
        if extent.reached is None:
            return self, extent.first, False
        return replace(self, since=extent.reached), extent.reached, True

    def _extent(self, beyond: Q, *, ascending: bool, reach: int | None = None) -> "_Extent":
        """Each look is a place in an index; all of them are one statement."""
        order = "created_at" if ascending else "-created_at"
        far = reach or REACH
        lines = [way.lines().filter(self._time() & beyond) for way in self._ways()]
        ends = [each.order_by(order).values("created_at")[far : far + 1] for each in lines]
        firsts = [each.order_by("created_at").values("created_at")[:1] for each in lines]
        here = Tenant.objects.filter(pk=current_tenant_id())
        found = here.values_list(*(Subquery(each) for each in (*ends, *firsts))).get()
        reached = [moment for moment in found[: len(lines)] if moment is not None]
        first = [moment for moment in found[len(lines) :] if moment is not None]
        end = (min(reached) if ascending else max(reached)) if reached else None
        return _Extent(end, min(first, default=None))

    def _reads_more(self) -> bool:
        """Whether lines may be looked at that are not shown: what one index leads to is all shown."""
        return len(self._indexed()) > 1 or bool(self._others())

    def _ways(self) -> list[Way]:
        return next(iter(self._indexed().values()), [Way(Q())])

    def _indexed(self) -> dict[str, list[Way]]:
        """What an index begins with, the narrowest first; the lists are alternatives. What failed of one person has indexes of its own."""
        failed = {"success": False} if self._failures_alone() else {}
        actor, target = (f"{index}_failure" if failed else index for index in ("event_actor", "event_target"))
        found = {
            "reference": [Way(referenced(self.reference) or Q(pk__in=[]))] if self.reference else [],
            "correlation": [Way(Q(correlation_id=self.correlation), "event_correlation")] if self.correlation else [],
            "people": [
                *_of(target, "target_id", self.people, target_kind="user", **failed),
                *_of(actor, "actor_id", self.people, **failed),
                *_of("event_target", "target_id", self.groups, target_kind="group"),
                *_of("event_group", "group_id", self.groups),
            ],
            "targets": [Way(Q(target_kind=kind, target_id=key, **failed), target) for kind, key in self.targets],
            "actors": _of(actor, "actor_id", self.actors, **failed),
            "failures": [Way(Q(**failed), "event_failure")] if failed and not (self.people or self.targets or self.actors) else [],
            "applications": [
                *_of("event_application", "application_id", self.applications),
                *_of("event_target", "target_id", self.applications, target_kind="application"),
            ],
            "address": _of("event_address", "client_ip", [self.address] if self.address else []),
            "types": _of("event_type", "type", self.types) if len(self.types) <= MOST_WAYS else [],
        }  # fmt: skip
        return {name: ways for name, ways in found.items() if ways}

    def _failures_alone(self) -> bool:
        """Whether the indexes that hold nothing else are of use; memberships of a group have none."""
        return self.success is False and not self.groups

    def _others(self) -> list[Q]:
        others = [*self.also, *map(_containing, self.words.split()[:WORDS])]
        if self.success is not None and not self._failures_alone():
            others.append(Q(success=self.success))
        if len(self.types) > MOST_WAYS:
            others.append(Q(type__in=self.types))
        return others

    def _time(self) -> Q:
        time = Q() if self.since is None else Q(created_at__gte=self.since)
        return time if self.until is None else time & Q(created_at__lt=self.until)


@dataclass(frozen=True, slots=True)
class _Extent:
    """`reached` is how far REACH lines of each way go, None where no way has more; `first` is when the first line was written."""

    reached: datetime | None
    first: datetime | None


def _of(index: str, field: str, values: Sequence[str], **more: Any) -> list[Way]:
    return [Way(Q(**more, **{field: value}), index) for value in values]


def _any(ways: list[Way]) -> Q:
    either = Q()
    for way in ways:
        either |= way.condition
    return either


def words_or_reference(text: str) -> dict[str, Any]:
    """For a Search, from the one field in which people type both."""
    by_id = referenced(text)
    if by_id is not None and Event.objects.filter(by_id).exists():
        return {"reference": text}
    return {"words": text}


def types_asked(types: Sequence[str], services: Sequence[str]) -> list[str]:
    """For a Search: the types, of these services alone. Of more than are looked up one by one, those of which there are lines."""
    if not services:
        asked = list(types)
    else:
        asked = [one for one in types_of(*services) if not types or one in types] or [NO_TYPE]
    return asked if len(asked) <= MOST_WAYS else (_written(asked) or [NO_TYPE])


def _written(types: Sequence[str]) -> list[str]:
    """Each is one place in an index; all of them are one statement."""
    here = Tenant.objects.filter(pk=current_tenant_id())
    found = here.values_list(*(Exists(Event.objects.filter(type=one)) for one in types)).get()
    return [one for one, written in zip(types, found, strict=True) if written]


def _containing(word: str) -> Q:
    """In names, addresses, the applications' own words."""
    found = Q()
    for field in SEARCHED:
        found |= Q(**{f"{field}__icontains": word})
    return found


def referenced(text: str) -> Q | None:
    """Events by the reference people read out (Event.reference: the first eight digits of the id), or by the whole id."""
    digits = text.lower().replace("-", "")
    if not 8 <= len(digits) <= 32 or set(digits) - set("0123456789abcdef"):
        return None
    return Q(pk__gte=UUID(digits.ljust(32, "0")), pk__lte=UUID(digits.ljust(32, "f")))


def _beyond(after: Cursor | None, *, ascending: bool) -> Q:
    """The first condition alone would do for a moment; beside an id it lets the index begin where the page does."""
    if after is None:
        return Q()
    side = "gt" if ascending else "lt"
    beyond = Q(**{f"created_at__{side}": after.moment})
    if after.id is None:
        return beyond
    return Q(**{f"created_at__{side}e": after.moment}) & (beyond | Q(**{f"pk__{side}": after.id}))


def _key(event: Event) -> tuple[datetime, UUID]:
    return event.created_at, event.pk
