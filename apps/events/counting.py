"""
How many lines match, which values they have, and when they were written: of the newest COUNTED lines of each way that leads to them, so
that no answer costs more than that, however long the log is. What is older is counted by whoever goes on before `since`.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from django.db.models import Count, F, Value

from apps.events.search import Search
from apps.events.slots import Slot, beginning, width_for

COUNTED = 100_000  # lines


@dataclass(frozen=True, slots=True)
class Counted:
    """How many lines there are of each value. `since`: at this moment and later, there is more before. None where everything was counted."""

    numbers: Counter[Any]
    since: datetime | None

    @property
    def total(self) -> int:
        return self.numbers.total()


def lines_of(search: Search) -> Counted:
    """All of them under one value, None. Two statements, however many ways there are."""
    near, since = _near(search)
    every = [
        lines.order_by()
        .annotate(all=Value(1))
        .values("all")
        .annotate(number=Count("*"))
        .values_list("number")
        for lines in near.branches()
    ]
    rows = every[0].union(*every[1:], all=True) if len(every) > 1 else every[0]
    return Counted(Counter({None: sum(number for (number,) in rows)}), since)


def values_of(search: Search, column: str) -> Counted:
    near, since = _near(search)
    return _grouped([lines.order_by().values_list(column) for lines in near.branches()], since)


def moments_of(search: Search, unit: str, zone: tzinfo) -> Counted:
    """By the moment, in UTC, at which the second, minute, hour, day or week began there."""
    near, since = _near(search)
    seconds = int(width_for(unit, zone).total_seconds())
    slot = Slot(F("created_at"), seconds)
    slots = _grouped(
        [lines.order_by().annotate(slot=slot).values_list("slot") for lines in near.branches()], since
    )
    numbers = Counter[Any]()
    for number, count in slots.numbers.items():
        numbers[beginning(datetime.fromtimestamp(number * seconds, UTC), unit, zone)] += count
    return Counted(numbers, since)


def _near(search: Search) -> tuple[Search, datetime | None]:
    near, _first, partly = search.reach(COUNTED)
    return near, near.since if partly else None


def _grouped(ways: list[Any], since: datetime | None) -> Counted:
    numbers = Counter[Any]()
    for rows in ways:
        for value, number in rows.annotate(number=Count("*")):
            numbers[value] += number
    return Counted(numbers, since)
