"""Writing to the outbox: a row in the caller's transaction, and a ring after commit that may be lost."""

from collections.abc import Iterable
from typing import Any

import structlog
from django.db import transaction
from kombu.exceptions import OperationalError

from apps.outbox.models import Entry, Topic
from apps.outbox.tasks import relay
from apps.tenants.context import current_tenant_id

log = structlog.get_logger(__name__)


def publish(topic: Topic, subject_id: Any) -> None:
    publish_all(topic, [subject_id])


def publish_all(topic: Topic, subject_ids: Iterable[Any]) -> None:
    """Must run inside the transaction of the change itself: an entry without its change, or the reverse, is a bug."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("publish() outside a transaction would lose the change or the entry.")
    entries = Entry.objects.bulk_create(
        [Entry(topic=topic, subject_id=str(subject_id)) for subject_id in subject_ids]
    )
    if entries:
        tenant_id = str(current_tenant_id())
        transaction.on_commit(lambda: ring(tenant_id))


def ring(tenant_id: str) -> None:
    """A hint. With the broker away the sweeper finds the entries within its five seconds."""
    try:
        relay.delay(tenant_id)
    except (OperationalError, OSError) as error:
        log.warning("ring_lost", tenant_id=tenant_id, error=type(error).__name__)
