"""Long work as runs: acts on many people, synchronisations and imports out of applications, side by side. Each has a page of its own."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import CharField, Value
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import PeopleRun, RunState
from apps.provisioning.models import Import, ImportState, Synchronization, SynchronizationState

MOST = 1000  # the newest; what is older is found where it belongs
CHIPS = {
    RunState.DONE: "active",
    RunState.STOPPED: "inactive",
    SynchronizationState.DONE: "active",
    SynchronizationState.CANCELLED: "inactive",
    SynchronizationState.REFUSED: "failing",
    ImportState.READY: "new",
    ImportState.FAILED: "failing",
}


class Key(NamedTuple):
    kind: str
    pk: UUID
    begun_at: datetime


@dataclass(frozen=True, slots=True)
class Run:
    """A line of the list. `done` and `total` count people, groups or accounts; `total` None is not known yet."""

    what: str
    where: str  # the application's name, or ""
    chip: str
    state: str
    done: int
    total: int | None
    refused: int
    by: str
    begun_at: datetime
    address: str


def keys() -> list[Key]:
    """Newest first, in one query."""
    first, *others = [
        model.objects.order_by().values_list(Value(kind, CharField()), "pk", "created_at")
        for kind, (model, _made) in _KINDS.items()
    ]
    return [Key(*row) for row in first.union(*others, all=True).order_by("-created_at", "-pk")[:MOST]]


def runs(chosen: Sequence[Key]) -> list[Run]:
    """In that order; one query for each kind among them. What was removed meanwhile is left out."""
    made = {kind: _made_of(kind, chosen) for kind in _KINDS}
    return [made[key.kind][key.pk] for key in chosen if key.pk in made[key.kind]]


def _made_of(kind: str, chosen: Iterable[Key]) -> dict[UUID, Run]:
    model, make = _KINDS[kind]
    wanted = [key.pk for key in chosen if key.kind == kind]
    if not wanted:
        return {}
    rows = model.objects.filter(pk__in=wanted)
    if kind != "people":
        rows = rows.select_related("integration__application")
    return {row.pk: make(row) for row in rows}


def _of_people(run: PeopleRun) -> Run:
    return Run(
        what=str(run),
        where="",
        done=run.done + run.unchanged + run.refused,
        total=run.total,
        refused=run.refused,
        address=reverse("console:people_run", args=[run.pk]),
        **_common(run),
    )


def _of_synchronization(each: Synchronization) -> Run:
    total = None if each.is_open else each.total  # how far one is that is under way, its page counts
    return Run(
        what=_("Synchronisation"),
        where=str(each.integration.application),
        done=max(0, (total or 0) - each.left),
        total=total,
        refused=each.failed,
        address=reverse("console:application_identity", args=[each.integration.application_id]),
        **_common(each),
    )


def _of_import(each: Import) -> Run:
    choosing = each.state in {ImportState.READING, ImportState.READY, ImportState.FAILED}
    done, total = (each.read, each.expected) if choosing and not each.selected else (each.done, each.selected)
    return Run(
        what=_("Manual import"),
        where=str(each.integration.application),
        done=done,
        total=total,
        refused=each.refused,
        address=reverse("console:application_import", args=[each.integration.application_id, each.pk]),
        **_common(each),
    )


def _common(run: Any) -> dict[str, Any]:
    return {
        "chip": CHIPS.get(run.state, "pending"),
        "state": run.get_state_display(),
        "by": run.actor_name,
        "begun_at": run.created_at,
    }


_KINDS: dict[str, tuple[Any, Callable[[Any], Run]]] = {
    "people": (PeopleRun, _of_people),
    "synchronization": (Synchronization, _of_synchronization),
    "import": (Import, _of_import),
}
