"""What an administrator decides about removals that the guard holds: change and event in one transaction."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from apps.events.actions import authored, record_all, unauthored
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.provisioning import directory_now, removals, tasks
from apps.provisioning.errors import Outdated
from apps.provisioning.integration_events import record_integration
from apps.provisioning.models import Integration, Job, JobState, ResourceKind

CHUNK = 500
_KEPT = {
    ResourceKind.USER: EventType.USER_KEEP_PROVISION,
    ResourceKind.GROUP: EventType.GROUP_KEEP_PROVISION,
}


@transaction.atomic
def approve_removals(integration: Integration, *, actor: Actor, held: int | None = None) -> int:
    """Lets the held removals go; returns how many there were. Raises Outdated where they are more than the `held` that were
    looked at.
    """
    rows = _held(integration, held)
    count: int = rows.update(state=JobState.PENDING, approved=True, next_at=timezone.now())
    _told_again(integration)
    _conclude(integration, actor, removals_approved=count)
    return count


@transaction.atomic
def reject_removals(integration: Integration, *, actor: Actor, held: int | None = None) -> int:
    """The accounts stay as they are; returns how many. Each is decided about anew only when its own reason changes: the
    person gets access again and loses it, is suspended, or is removed. Raises Outdated.
    """
    jobs = list(_held(integration, held).select_for_update().order_by("id"))
    because = _because(integration, jobs)
    for job in jobs:
        job.state, job.next_at, job.kept_because = JobState.KEPT, None, because[job.pk]
    Job.objects.bulk_update(jobs, ["state", "next_at", "kept_because"], batch_size=CHUNK)
    _tell_kept(integration, jobs, actor)
    _told_again(integration)
    _conclude(integration, actor, removals_rejected=len(jobs))
    return len(jobs)


@transaction.atomic
def reopen_removal(job: Job, *, actor: Actor) -> Job:
    """Keeps an account no longer: it is compared like any other again."""
    job = Job.objects.select_for_update().select_related("integration__application").get(pk=job.pk)
    if job.state == JobState.KEPT:
        job.state, job.next_at, job.kept_because = JobState.PENDING, timezone.now(), ""
        job.save(update_fields=["state", "next_at", "kept_because"])
        _conclude(job.integration, actor, removal_reopened=str(job.id), name=job.resource_name)
    return job  # type: ignore[no-any-return]


def _held(integration: Integration, seen: int | None) -> Any:
    rows = Job.objects.filter(integration=integration, state=JobState.HELD)
    if seen is not None and rows.count() > seen:
        raise Outdated({"held": [_("Meanwhile more removals wait. Please look again.")]})
    return rows


def _told_again(integration: Integration) -> None:
    """The next ones are another question."""
    Integration.objects.filter(pk=integration.pk).update(held_told_at=None)


def _because(integration: Integration, jobs: list[Job]) -> dict[Any, str]:
    people = removals.reasons(job.resource_id for job in jobs if job.kind == ResourceKind.USER)
    groups = [job.resource_id for job in jobs if job.kind == ResourceKind.GROUP]
    teams = {
        state.group_id: removals.fingerprint(state.wanted)
        for state in directory_now.groups_now(integration, groups)
    }
    return {job.pk: (people | teams)[job.resource_id] for job in jobs}


def _tell_kept(integration: Integration, jobs: list[Job], actor: Actor) -> None:
    """A line for each, so that the timeline of a person says why they still have an account, and that of a group why it is as it was."""
    author = authored(actor, Target.of("application", integration.application))
    record_all([_kept(integration, job) for job in jobs], common=author)


def _kept(integration: Integration, job: Job) -> Any:
    event = _KEPT[ResourceKind(job.kind)]
    chain: dict[str, str | Promise] = {
        "response_code": "",
        "response_message": event.label,
        "message_details": "OK",
    }
    return unauthored(
        event,
        target=Target(str(job.kind), str(job.resource_id), job.resource_name),
        message_chain=chain,
        details={"idm_client_id": str(integration.id), "job": str(job.id)},
    )


def _conclude(integration: Integration, actor: Actor, **details: Any) -> None:
    if not any(details.values()):
        return
    record_integration(EventType.IDM_INTEGRATION_UPDATE, integration, actor=actor, details=details)
    tasks.ring_on_commit(integration.id)
