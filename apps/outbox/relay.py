"""Entries → subscribers. Coalesces, serves and deletes in one transaction, so a killed relay has done nothing.

Who has much to do about one entry does it page by page, each in a transaction of its own that writes into the entry how far it is: a
relay that is killed has done all pages but one, and what else is owed is served between two pages.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

from django.db import connection

from apps.lib.correlation import current_correlation_id
from apps.lib.transactions import retried
from apps.outbox.models import Entry, Topic
from apps.tenants.context import every_tenant

# A subscriber marks what has to be looked at again, in the relay's transaction, and rings its own bell on commit.
Subscriber = Callable[[Collection[UUID]], None]
# Of one subject: from a position, "" at the beginning, to the position from where to go on, "" when that was all. Positions sort as they follow.
PagedSubscriber = Callable[[UUID, str], str]
_subscribers: dict[Topic, list[Subscriber]] = defaultdict(list)
_paged: dict[Topic, PagedSubscriber] = {}
_sweepers: list[Callable[[], None]] = []
BATCH = 1000
# Of the entries that are being served: subject → to which request the newest of them belongs.
_served: ContextVar[dict[UUID, UUID | None] | None] = ContextVar("served", default=None)


def subscribe(topic: Topic, subscriber: Subscriber) -> None:
    """Called once per topic from AppConfig.ready() of the subscribing app."""
    if subscriber not in _subscribers[topic]:
        _subscribers[topic].append(subscriber)


def subscribe_paged(topic: Topic, subscriber: PagedSubscriber) -> None:
    """As subscribe(), and one alone for each topic: the position in an entry is its own."""
    _paged[topic] = subscriber


def on_sweep(sweeper: Callable[[], None]) -> None:
    """`sweeper` runs every five seconds outside any tenant and rings for work that is due."""
    if sweeper not in _sweepers:
        _sweepers.append(sweeper)


def sweep_all() -> None:
    for sweeper in _sweepers:
        sweeper()


def waiting_tenant_ids() -> list[str]:
    """Tenants with entries, across all of them: for the sweeper alone."""
    with every_tenant():
        return [str(row) for row in Entry.unscoped.order_by().values_list("tenant_id", flat=True).distinct()]


@retried
def drain() -> int:
    """Serves up to BATCH entries of the tenant in context and returns how many."""
    entries = Entry.objects.order_by("created_at", "id")
    if connection.features.has_select_for_update_skip_locked:
        entries = entries.select_for_update(skip_locked=True)
    batch = list(entries[:BATCH])
    by_topic: dict[Topic, dict[UUID, list[Entry]]] = defaultdict(lambda: defaultdict(list))
    for entry in batch:
        by_topic[Topic(entry.topic)][UUID(entry.subject_id)].append(entry)
    going_on: dict[UUID, str] = {}
    for topic, subjects in by_topic.items():
        with _serving({subject: found[-1].correlation_id for subject, found in subjects.items()}):
            going_on |= _serve(topic, subjects)
    for entry_id, position in going_on.items():
        Entry.objects.filter(id=entry_id).update(position=position)
    Entry.objects.filter(id__in=[entry.id for entry in batch if entry.id not in going_on]).delete()
    return len(batch)


def _serve(topic: Topic, subjects: Mapping[UUID, Sequence[Entry]]) -> dict[UUID, str]:
    """Which entries stay, and from where they go on. Entries of one subject are one, from where the last of them is: what the others
    had done already is done again.
    """
    begun = {subject: min(entry.position for entry in found) for subject, found in subjects.items()}
    fresh = [subject for subject, position in begun.items() if not position]
    if fresh:
        for subscriber in _subscribers[topic]:
            subscriber(fresh)
    if (paged := _paged.get(topic)) is None:
        return {}
    rest = {found[-1].id: paged(subject, begun[subject]) for subject, found in subjects.items()}
    return {entry_id: position for entry_id, position in rest.items() if position}


@contextmanager
def _serving(correlations: dict[UUID, UUID | None]) -> Iterator[None]:
    token = _served.set(correlations)
    try:
        yield
    finally:
        _served.reset(token)


def correlation_of(subject_id: UUID) -> UUID | None:
    """To which request it belongs that this subject is looked at again: the newest of its entries. What follows from another subject's
    entry belongs to the only request there is among those served together, or to none: never to somebody else's.
    """
    served = _served.get()
    if served is None:
        return current_correlation_id()
    if subject_id in served:
        return served[subject_id]
    requests = set(served.values())
    return requests.pop() if len(requests) == 1 else None
