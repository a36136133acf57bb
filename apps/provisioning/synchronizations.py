"""How far a synchronisation is: which jobs it is about, when it ends, and what cancelling it drops. Inside a transaction where it writes."""

from dataclasses import dataclass
from typing import Any

from django.db.models import F
from django.utils import timezone

from apps.events.actors import Actor
from apps.provisioning.models import (
    Integration,
    Job,
    JobState,
    Priority,
    Synchronization,
    SynchronizationState,
)


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


def begin(integration: Integration, *, actor: Actor, cause: str, planned: dict[str, Any]) -> Synchronization:
    """The relay lines everybody up; call publish() beside it."""
    made: Synchronization = Synchronization.objects.create(
        integration=integration,
        cause=cause,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name[:255],
        planned=planned,
    )
    return made


def under_way(integration: Integration) -> Synchronization | None:
    found: Synchronization | None = Synchronization.objects.filter(
        integration=integration, state=SynchronizationState.RUNNING
    ).first()
    return found


def not_lined_up(integration: Integration) -> Synchronization | None:
    """Cancelled ones too: what they raise is dropped again at once."""
    rows = Synchronization.objects.filter(integration=integration, started_at=None)
    found: Synchronization | None = rows.order_by("-created_at").first()
    return found


def lined_up(synchronization: Synchronization) -> None:
    rows = Synchronization.objects.filter(integration=synchronization.integration, started_at=None)
    rows.update(started_at=timezone.now(), total=_jobs(synchronization).count())
    if synchronization.state == SynchronizationState.CANCELLED:
        drop(synchronization)
    elif not _jobs(synchronization).exists():
        close_if_finished(synchronization.integration)


def progress(synchronization: Synchronization) -> Progress:
    """Of one that has ended: as it ended."""
    if synchronization.state != SynchronizationState.RUNNING:
        ended = synchronization
        return Progress(ended.total, ended.left, ended.failed, ended.held)
    jobs = _jobs(synchronization)
    return Progress(
        synchronization.total,
        jobs.pending().count(),
        jobs.failing().count(),
        jobs.filter(state=JobState.HELD).count(),
    )


def close_if_finished(integration: Integration) -> None:
    """When nobody is left that was not tried: who failed goes on being tried, and is counted."""
    running = under_way(integration)
    if running is not None and running.started_at is not None and not _jobs(running).pending().exists():
        end(running, SynchronizationState.DONE)


def abandon(integration: Integration) -> None:
    """Identity Management was stopped: nothing is sent any more."""
    if (running := under_way(integration)) is not None:
        end(running, SynchronizationState.CANCELLED)


def end(synchronization: Synchronization, state: SynchronizationState) -> bool:
    """False when it had ended already."""
    now = progress(synchronization)
    rows = Synchronization.objects.filter(pk=synchronization.pk, state=SynchronizationState.RUNNING)
    counts = {"left": now.left, "failed": now.failed, "held": now.held}
    return bool(rows.update(state=state, ended_at=timezone.now(), **counts))


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
