"""Writing to the outbox: a row in the caller's transaction, and a ring after commit that may be lost."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import DatabaseError, transaction
from django.utils import timezone

from apps.lib.correlation import current_correlation_id
from apps.outbox.models import Entry, Topic
from apps.outbox.tasks import ring
from apps.tenants.bulk import insert_rows
from apps.tenants.context import current_tenant_id, in_tenant
from apps.tenants.prepared import PreparedQuery, insert_values

# An entry that waits for longer may be in the hands of a relay that has much to do; another worker can serve this one meanwhile.
JUST_RUNG = timedelta(seconds=1)
_WAITING = PreparedQuery(
    lambda after, before: Entry.objects.filter(created_at__gte=after, created_at__lt=before),
    after=datetime,
    before=datetime,
)


def publish(topic: Topic, subject_id: Any) -> None:
    publish_all(topic, [subject_id])


def publish_all(topic: Topic, subject_ids: Iterable[Any]) -> None:
    """Must run inside the transaction of the change itself: an entry without its change, or the reverse, is a bug."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("publish() outside a transaction would lose the change or the entry.")
    since = timezone.now()
    about = {"topic": topic, "correlation_id": current_correlation_id(), "created_at": since}
    rows = [{"id": uuid4(), "subject_id": str(subject_id), **about} for subject_id in subject_ids]
    if len(rows) == 1:
        insert_values(Entry, rows[0])  # as most are
    else:
        insert_rows(Entry, rows)
    if rows:
        tenant_id = current_tenant_id()
        transaction.on_commit(lambda: _ring_unless_rung(tenant_id, since))


def _ring_unless_rung(tenant_id: UUID, since: datetime) -> None:
    """Whoever serves an entry that is a little older looks once more afterwards, and finds this one: a ring for each of a thousand
    changes would keep the workers from the work.
    """
    try:
        with in_tenant(tenant_id):
            rung = _WAITING.exists(after=since - JUST_RUNG, before=since)
    except DatabaseError:  # it is committed all the same
        rung = False
    if not rung:
        ring(str(tenant_id))
