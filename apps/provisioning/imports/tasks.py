"""The doorbell of imports: a task is an import's id and one call."""

import uuid

import structlog
from celery import shared_task
from django.db import transaction
from kombu.exceptions import OperationalError

from apps.provisioning.imports import work
from apps.provisioning.imports.leases import IMPORTS
from apps.tenants.context import current_tenant_id
from apps.tenants.tasks import TenantTask

log = structlog.get_logger(__name__)


@shared_task(base=TenantTask, expires=60)
def work_on_import(tenant_id: str, run_id: str) -> None:
    """Safe to run twice: an import is leased."""
    if work.work(uuid.UUID(run_id)):
        ring(tenant_id, run_id)  # to the end of the queue: a large import keeps nobody waiting


def ring(tenant_id: str, run_id: str) -> None:
    """A hint. With the broker away the sweeper finds the due import within its five seconds."""
    try:
        work_on_import.delay(tenant_id, run_id)
    except (OperationalError, OSError) as error:
        log.warning("ring_lost", import_id=run_id, error=type(error).__name__)


def ring_on_commit(run_id: uuid.UUID) -> None:
    tenant_id = str(current_tenant_id())
    transaction.on_commit(lambda: ring(tenant_id, str(run_id)))


def ring_for_due_imports() -> None:
    """The sweeper's: repairs a lost ring, a dead worker, a pause that is over."""
    for tenant_id, run_id in IMPORTS.due_everywhere():
        ring(tenant_id, run_id)
