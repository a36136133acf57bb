"""The doorbell of "Password forgotten": a tenant's id and one call."""

import structlog
from celery import shared_task
from django.db import transaction
from kombu.exceptions import OperationalError

from apps.accounts import forgotten_answers
from apps.tenants.context import current_tenant_id
from apps.tenants.tasks import TenantTask

log = structlog.get_logger(__name__)


@shared_task(base=TenantTask, expires=60)
def answer_forgotten(tenant_id: str) -> None:
    """Safe to run twice: each request is claimed."""
    if forgotten_answers.answer_requests() == forgotten_answers.BATCH:
        ring(tenant_id)


def ring(tenant_id: str) -> None:
    """A hint. With the broker away the sweeper finds the requests within its five seconds."""
    try:
        answer_forgotten.delay(tenant_id)
    except (OperationalError, OSError) as error:
        log.warning("ring_lost", tenant_id=tenant_id, error=type(error).__name__)


def ring_on_commit() -> None:
    tenant_id = str(current_tenant_id())
    transaction.on_commit(lambda: ring(tenant_id))


def ring_for_open_requests() -> None:
    """The sweeper's."""
    for tenant_id in forgotten_answers.tenants_with_open_requests():
        ring(tenant_id)
