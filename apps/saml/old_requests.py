"""Requests are kept for an hour: as long as somebody may look for their telephone, and longer than one could be sent again.

Sessions at applications and sign-outs are kept for a day after their end. Sign-outs forget some of them on their way; where nobody
signs out, the beat does.
"""

import datetime as dt

from django.utils import timezone

from apps.saml.logout.forgetting import MEMORY, forget_old
from apps.saml.models import LogoutRun, PendingSignIn, SsoSession
from apps.tenants.context import every_tenant

PENDING_LIFETIME = dt.timedelta(hours=1)


def tenants_with_old_requests() -> list[str]:
    """Across tenants, for the beat alone."""
    day_ago = timezone.now() - MEMORY
    old = (
        PendingSignIn.unscoped.filter(created_at__lt=_oldest()),
        LogoutRun.unscoped.filter(created_at__lt=day_ago),
        SsoSession.unscoped.filter(ends_at__lt=day_ago),
    )
    with every_tenant():
        return sorted(
            {
                str(tenant_id)
                for rows in old
                for tenant_id in rows.order_by().values_list("tenant_id", flat=True).distinct()
            }
        )


def forget_pending_sign_ins() -> None:
    """Answered or not. Of the tenant in context."""
    PendingSignIn.objects.filter(created_at__lt=_oldest()).delete()


def forget_sessions_and_sign_outs() -> None:
    """Of the tenant in context, in portions: no statement holds its locks for a year's rows."""
    while forget_old():
        pass


def _oldest() -> dt.datetime:
    return timezone.now() - PENDING_LIFETIME
