"""What a conversation leaves behind: the job's state, what the application now holds, one attempt and its events, in one transaction."""

import uuid
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from apps.applications.models import Assignment
from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.provisioning import jobs, passwords, remote_state
from apps.provisioning.conversation import Done, Report
from apps.provisioning.errors import AdoptionRefused, TargetError
from apps.provisioning.models import (
    Attempt,
    Integration,
    Job,
    JobState,
    Outcome,
    ResourceKind,
)
from apps.provisioning.wire import Step

# The seeds name no event for reactivation: it is an update of an existing user.
EVENTS = {
    (ResourceKind.USER, "create"): EventType.USER_CREATE_PROVISION,
    (ResourceKind.USER, "link"): EventType.USER_CREATE_PROVISION,
    (ResourceKind.USER, "update"): EventType.USER_UPDATE_PROVISION,
    (ResourceKind.USER, "set_password"): EventType.USER_UPDATE_PROVISION,
    (ResourceKind.USER, "reactivate"): EventType.USER_UPDATE_PROVISION,
    (ResourceKind.USER, "deactivate"): EventType.USER_DEPROVISION,
    (ResourceKind.USER, "delete"): EventType.USER_DELETE_PROVISION,
    (ResourceKind.USER, "look_up"): EventType.USER_LOOKUP_PROVISION,
    (ResourceKind.GROUP, "create"): EventType.GROUP_CREATE_PROVISION,
    (ResourceKind.GROUP, "link"): EventType.GROUP_CREATE_PROVISION,
    (ResourceKind.GROUP, "rename"): EventType.GROUP_UPDATE_PROVISION,
    (ResourceKind.GROUP, "change_members"): EventType.GROUP_UPDATE_PROVISION,
    (ResourceKind.GROUP, "leave"): EventType.GROUP_UPDATE_PROVISION,
    (ResourceKind.GROUP, "look_up"): EventType.GROUP_UPDATE_PROVISION,
    (ResourceKind.GROUP, "delete"): EventType.GROUP_DELETE_PROVISION,
}
CHANGES_MEMBERSHIP = {"create", "link", "reactivate", "deactivate", "delete"}


def record_report(integration: Integration, job: Job, lease: uuid.UUID, report: Report) -> None:
    """Nothing at all where the lease was lost meanwhile: then somebody else has the job, and their word counts."""
    with transaction.atomic():
        fresh = any(done.operation in {"create", "link"} for done in report.done)
        others = remote_state.others_with(integration, job, report.known) if fresh else []
        if holder := next((other.name for other in others if other.is_here), None):
            report.error = AdoptionRefused(
                _("The account that was found there belongs to %(name)s.") % {"name": holder}
            )
            report.known, report.failed, report.done = None, report.failed or "look_up", []
        if not _end_lease(job, lease, report):
            return
        if others and report.known is not None:
            remote_state.forget_others(integration, job, report.known.remote_id)
        if report.done or (report.error is None and not report.deferred):
            remote_state.store(integration, job, report.known, linked=_linked(report))
        if report.done and job.kind == ResourceKind.USER:
            _raise_groups(integration, job, report.done)
        tried = report.steps and (report.done or report.password_refused or not report.deferred)
        _events(integration, job, report, _attempt(job, report) if tried else None)
        if report.password_ended is not None:
            passwords.destroy(report.password_ended)


def record_defect(job: Job, lease: uuid.UUID) -> None:
    """A mistake of our own, with its traceback in the server's log: this one job waits, the others go on."""
    words = _("Something went wrong here; the server's log says what.")
    jobs.put_back(job, lease, state=JobState.PARKED, attempts=F("attempts") + 1, last_error=words)


# --- the job


def _end_lease(job: Job, lease: uuid.UUID, report: Report) -> bool:
    error = report.error
    if error is None:
        if report.deferred or report.unfinished:
            settled: dict[str, Any] = {"read_back": False, "expected": None} if report.not_there else {}
            return jobs.put_back(job, lease, **settled)
        return bool(jobs.finish({job: report.look_again_at}, lease))
    told: dict[str, Any] = {"last_status": error.status, "last_error": error.detail[:1000]}
    if error.outcome == Outcome.PERMANENT:
        told |= {"attempts": F("attempts") + 1, "expected": None}  # refused, so not created
        return jobs.put_back(job, lease, state=JobState.PARKED, **told)
    if error.outcome == Outcome.AUTH:  # not this resource's fault: the integration waits, or is quarantined
        return jobs.put_back(job, lease, **told)
    told["attempts"] = F("attempts") + 1
    read_back = error.read_back or job.read_back
    after = jobs.settle() if error.read_back else jobs.backoff(job.attempts + 1)
    return jobs.put_back(job, lease, after=after, read_back=read_back, **told)


def _last(report: Report) -> str:
    return report.done[-1].operation if report.done else ""


def _linked(report: Report) -> bool:
    return any(done.operation == "link" for done in report.done)


def _raise_groups(integration: Integration, job: Job, done: list[Done]) -> None:
    """An account that has come or gone changes the members of the groups that name the person."""
    if not integration.groups_managed or not CHANGES_MEMBERSHIP & {each.operation for each in done}:
        return
    bound = Assignment.objects.filter(
        application=integration.application, group__memberships__user_id=job.resource_id
    )
    jobs.raise_jobs(
        jobs.Owed(integration.id, ResourceKind.GROUP, group_id, jobs.group_priority(integration), name)
        for group_id, name in bound.values_list("group_id", "group__name")
    )


# --- what people read


def _attempt(job: Job, report: Report) -> Attempt:
    step, error = report.steps[-1], report.error or report.password_refused
    return Attempt.objects.create(  # type: ignore[no-any-return]
        job=job,
        operation=("set_password" if report.password_refused else report.failed if error else "")
        or _last(report)
        or "read_back",
        outcome=error.outcome if error else Outcome.SUCCEEDED,
        method=step.method,
        path=step.path[:1000],
        status=step.status,
        seconds=step.seconds,
        request=step.request,
        answer=step.answer,
        steps=[each.as_json() for each in report.steps],
    )


def _events(integration: Integration, job: Job, report: Report, attempt: Attempt | None) -> None:
    """One for each thing done and one for a failure; the last of them is the attempt's outcome and names it."""
    done, error = list(report.done), report.error or report.password_refused
    if attempt and not done and error is None:  # read back, and all is as it should be
        done.append(Done("look_up", report.steps[-1]))
    for index, each in enumerate(done, start=1):
        is_outcome = index == len(done) and error is None
        chain = {
            "response_code": str(each.step.status or "") if each.step else "",
            "response_message": _words(job, each.operation),
            "message_details": "OK",
        }
        _event(integration, job, each.operation, attempt if is_outcome else None, message_chain=chain)
    if error is not None:
        operation = _operation_that_failed(report, error)
        chain = error.message_chain(_("Failed: %(what)s") % {"what": _words(job, operation)})
        told = {"error_message": error.detail, "message_chain": chain}
        _event(integration, job, operation, attempt, success=False, **told)


def _operation_that_failed(report: Report, error: TargetError) -> str:
    if report.password_refused is not None:
        return "set_password"
    return "look_up" if _failed_looking_up(error, report.steps) else report.failed or "look_up"


def _event(integration: Integration, job: Job, operation: str, attempt: Attempt | None, **more: Any) -> None:
    details = {"idm_client_id": str(integration.id), "job": str(job.id)}
    if attempt is not None:
        details["attempt"] = str(attempt.id)
    if operation == "link":
        details["linked"] = "true"
    record(
        EVENTS[ResourceKind(job.kind), operation],
        actor=Actor.system(),
        target=Target(job.kind, str(job.resource_id), job.resource_name),
        application=Target.of("application", integration.application),
        details=details,
        **more,
    )


def _failed_looking_up(error: TargetError, steps: list[Step]) -> bool:
    return isinstance(error, AdoptionRefused) or bool(steps and steps[-1].method == "GET")


def _words(job: Job, operation: str) -> str:
    what = ResourceKind(job.kind).label
    return {
        "create": _("%(what)s created"),
        "link": _("%(what)s linked to the one that is already there"),
        "update": _("%(what)s updated"),
        "deactivate": _("%(what)s deactivated"),
        "reactivate": _("%(what)s reactivated"),
        "delete": _("%(what)s deleted"),
        "rename": _("%(what)s renamed"),
        "change_members": _("%(what)s members changed"),
        "leave": _("%(what)s left as it is"),
        "look_up": _("%(what)s looked up"),
        "set_password": _("%(what)s password set"),
    }[operation] % {"what": what}
