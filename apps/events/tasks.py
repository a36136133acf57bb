from celery import shared_task

from apps.events import chain
from apps.tenants.tasks import TenantTask


@shared_task
def seal_all() -> None:
    """Beat, every 10 s."""
    for tenant_id in chain.unsealed_tenant_ids():
        seal_tenant.delay(tenant_id)


@shared_task(base=TenantTask)
def seal_tenant(tenant_id: str) -> None:
    """Safe to run twice: what is sealed is not unsealed again."""
    while chain.seal() == 1000:  # one batch a transaction
        continue
