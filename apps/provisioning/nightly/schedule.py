"""When each integration is compared: once a night, at a minute of its own, so that no night begins with everybody at once."""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from apps.provisioning.models import Comparison, Integration, IntegrationState
from apps.tenants.context import every_tenant

NIGHT = timedelta(hours=4)  # over which the integrations are spread
MOST_RUNG = 50  # in one minute: after a long standstill everybody is due


def next_night(integration_id: uuid.UUID, after: datetime) -> datetime:
    """The integration's own moment in the first night that has not reached it yet. The hour is UTC (setting NIGHT_BEGINS)."""
    begins = after.replace(hour=settings.NIGHT_BEGINS, minute=0, second=0, microsecond=0) - timedelta(days=1)
    moment = begins + timedelta(seconds=integration_id.int % int(NIGHT.total_seconds()))
    while moment <= after:
        moment += timedelta(days=1)
    return moment


def due_everywhere() -> list[tuple[str, str]]:
    """(tenant, integration) across all tenants, for the beat alone: due, or not scheduled yet; the longest due first."""
    now = timezone.now()
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    active = Integration.unscoped.filter(state=IntegrationState.ACTIVE)
    new = active.filter(comparison=None).order_by()
    due = Comparison.unscoped.filter(free, next_at__lte=now, integration__in=active).order_by("next_at")
    with every_tenant():
        found = list(due.values_list("tenant_id", "integration_id")[:MOST_RUNG])
        found += new.values_list("tenant_id", "id")[: MOST_RUNG - len(found)]
    return [(str(tenant_id), str(integration_id)) for tenant_id, integration_id in found]
