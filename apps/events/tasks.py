from celery import shared_task

from apps.events import chain, checkpoints
from apps.tenants.models import Tenant
from apps.tenants.tasks import TenantTask


@shared_task
def seal_all() -> None:
    """Beat, every 10 s."""
    for tenant_id in chain.unsealed_tenant_ids():
        seal_tenant.delay(tenant_id)


@shared_task(base=TenantTask)
def seal_tenant(tenant_id: str) -> None:
    """Safe to run twice: what is sealed is not unsealed again."""
    while chain.seal(within=chain.LATE) == chain.BATCH:  # one batch a transaction
        continue
    _checkpoint_if_due()


@shared_task
def checkpoint_all() -> None:
    """Beat, every 10 minutes: also where nothing more has happened since the last sealing."""
    for tenant_id in Tenant.objects.filter(active=True).values_list("pk", flat=True):
        checkpoint_tenant.delay(str(tenant_id))


@shared_task(base=TenantTask)
def checkpoint_tenant(tenant_id: str) -> None:
    """And what was late for the ordinary sealing is sealed."""
    chain.seal_all_of_them()
    _checkpoint_if_due()


def _checkpoint_if_due() -> None:
    if checkpoints.is_due():
        chain.seal_all_of_them()  # nothing older may be sealed after it
        checkpoints.make_checkpoint()
