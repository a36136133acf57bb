"""Who has a run in hand: one worker at a time, and another when that one is dead."""

import uuid
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from apps.accounts.models import PeopleRun, RunState
from apps.tenants.context import every_tenant

LEASE = timedelta(seconds=60)  # longer than a chunk takes; renewed with every one
UNDER_WAY = (RunState.CHECKING, RunState.WORKING)


class LeaseLost(Exception):
    """Stopped, or taken for dead: what was about to be written is not."""


def _due(rows: Any) -> Any:
    free = Q(lease_until=None) | Q(lease_until__lte=timezone.now())
    return rows.filter(free, state__in=UNDER_WAY)


def claim(run_id: uuid.UUID) -> PeopleRun | None:
    """With `lease_token` set; None when there is nothing to do or somebody else does it."""
    token = uuid.uuid4()
    until = timezone.now() + LEASE
    if not _due(PeopleRun.objects.filter(pk=run_id)).update(lease_token=token, lease_until=until):
        return None
    run: PeopleRun | None = (
        PeopleRun.objects.select_related("group").filter(pk=run_id, lease_token=token).first()
    )
    return run


def keep(run: PeopleRun, **fields: Any) -> None:
    """Writes what came of a chunk, inside its transaction, and goes on. Raises LeaseLost."""
    _write(run, fields | {"lease_until": timezone.now() + LEASE})


def settle(run: PeopleRun, **fields: Any) -> None:
    """The same, and gives it back. Raises LeaseLost."""
    _write(run, fields | {"lease_token": None, "lease_until": None})


def _write(run: PeopleRun, fields: dict[str, Any]) -> None:
    rows = PeopleRun.objects.filter(pk=run.pk, lease_token=run.lease_token, state=run.state)
    if not rows.update(**fields):
        raise LeaseLost
    for name, value in fields.items():
        setattr(run, name, value)


def is_due(run_id: uuid.UUID) -> bool:
    return bool(_due(PeopleRun.objects.filter(pk=run_id)).exists())


def due_everywhere() -> list[tuple[str, str]]:
    """(tenant, run) across all tenants, for the sweeper alone."""
    with every_tenant():
        found = list(_due(PeopleRun.unscoped.all()).order_by().values_list("tenant_id", "id"))
    return [(str(tenant_id), str(run_id)) for tenant_id, run_id in found]
