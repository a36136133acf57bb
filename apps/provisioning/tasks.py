"""The doorbell of the engine: a task is an integration's id and one call."""

import uuid

import structlog
from celery import shared_task
from django.db import transaction
from kombu.exceptions import OperationalError

from apps.provisioning import engine, jobs, retention
from apps.tenants.context import current_tenant_id, in_tenant
from apps.tenants.tasks import TenantTask

log = structlog.get_logger(__name__)


# A bell that nobody heard for a minute says nothing any more: the sweeper rings every five seconds.
@shared_task(base=TenantTask, expires=60)
def work(tenant_id: str, integration_id: str) -> None:
    """Safe to run twice: one worker has an integration at a time, and each job is leased."""
    if engine.work(uuid.UUID(integration_id)):
        ring(tenant_id, integration_id)  # to the end of the queue: no tenant's backlog starves another's


@shared_task
def forget_everywhere() -> None:
    """Beat, once an hour."""
    for tenant_id in retention.tenants_with_old():
        forget.delay(tenant_id)


@shared_task(base=TenantTask, expires=3600)
def forget(tenant_id: str, after: str | None = None) -> None:
    """Safe to run twice. `after` is a job's id: where the last slice of time ended."""
    if after is None:
        retention.forget_runs()
    if (last := retention.forget_attempts(uuid.UUID(after) if after else None)) is not None:
        forget.delay(tenant_id, str(last))


def ring(tenant_id: str, integration_id: str) -> None:
    """A hint. With the broker away the sweeper finds the due work within its five seconds."""
    try:
        work.delay(tenant_id, integration_id)
    except (OperationalError, OSError) as error:
        log.warning("ring_lost", integration_id=integration_id, error=type(error).__name__)


def ring_on_commit(integration_id: uuid.UUID) -> None:
    """Not while somebody has it in hand: they look for due work once more when they are done."""
    tenant_id = current_tenant_id()

    def ring_if_free() -> None:
        with in_tenant(tenant_id):
            free = jobs.is_free(integration_id)
        if free:
            ring(str(tenant_id), str(integration_id))

    transaction.on_commit(ring_if_free)
