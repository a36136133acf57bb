"""Who has an import in hand: one worker at a time, and another when that one is dead."""

import uuid
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from apps.provisioning.models import Import, ImportState
from apps.tenants.context import every_tenant

LEASE = timedelta(seconds=60)  # longer than a request's 30 s; renewed with every page and chunk
UNDER_WAY = (ImportState.READING, ImportState.IMPORTING)


class LeaseLost(Exception):
    """Stopped, or taken for dead: what was about to be written is not."""


def _due(rows: Any) -> Any:
    now = timezone.now()
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    rested = Q(not_before=None) | Q(not_before__lte=now)
    return rows.filter(free, rested, state__in=UNDER_WAY)


def claim(run_id: uuid.UUID) -> Import | None:
    """With `lease_token` set; None when there is nothing to do or somebody else does it."""
    token = uuid.uuid4()
    until = timezone.now() + LEASE
    if not _due(Import.objects.filter(pk=run_id)).update(lease_token=token, lease_until=until):
        return None
    run: Import | None = (
        Import.objects.select_related("integration__application").filter(pk=run_id, lease_token=token).first()
    )
    return run


def keep(run: Import, **fields: Any) -> None:
    """Writes what came of a step, and goes on. Raises LeaseLost."""
    fields |= {"lease_until": timezone.now() + LEASE}
    if not Import.objects.filter(pk=run.pk, lease_token=run.lease_token, state=run.state).update(**fields):
        raise LeaseLost
    _mirror(run, fields)


def settle(run: Import, **fields: Any) -> None:
    """The same, and gives it back. Raises LeaseLost."""
    fields |= {"lease_token": None, "lease_until": None}
    if not Import.objects.filter(pk=run.pk, lease_token=run.lease_token, state=run.state).update(**fields):
        raise LeaseLost
    _mirror(run, fields)


def _mirror(run: Import, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        setattr(run, name, value)


def is_due(run: Import) -> bool:
    return bool(_due(Import.objects.filter(pk=run.pk)).exists())


def due_everywhere() -> list[tuple[str, str]]:
    """(tenant, import) across all tenants, for the sweeper alone."""
    with every_tenant():
        found = list(_due(Import.unscoped.all()).order_by().values_list("tenant_id", "id"))
    return [(str(tenant_id), str(run_id)) for tenant_id, run_id in found]
