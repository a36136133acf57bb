from celery import shared_task
from django.utils import timezone

from apps.scim import deletions, recording, token_expiry
from apps.tenants.tasks import TenantTask


@shared_task
def clean_up_everywhere() -> None:
    """Beat, every hour."""
    due = {
        *deletions.tenants_with_due_deletions(),
        *recording.tenants_with_old_requests(),
        *token_expiry.tenants_to_warn(),
    }
    for tenant_id in sorted(due):
        clean_up.delay(tenant_id)


@shared_task(base=TenantTask)
def clean_up(tenant_id: str) -> None:
    """Safe to run twice."""
    deletions.carry_out()
    recording.forget_old_requests()
    token_expiry.warn(timezone.now())
