"""Requests are kept for an hour: as long as somebody may look for their telephone, and longer than one could be sent again."""

import datetime as dt

from django.utils import timezone

from apps.saml.models import PendingSignIn
from apps.tenants.context import every_tenant

PENDING_LIFETIME = dt.timedelta(hours=1)


def tenants_with_old_requests() -> list[str]:
    """Across tenants, for the beat alone."""
    old = PendingSignIn.unscoped.filter(created_at__lt=_oldest()).order_by()
    with every_tenant():
        return [str(row) for row in old.values_list("tenant_id", flat=True).distinct()]


def forget_pending_sign_ins() -> None:
    """Answered or not. Of the tenant in context."""
    PendingSignIn.objects.filter(created_at__lt=_oldest()).delete()


def _oldest() -> dt.datetime:
    return timezone.now() - PENDING_LIFETIME
