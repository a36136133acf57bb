"""Who makes a plan: one worker at a time, and another when that one is dead."""

import uuid
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from apps.provisioning.models import PreparedPlan
from apps.tenants.context import every_tenant

LEASE = timedelta(seconds=60)  # renewed with every chunk
FREE: dict[str, Any] = {"lease_token": None, "lease_until": None}


class LeaseLost(Exception):
    """Asked for anew, cancelled, or taken for dead: what was about to be written is not."""


def _due(rows: Any) -> Any:
    return rows.filter(Q(lease_until=None) | Q(lease_until__lte=timezone.now()), ready_at=None)


def claim(plan_id: uuid.UUID) -> PreparedPlan | None:
    """None when it is made, gone, or somebody else is at it."""
    token = uuid.uuid4()
    rows = PreparedPlan.objects.filter(pk=plan_id)
    if not _due(rows).update(lease_token=token, lease_until=timezone.now() + LEASE):
        return None
    related = rows.select_related("integration__application", "synchronization")
    found: PreparedPlan | None = related.filter(lease_token=token).first()
    return found


def keep(plan: PreparedPlan, **fields: Any) -> None:
    """Writes how far it is, and goes on. Raises LeaseLost."""
    fields = {"lease_until": timezone.now() + LEASE} | fields
    mine = PreparedPlan.objects.filter(pk=plan.pk, lease_token=plan.lease_token, ready_at=None)
    if not mine.update(**fields):
        raise LeaseLost
    for name, value in fields.items():
        setattr(plan, name, value)


def give_back(plan: PreparedPlan, **fields: Any) -> None:
    keep(plan, **fields, **FREE)


def due_everywhere() -> list[tuple[str, str]]:
    """(tenant, plan) across all tenants, for the sweeper alone."""
    with every_tenant():
        found = list(_due(PreparedPlan.unscoped.all()).order_by().values_list("tenant_id", "id"))
    return [(str(tenant_id), str(plan_id)) for tenant_id, plan_id in found]
