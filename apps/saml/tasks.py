from celery import shared_task
from django.utils import timezone

from apps.saml import expiry
from apps.tenants.tasks import TenantTask


@shared_task
def warn_of_expiry_everywhere() -> None:
    """Beat, every ten minutes."""
    for tenant_id in expiry.tenants_to_warn():
        warn_of_expiry.delay(tenant_id)


@shared_task(base=TenantTask)
def warn_of_expiry(tenant_id: str) -> None:
    """Safe to run twice: what was told is not told again."""
    expiry.warn(timezone.now())
