"""
What is kept of deliveries for people to read, and for how long: those that are over, for ATTEMPT_DAYS and at most DELIVERIES_KEPT of each
endpoint; of each delivery the newest ATTEMPTS_KEPT attempts. The events themselves are in the log.
"""

import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count
from django.utils import timezone

from apps.tenants.context import every_tenant
from apps.webhooks.models import Delivery, DeliveryAttempt, DeliveryState, Replay, ReplayState, Webhook

CHUNK = 1000  # rows deleted in one statement
SLICE_SECONDS = 5.0
DELIVERIES_KEPT = 10_000


def tenants_with_old() -> list[str]:
    """Across tenants, for the beat alone: whoever has webhooks."""
    rows = Webhook.unscoped.order_by().values_list("tenant_id", flat=True).distinct()
    with every_tenant():
        return sorted(str(each) for each in rows)


def forget_deliveries() -> bool:
    """For a slice of time; True when there may be more."""
    ends = time.monotonic() + SLICE_SECONDS
    cutoff = timezone.now() - timedelta(days=settings.ATTEMPT_DAYS)
    Replay.objects.filter(created_at__lt=cutoff).exclude(state=ReplayState.RUNNING).delete()
    over = Delivery.objects.exclude(state=DeliveryState.PENDING).order_by()
    for webhook in Webhook.objects.all():
        own = over.filter(webhook=webhook)
        edge = own.order_by("-created_at").values_list("created_at", flat=True)[DELIVERIES_KEPT:].first()
        before = max(cutoff, edge) if edge else cutoff
        if not _delete(own.filter(created_at__lte=before), ends):
            return True
    return not _trim_attempts(ends)


def _trim_attempts(ends: float) -> bool:
    """Of endpoints that have been failing for long. True when it came to an end."""
    tried = DeliveryAttempt.objects.order_by().values("delivery").annotate(n=Count("pk"))
    for row in tried.filter(n__gt=settings.ATTEMPTS_KEPT)[:CHUNK]:
        own = DeliveryAttempt.objects.filter(delivery=row["delivery"])
        newest = list(own.values_list("pk", flat=True)[: settings.ATTEMPTS_KEPT])
        if not _delete(own.exclude(pk__in=newest), ends):
            return False
    return True


def _delete(rows: Any, ends: float) -> bool:
    """A thousand at a time. False when time was up before they were gone."""
    while ids := list(rows.order_by().values_list("pk", flat=True)[:CHUNK]):
        rows.model.objects.filter(pk__in=ids).delete()
        if time.monotonic() >= ends:
            return False
    return True
