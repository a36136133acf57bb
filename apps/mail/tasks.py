"""The doorbell of the post: a tenant's id and one call."""

import structlog
from celery import shared_task
from django.db import transaction
from kombu.exceptions import OperationalError

from apps.mail import delivery
from apps.tenants.context import current_tenant_id
from apps.tenants.tasks import TenantTask

log = structlog.get_logger(__name__)


@shared_task(base=TenantTask, expires=60)
def deliver(tenant_id: str) -> None:
    """Safe to run twice: each letter is leased."""
    if delivery.deliver() == delivery.BATCH:
        ring(tenant_id)  # to the end of the queue: no tenant's pile keeps another's waiting


def ring(tenant_id: str) -> None:
    """A hint. With the broker away the sweeper finds the letters within its five seconds."""
    try:
        deliver.delay(tenant_id)
    except (OperationalError, OSError) as error:
        log.warning("ring_lost", tenant_id=tenant_id, error=type(error).__name__)


def ring_on_commit() -> None:
    tenant_id = str(current_tenant_id())
    transaction.on_commit(lambda: ring(tenant_id))


def ring_for_due_letters() -> None:
    """The sweeper's: repairs a lost ring, a dead worker, a mail server that was away."""
    for tenant_id in delivery.tenants_with_due_letters():
        ring(tenant_id)
