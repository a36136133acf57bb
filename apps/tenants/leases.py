"""Long runs that one worker has in hand at a time, and another when that one is dead."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, TypeVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.tenants.context import every_tenant
from apps.tenants.models import TenantOwned

LEASE = timedelta(seconds=60)  # longer than a request's 30 s; renewed with every chunk
NO_LEASE: dict[str, Any] = {"lease_token": None, "lease_until": None}


class LeaseLost(Exception):
    """Stopped, begun anew, or taken for dead: what was about to be written is not."""


class Leased(TenantOwned):
    lease_token = models.UUIDField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta(TenantOwned.Meta):
        abstract = True


Row = TypeVar("Row", bound=Leased)


def _always() -> Q:
    return Q()


@dataclass(frozen=True, slots=True)
class Leases(Generic[Row]):
    """The runs of one model. `under_way` says which are a worker's business, `due` which of those now; `related` comes with a claim."""

    model: type[Row]
    under_way: Callable[[], Q]
    due: Callable[[], Q] = _always
    related: tuple[str, ...] = ()

    def claim(self, pk: uuid.UUID) -> Row | None:
        """With `lease_token` set; None when there is nothing to do or somebody else does it."""
        token = uuid.uuid4()
        rows = self._rows().filter(pk=pk)
        if not self._due(rows).update(lease_token=token, lease_until=timezone.now() + LEASE):
            return None
        found: Row | None = rows.select_related(*self.related).filter(lease_token=token).first()
        return found

    def keep(self, row: Row, **fields: Any) -> None:
        """Writes what came of a step, and goes on. Raises LeaseLost."""
        self._write(row, fields | {"lease_until": timezone.now() + LEASE})

    def settle(self, row: Row, **fields: Any) -> None:
        """The same, and gives it back. Raises LeaseLost."""
        self._write(row, fields | NO_LEASE)

    def is_due(self, pk: uuid.UUID) -> bool:
        return bool(self._due(self._rows().filter(pk=pk)).exists())

    def due_everywhere(self) -> list[tuple[str, str]]:
        """(tenant, run) across all tenants, for the sweeper alone."""
        with every_tenant():
            found = list(self._due(self.model.unscoped.all()).order_by().values_list("tenant_id", "id"))
        return [(str(tenant_id), str(pk)) for tenant_id, pk in found]

    def _rows(self) -> Any:
        return self.model.objects

    def _due(self, rows: Any) -> Any:
        free = Q(lease_until=None) | Q(lease_until__lte=timezone.now())
        return rows.filter(free, self.under_way(), self.due())

    def _write(self, row: Row, fields: dict[str, Any]) -> None:
        if not self._rows().filter(self.under_way(), pk=row.pk, lease_token=row.lease_token).update(**fields):
            raise LeaseLost
        for name, value in fields.items():  # an expression stays one, until the row is read again
            setattr(row, name, value)
