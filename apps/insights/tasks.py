from celery import shared_task
from django.utils import timezone

from apps.insights import digest
from apps.tenants.tasks import TenantTask


@shared_task
def write_digests() -> None:
    """Beat, every hour."""
    for tenant_id in digest.due_tenant_ids(timezone.now()):
        write_digest.delay(tenant_id)


# What nobody took up within the hour is rung for again.
@shared_task(base=TenantTask, expires=3600)
def write_digest(tenant_id: str) -> None:
    """Safe to run twice: the week is taken once."""
    digest.write(timezone.now())
