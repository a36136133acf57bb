"""How far a synchronisation is: which jobs it is about, when it ends, and what cancelling it drops. Inside a transaction where it writes."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q
from django.utils import timezone

from apps.events.actors import Actor
from apps.events.begun import begun_by
from apps.provisioning.models import (
    FAILING,
    PENDING,
    Integration,
    Job,
    JobState,
    PreparedPlan,
    Priority,
    Synchronization,
    SynchronizationState,
)

OPEN = (SynchronizationState.PLANNING, SynchronizationState.RUNNING)


@dataclass(frozen=True, slots=True)
class Progress:
    """People and groups. `total` is None until the relay has lined them up, `left` are still under way."""

    total: int | None
    left: int
    failed: int
    held: int

    @property
    def done(self) -> int:
        return max(0, (self.total or 0) - self.left)


def begin(
    integration: Integration,
    *,
    actor: Actor,
    cause: str,
    planned: dict[str, Any],
    state: SynchronizationState = SynchronizationState.RUNNING,
) -> Synchronization:
    """The relay lines everybody up; call publish() beside it, unless its plan has to be made first."""
    made: Synchronization = Synchronization.objects.create(
        integration=integration,
        cause=cause,
        state=state,
        planned=planned,
        **begun_by(actor),
    )
    return made


def go_on(synchronization: Synchronization, planned: dict[str, Any]) -> bool:
    """Its plan is made; call publish() beside it. False when it was cancelled meanwhile."""
    rows = Synchronization.objects.filter(pk=synchronization.pk, state=SynchronizationState.PLANNING)
    PreparedPlan.objects.filter(synchronization=synchronization).delete()
    return bool(rows.update(state=SynchronizationState.RUNNING, planned=planned))


def open_one(integration: Integration) -> Synchronization | None:
    """Under way, or about to be."""
    found: Synchronization | None = Synchronization.objects.filter(
        integration=integration, state__in=OPEN
    ).first()
    return found


def not_lined_up(integration: Integration) -> Synchronization | None:
    """Cancelled ones too: what they raise is dropped again at once."""
    rows = _not_lined_up(integration)
    found: Synchronization | None = rows.order_by("-created_at").first()
    return found


def _not_lined_up(integration: Integration) -> Any:
    rows = Synchronization.objects.filter(integration=integration, started_at=None)
    return rows.exclude(state=SynchronizationState.PLANNING)


def lined_up(synchronization: Synchronization, *, all_of_them: bool = True) -> None:
    """So far, or everybody: only then it can end."""
    if synchronization.state == SynchronizationState.CANCELLED:
        drop(synchronization)
    if not all_of_them:
        return
    rows = _not_lined_up(synchronization.integration).filter(created_at__lte=synchronization.created_at)
    rows.update(started_at=timezone.now(), total=_jobs(synchronization).count())
    if synchronization.state != SynchronizationState.CANCELLED and not _jobs(synchronization).exists():
        close_if_finished(synchronization.integration)


def progress(synchronization: Synchronization) -> Progress:
    """Of one that has ended: as it ended. Of one whose plan is being made: how far that is."""
    if synchronization.state == SynchronizationState.PLANNING:
        check = PreparedPlan.objects.filter(synchronization=synchronization).first()
        if check is None or check.total is None:
            return Progress(None, 0, 0, 0)
        return Progress(check.total, max(0, check.total - check.compared), 0, 0)
    if synchronization.state != SynchronizationState.RUNNING:
        ended = synchronization
        return Progress(ended.total, ended.left, ended.failed, ended.held)
    counted: dict[str, int] = (
        _jobs(synchronization)
        .order_by()
        .aggregate(
            left=Count("pk", filter=PENDING),
            failed=Count("pk", filter=FAILING),
            held=Count("pk", filter=Q(state=JobState.HELD)),
        )
    )
    return Progress(synchronization.total, **counted)


def close_if_finished(integration: Integration) -> None:
    """When nobody is left that was not tried: who failed goes on being tried, and is counted."""
    rows = Synchronization.objects.filter(integration=integration, state=SynchronizationState.RUNNING)
    running = rows.exclude(started_at=None).first()
    if running is not None and not _jobs(running).pending().exists():
        end(running, SynchronizationState.DONE)


def abandon(integration: Integration, *, but: Synchronization | None = None) -> None:
    """Identity Management was stopped: nothing is sent any more."""
    for each in Synchronization.objects.filter(integration=integration, state__in=OPEN):
        if each != but:
            end(each, SynchronizationState.CANCELLED)


def refuse(synchronization: Synchronization, problem: str) -> None:
    """Its plan is not the one that was looked at, or it may not begin any more."""
    Synchronization.objects.filter(pk=synchronization.pk).update(problem=problem[:1000])
    end(synchronization, SynchronizationState.REFUSED)


def end(synchronization: Synchronization, state: SynchronizationState) -> bool:
    """False when it had ended already."""
    now, moment = progress(synchronization), timezone.now()
    rows = Synchronization.objects.filter(pk=synchronization.pk)
    counts = {"left": now.left, "failed": now.failed, "held": now.held}
    if rows.filter(state=SynchronizationState.PLANNING).update(
        state=state, started_at=moment, ended_at=moment
    ):
        PreparedPlan.objects.filter(synchronization=synchronization).delete()
        return True  # nobody was lined up, and nobody will be
    running = rows.filter(state=SynchronizationState.RUNNING)
    return bool(running.update(state=state, ended_at=moment, **counts))


def drop(synchronization: Synchronization) -> int:
    """What this synchronisation alone asked for and nobody has begun. Whom a change of their own is owed, who loses access,
    and whose account may be half made goes on.
    """
    idle = _jobs(synchronization).filter(
        state=JobState.PENDING, attempts=0, read_back=False, desired_version=F("sync_version")
    )
    rows = idle.exclude(priority=Priority.DEACTIVATE).exclude(removal_since__isnull=False)
    return int(rows.update(state=JobState.DROPPED, next_at=None))


def _jobs(synchronization: Synchronization) -> Any:
    return Job.objects.filter(synchronization=synchronization)
