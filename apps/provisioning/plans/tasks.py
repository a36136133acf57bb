"""The doorbell of plans: a task is a plan's id and one call."""

import uuid

import structlog
from celery import shared_task
from django.db import transaction
from kombu.exceptions import OperationalError

from apps.provisioning.plans import work
from apps.provisioning.plans.leases import PLANS
from apps.tenants.context import current_tenant_id
from apps.tenants.tasks import TenantTask

log = structlog.get_logger(__name__)


@shared_task(base=TenantTask, expires=60)
def make_plan(tenant_id: str, plan_id: str) -> None:
    """Safe to run twice: a plan is leased."""
    if work.work(uuid.UUID(plan_id)):
        ring(tenant_id, plan_id)  # to the end of the queue: a large plan keeps nobody waiting


def ring(tenant_id: str, plan_id: str) -> None:
    """A hint. With the broker away the sweeper finds the plan within its five seconds."""
    try:
        make_plan.delay(tenant_id, plan_id)
    except (OperationalError, OSError) as error:
        log.warning("ring_lost", plan_id=plan_id, error=type(error).__name__)


def ring_on_commit(plan_id: uuid.UUID) -> None:
    tenant_id = str(current_tenant_id())
    transaction.on_commit(lambda: ring(tenant_id, str(plan_id)))


def ring_for_due_plans() -> None:
    """The sweeper's: repairs a lost ring and a dead worker."""
    for tenant_id, plan_id in PLANS.due_everywhere():
        ring(tenant_id, plan_id)
