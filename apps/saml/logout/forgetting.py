"""Sessions at applications and sign-outs, a day after their end."""

import datetime as dt

from django.utils import timezone

from apps.saml.models import LogoutRun, SsoSession

MEMORY = dt.timedelta(days=1)  # longer than any logout message stays fresh
FORGOTTEN_AT_ONCE = 500  # rows: a sign-out pays for a few others', never for a year's


def forget_old() -> bool:
    """Of the tenant in context. Whether there may be more than was forgotten at once."""
    now, there_may_be_more = timezone.now(), False
    for stale in (
        LogoutRun.objects.filter(created_at__lt=now - MEMORY),
        SsoSession.objects.filter(ends_at__lt=now - MEMORY),
    ):
        pks = list(stale.values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE])
        if pks:
            stale.filter(pk__in=pks).delete()
        there_may_be_more |= len(pks) == FORGOTTEN_AT_ONCE
    return there_may_be_more
