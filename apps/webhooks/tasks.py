"""The doorbell of the endpoints: a task is a webhook's id and one call."""

import uuid

import structlog
from celery import shared_task
from django.db import transaction
from kombu.exceptions import OperationalError

from apps.tenants.context import current_tenant_id
from apps.tenants.tasks import TenantTask
from apps.webhooks import engine, queue, retention

log = structlog.get_logger(__name__)


@shared_task(base=TenantTask, expires=60)
def deliver(tenant_id: str, webhook_id: str) -> None:
    """Safe to run twice: one worker has an endpoint at a time."""
    if engine.work(uuid.UUID(webhook_id)):
        ring(tenant_id, webhook_id)  # to the end of the queue: no endpoint's backlog starves another's


@shared_task
def forget_everywhere() -> None:
    """Beat, once an hour."""
    for tenant_id in retention.tenants_with_old():
        forget.delay(tenant_id)


@shared_task(base=TenantTask, expires=3600)
def forget(tenant_id: str) -> None:
    """Safe to run twice."""
    if retention.forget_deliveries():
        forget.delay(tenant_id)


def ring(tenant_id: str, webhook_id: str) -> None:
    """A hint. With the broker away the sweeper finds the due work within its five seconds."""
    try:
        deliver.delay(tenant_id, webhook_id)
    except (OperationalError, OSError) as error:
        log.warning("ring_lost", webhook_id=webhook_id, error=type(error).__name__)


def ring_on_commit(webhook_id: uuid.UUID) -> None:
    tenant_id = str(current_tenant_id())
    transaction.on_commit(lambda: ring(tenant_id, str(webhook_id)))


def ring_for_due_webhooks() -> None:
    """The sweeper's: new events, back-offs that are over, probes, a dead worker's turn."""
    for tenant_id, webhook_id in queue.webhooks_due():
        ring(tenant_id, webhook_id)
