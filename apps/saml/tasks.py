from celery import shared_task
from django.utils import timezone

from apps.saml import expiry, metadata_refresh
from apps.saml.old_requests import (
    forget_pending_sign_ins,
    forget_sessions_and_sign_outs,
    tenants_with_old_requests,
)
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


@shared_task
def forget_requests_everywhere() -> None:
    """Beat, every ten minutes."""
    for tenant_id in tenants_with_old_requests():
        forget_requests.delay(tenant_id)


@shared_task(base=TenantTask)
def forget_requests(tenant_id: str) -> None:
    """Safe to run twice."""
    forget_pending_sign_ins()
    forget_sessions_and_sign_outs()


@shared_task
def refresh_metadata() -> None:
    """Beat, once a minute."""
    for tenant_id in metadata_refresh.due_tenant_ids():
        refresh_metadata_of.delay(tenant_id)


# What nobody took up for a minute is rung for again.
@shared_task(base=TenantTask, expires=60)
def refresh_metadata_of(tenant_id: str) -> None:
    """Safe to run twice: each source is leased to one."""
    metadata_refresh.remove_old_uploads()
    metadata_refresh.refresh_due()
