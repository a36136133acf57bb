"""The doorbell of runs: a task is a run's id and one call."""

import uuid

import structlog
from celery import shared_task
from django.db import transaction
from kombu.exceptions import OperationalError

from apps.accounts.people_runs import work
from apps.accounts.people_runs.leases import RUNS
from apps.tenants.context import current_tenant_id
from apps.tenants.tasks import TenantTask

log = structlog.get_logger(__name__)


@shared_task(base=TenantTask, expires=60)
def work_on_people(tenant_id: str, run_id: str) -> None:
    """Safe to run twice: a run is leased."""
    if work.work(uuid.UUID(run_id)):
        ring(tenant_id, run_id)  # to the end of the queue: many people keep nobody waiting


def ring(tenant_id: str, run_id: str) -> None:
    """A hint. With the broker away the sweeper finds the due run within its five seconds."""
    try:
        work_on_people.delay(tenant_id, run_id)
    except (OperationalError, OSError) as error:
        log.warning("ring_lost", run_id=run_id, error=type(error).__name__)


def ring_on_commit(run_id: uuid.UUID) -> None:
    tenant_id = str(current_tenant_id())
    transaction.on_commit(lambda: ring(tenant_id, str(run_id)))


def ring_for_due_runs() -> None:
    """The sweeper's: repairs a lost ring or a dead worker."""
    for tenant_id, run_id in RUNS.due_everywhere():
        ring(tenant_id, run_id)
