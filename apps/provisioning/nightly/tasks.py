"""The doorbell of the nightly comparison: a task is an integration's id and one call."""

import uuid

import structlog
from celery import shared_task
from kombu.exceptions import OperationalError

from apps.provisioning.nightly import comparing, schedule
from apps.tenants.tasks import TenantTask

log = structlog.get_logger(__name__)


@shared_task
def compare_everywhere() -> None:
    """Beat, once a minute: also goes on with what a dead worker left behind."""
    for tenant_id, integration_id in schedule.due_everywhere():
        ring(tenant_id, integration_id)


@shared_task(base=TenantTask, expires=60)
def compare(tenant_id: str, integration_id: str) -> None:
    """Safe to run twice: a comparison is leased."""
    if comparing.work(uuid.UUID(integration_id)):
        ring(tenant_id, integration_id)  # to the end of the queue: a large integration keeps nobody waiting


def ring(tenant_id: str, integration_id: str) -> None:
    """A hint. With the broker away the beat finds it again within a minute."""
    try:
        compare.delay(tenant_id, integration_id)
    except (OperationalError, OSError) as error:
        log.warning("ring_lost", integration_id=integration_id, error=type(error).__name__)
