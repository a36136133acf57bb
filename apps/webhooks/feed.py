"""
The log as a queue: every event of a tenant has its place in the sequence of seals, which only grows and has no gaps.

An event is sealed after its transaction is committed, in a transaction of its own. So a reader that goes by the sequence misses none that was
committed late, sees none that was rolled back, and costs the writers nothing.
"""

import datetime as dt
from collections.abc import Collection
from typing import Any

from django.db import IntegrityError
from django.db.models import F, Max, Min, Q

from apps.events import chain
from apps.events.models import Event, EventSeal
from apps.events.types import EventType

JUST_NOW = dt.timedelta(minutes=5)  # few rows to look through, however much a day brings
WINDOW = 1000  # events that are looked at in one step
NEVER_SENT = (EventType.WEBHOOK_TEST,)  # it goes to the endpoint that is tried, and to nobody else
OF_ITSELF = (EventType.WEBHOOK_QUARANTINE, EventType.WEBHOOK_RESUME)


def seal_now() -> None:
    """What was committed a moment ago need not wait for the sealer's turn; what began earlier than JUST_NOW does."""
    try:
        chain.seal(within=JUST_NOW)
    except IntegrityError:  # somebody else sealed the same ones
        return


def latest() -> int:
    """0 before the first event."""
    return int(EventSeal.objects.aggregate(latest=Max("sequence"))["latest"] or 0)


def end_of_window(after: int) -> int:
    """Up to which place may be looked at in one step; `after` where there is nothing more."""
    step = EventSeal.objects.filter(sequence__gt=after).order_by("sequence")
    places = step.values_list("sequence", flat=True)[:WINDOW]
    return int(max(places, default=after))


def events_between(after: int, upto: int, types: Collection[str] | None) -> Any:
    """Events in their order, each with its `place`. `types` None is all."""
    rows = Event.objects.filter(seal__sequence__gt=after, seal__sequence__lte=upto)
    return _wanted(rows, types).annotate(place=F("seal__sequence")).order_by("seal__sequence")


def bounds(rows: Any) -> tuple[int, int]:
    """The first and the last place of these events, (0, 0) where there are none."""
    found = rows.order_by().aggregate(first=Min("seal__sequence"), last=Max("seal__sequence"))
    return found["first"] or 0, found["last"] or 0


def _wanted(rows: Any, types: Collection[str] | None) -> Any:
    rows = rows.exclude(type__in=NEVER_SENT)
    return rows if types is None else rows.filter(type__in=types)


def without_own(rows: Any, webhook_id: Any) -> Any:
    """How an endpoint is doing is told to the others: telling itself would be owed to whoever cannot take it."""
    return rows.exclude(type__in=OF_ITSELF, target_id=str(webhook_id))


def sent_to(webhook_id: Any) -> tuple[Q, Q]:
    """The same as conditions, for whoever searches the log: what is sent to this one at all."""
    return ~Q(type__in=NEVER_SENT), ~Q(type__in=OF_ITSELF, target_id=str(webhook_id))


def events_in(since: Any, until: Any, types: Collection[str] | None) -> Any:
    """By the time they happened at; `until` exclusive."""
    rows = Event.objects.filter(created_at__gte=since, created_at__lt=until).exclude(seal=None)
    return _wanted(rows, types)
