"""Entries → subscribers. Coalesces, serves and deletes in one transaction, so a killed relay has done nothing."""

from collections import defaultdict
from collections.abc import Callable, Collection
from uuid import UUID

from django.db import connection

from apps.lib.transactions import retried
from apps.outbox.models import Entry, Topic
from apps.tenants.context import every_tenant

# A subscriber marks what has to be looked at again, in the relay's transaction, and rings its own bell on commit.
Subscriber = Callable[[Collection[UUID]], None]
_subscribers: dict[Topic, list[Subscriber]] = defaultdict(list)
_sweepers: list[Callable[[], None]] = []
BATCH = 1000


def subscribe(topic: Topic, subscriber: Subscriber) -> None:
    """Called once per topic from AppConfig.ready() of the subscribing app."""
    if subscriber not in _subscribers[topic]:
        _subscribers[topic].append(subscriber)


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
    subjects: dict[Topic, set[UUID]] = defaultdict(set)
    for entry in batch:
        subjects[Topic(entry.topic)].add(UUID(entry.subject_id))
    for topic, ids in subjects.items():
        for subscriber in _subscribers[topic]:
            subscriber(ids)
    Entry.objects.filter(id__in=[entry.id for entry in batch]).delete()
    return len(batch)
