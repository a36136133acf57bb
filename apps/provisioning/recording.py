"""What conversations leave behind: the jobs' states, what the application now holds, attempts and their events.

Many at once, in one transaction (docs/decisions/0023-results-in-groups.md): all of what one conversation has brought is written, or
nothing of it. What is not written yet when this process dies is a job whose lease runs out, hence read back.
"""

import uuid
from typing import Any

import structlog
from django.db import IntegrityError, OperationalError
from django.db.models import F
from django.utils.translation import gettext as _

from apps.applications.models import Assignment
from apps.events.actions import record_all
from apps.lib.retrying import backoff
from apps.lib.transactions import gave_way, retried
from apps.provisioning import jobs, passwords, remote_state
from apps.provisioning.claimed import Claimed
from apps.provisioning.conversation import Report
from apps.provisioning.errors import AdoptionRefused, TargetError
from apps.provisioning.models import Attempt, Integration, JobState, Outcome, ResourceKind
from apps.provisioning.telling import Telling
from apps.tenants.bulk import insert_rows

log = structlog.get_logger(__name__)

CHANGES_MEMBERSHIP = {"create", "link", "reactivate", "deactivate", "delete"}
Reports = dict[Claimed, Report]


def record_reports(integration: Integration, lease: uuid.UUID, reports: Reports) -> Reports:
    """Returns those that have to wait a moment, because somebody else has their rows in hand or because of one before them.

    Nothing at all is written where the lease was lost meanwhile: then somebody else has the job, and their word counts.
    """
    if not reports:
        return {}
    try:
        return _record(integration, lease, reports)
    except (IntegrityError, OperationalError) as error:
        if gave_way(error):
            return reports
        if len(reports) == 1:
            raise
        # Two transactions at odds, or one row that cannot be: each alone, so that it is the others' affair no more.
        log.warning("recorded_one_by_one", integration_id=str(integration.pk), error=type(error).__name__)
    return _record_one_by_one(integration, lease, reports)


def _record_one_by_one(integration: Integration, lease: uuid.UUID, reports: Reports) -> Reports:
    waiting: Reports = {}
    for job, report in reports.items():
        try:
            waiting |= _record(integration, lease, {job: report})
        except IntegrityError:  # nothing of it is on record: when its lease is over it is read back
            log.exception("not_recorded", job_id=str(job.id))
        except OperationalError as error:
            if not gave_way(error):
                raise
            waiting[job] = report
    return waiting


@retried
def _record(integration: Integration, lease: uuid.UUID, reports: Reports) -> Reports:
    held, locked = jobs.in_hand(reports, lease)
    waiting = {job: report for job, report in reports.items() if job.id in locked}
    ours = {job: report for job, report in reports.items() if job.id in held}
    newly_known = remote_state.NewlyKnown.of(integration, ours)
    for (
        job
    ) in newly_known.twice:  # on record first whoever came first: only then it shows whose the account is
        waiting[job] = ours.pop(job)
    for job, name in newly_known.taken.items():
        _refuse(ours[job], name)
    newly_known.forget_former()
    _end_leases(ours, lease)
    remote_state.store(
        integration,
        {job: report for job, report in ours.items() if report.done or not (report.error or report.deferred)},
    )
    _raise_groups(integration, ours)
    telling = Telling(integration)
    for job, report in ours.items():
        telling.tell(job, report)
    insert_rows(Attempt, telling.attempts)
    record_all(telling.events, common=telling.author)
    passwords.destroy(report.password_ended for report in ours.values() if report.password_ended is not None)
    return waiting


def _refuse(report: Report, holder: str) -> None:
    report.error = AdoptionRefused(
        _("The account that was found there belongs to %(name)s.") % {"name": holder}
    )
    report.known, report.failed, report.done = None, report.failed or "look_up", []


def record_defect(job: Claimed, lease: uuid.UUID) -> None:
    """A mistake of our own, with its traceback in the server's log: this one job waits, the others go on."""
    words = _("Something went wrong here; the server's log says what.")
    jobs.set_aside([job], lease, JobState.PARKED, attempts=F("attempts") + 1, last_error=words)


# --- the jobs


def _end_leases(reports: Reports, lease: uuid.UUID) -> None:
    done = {job: report for job, report in reports.items() if report.error is None}
    unfinished = {job for job, report in done.items() if report.deferred or report.unfinished}
    jobs.finish({job: report.look_again_at for job, report in done.items() if job not in unfinished}, lease)
    if not_there := [job for job in unfinished if done[job].not_there]:
        jobs.put_back(not_there, lease, read_back=False, expected=None)
    if again := [job for job in unfinished if not done[job].not_there]:
        jobs.put_back(again, lease)
    for job, report in reports.items():
        if report.error is not None:
            _end_failed(job, lease, report.error)


def _end_failed(job: Claimed, lease: uuid.UUID, error: TargetError) -> None:
    told: dict[str, Any] = {"last_status": error.status, "last_error": error.detail[:1000]}
    if error.outcome == Outcome.PERMANENT:
        told |= {"attempts": F("attempts") + 1, "expected": None}  # refused, so not created
        jobs.set_aside([job], lease, JobState.PARKED, **told)
    elif error.outcome == Outcome.AUTH:  # not this resource's fault: the integration waits, or is quarantined
        jobs.put_back([job], lease, **told)
    else:
        told |= {"attempts": F("attempts") + 1, "read_back": error.read_back or job.read_back}
        after = jobs.settle() if error.read_back else backoff(job.attempts + 1)
        jobs.put_back([job], lease, after=after, **told)


def _may_have_come_or_gone(job: Claimed, report: Report) -> bool:
    """Where an answer was lost, reading back is what shows it: then nothing is left to do about the account itself."""
    seen = job.read_back and report.error is None and not report.deferred
    return seen or bool(CHANGES_MEMBERSHIP & {each.operation for each in report.done})


def _raise_groups(integration: Integration, reports: Reports) -> None:
    """An account that has come or gone changes the members of the groups that name the person."""
    if not integration.groups_managed:
        return
    people = [
        job.resource_id
        for job, report in reports.items()
        if job.kind == ResourceKind.USER and _may_have_come_or_gone(job, report)
    ]
    if not people:
        return
    bound = Assignment.objects.filter(
        application=integration.application, group__memberships__user_id__in=people
    )
    priority = jobs.group_priority(integration)
    jobs.raise_jobs(
        jobs.Owed(integration.id, ResourceKind.GROUP, group_id, priority, name)
        for group_id, name in bound.values_list("group_id", "group__name").distinct()
    )
