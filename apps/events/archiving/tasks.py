from uuid import UUID

from celery import shared_task

from apps.events.archiving import housekeeping, work
from apps.tenants.tasks import TenantTask


@shared_task
def archive_all() -> None:
    """Beat, every hour."""
    for tenant_id in work.tenants_that_archive():
        archive_tenant.delay(tenant_id)


@shared_task(base=TenantTask)
def archive_tenant(tenant_id: str) -> None:
    """Whatever kills this process, the next one goes on. Nothing while another one is at it."""
    with housekeeping.alone(UUID(tenant_id)) as mine:
        if not mine:
            return
        housekeeping.remove_unfinished(UUID(tenant_id))
        while work.archive_one():
            continue
