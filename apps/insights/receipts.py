"""
What became of somebody's access after they were deactivated or deleted: a receipt for each time, made of the event log and of what is
still owed. Nothing is stored for it, so it cannot say anything else than they do. Reads only; everything in the tenant in context.
"""

import datetime as dt
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.directory.models import User
from apps.events.models import Event
from apps.events.search import Search
from apps.events.types import EventType
from apps.events.ways import Way
from apps.provisioning.models import Deprovisioning, IntegrationState, Job, JobState, RemoteUser, ResourceKind

BEGINS = (EventType.USER_SUSPENDED, EventType.USER_DELETE)
ANSWERS = (EventType.USER_DEPROVISION, EventType.USER_DELETE_PROVISION)
PROMISED = dt.timedelta(seconds=60)  # within which everything is done, or the receipt says what is not


class State(models.TextChoices):
    DONE = "done", gettext_lazy("Told")
    BEFORE = "before", gettext_lazy("Inactive before")
    KEPT = "kept", gettext_lazy("Left as it is")
    OUTSTANDING = "outstanding", gettext_lazy("Outstanding")
    REVOKED = "revoked", gettext_lazy("Not needed any more")


@dataclass(frozen=True, slots=True)
class Told:
    """What one application knows of it. `after` is how long it took; `job_id` leads to what was tried while it is owed."""

    application_id: str
    application: str
    state: State
    words: str
    at: dt.datetime | None = None
    after: dt.timedelta | None = None
    job_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """`sessions` is None for what happened before sessions were counted; `returned_at` is when the person was reactivated."""

    event: Event
    sessions: int | None
    told: list[Told]
    returned_at: dt.datetime | None

    @property
    def outstanding(self) -> list[Told]:
        return [each for each in self.told if each.state == State.OUTSTANDING]

    @property
    def took(self) -> dt.timedelta | None:
        """Until the last application was told; None while one is not, or where there was none."""
        if self.outstanding:
            return None
        return max((each.after for each in self.told if each.after is not None), default=None)

    @property
    def ended_at(self) -> dt.datetime | None:
        return max((each.at for each in self.told if each.at is not None), default=None)

    @property
    def in_time(self) -> bool:
        """Everything was done within PROMISED."""
        return not self.outstanding and (self.took is None or self.took <= PROMISED)


def offboardings() -> Any:
    """QuerySet of the events that begin a receipt, newest first: to get one of them by its id. Several are found by offboarded()."""
    return Event.objects.filter(type__in=BEGINS)


def offboarded(*, name: str = "", person: str = "", since: dt.datetime | None = None) -> Search:
    """The same by the indexes over types, or over the lines about one person, however long the log is.

    `name` is a part of what they were called then; `person` is an id.
    """
    return Search(
        types=[str(each) for each in BEGINS],
        targets=[("user", person)] if person else [],
        since=since,
        also=(models.Q(target_name__icontains=name),) if name else (),
    )


def receipt_for(user: User) -> Event | None:
    """The event that begins the latest receipt of somebody who is still here."""
    return next(iter(offboarded(person=str(user.pk)).filled(1).rows), None)


def receipts_of(events: Sequence[Event]) -> list[Receipt]:
    """Three queries, however many events."""
    people = {event.target_id for event in events}
    if not people:
        return []
    since = min(event.created_at for event in events)
    about_them = Way(models.Q(target_kind="user", target_id__in=people), "event_target").lines()
    follow = about_them.filter(type__in=(*ANSWERS, *BEGINS, EventType.USER_ACTIVATED), created_at__gte=since)
    after = _by_person(follow.order_by("created_at", "pk"), "target_id")
    accounts = _by_person(_accounts(people), "user_id")
    jobs = _by_person(_jobs(people), "resource_id")
    return [
        _receipt(
            event,
            after.get(event.target_id, []),
            accounts.get(event.target_id, []),
            jobs.get(event.target_id, []),
        )
        for event in events
    ]


def signed_on_to(event: Event, *, days: int = 90) -> list[str]:
    """Names of the applications that the person used in that time before: accounts may be there that nobody manages."""
    theirs = Way(models.Q(actor_id=event.target_id), "event_actor").lines()
    sign_ons = theirs.filter(
        type=EventType.SSO_AUTH,
        success=True,
        created_at__range=(event.created_at - dt.timedelta(days=days), event.created_at),
    )
    return sorted(set(sign_ons.order_by().values_list("application_name", flat=True)) - {""})


def _accounts(people: Iterable[str]) -> Any:
    rows = RemoteUser.objects.filter(user_id__in=list(people))
    return rows.select_related("integration__application").defer("integration__application__logo", "sent")


def _jobs(people: Iterable[str]) -> Any:
    rows = Job.objects.filter(kind=ResourceKind.USER, resource_id__in=list(people))
    return rows.select_related("integration__application").defer("integration__application__logo")


def _by_person(rows: Iterable[Any], field: str) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for row in rows:
        found.setdefault(str(getattr(row, field)), []).append(row)
    return found


def _receipt(event: Event, after: list[Event], accounts: list[RemoteUser], jobs: list[Job]) -> Receipt:
    """`after` may hold what came before the event, and what belongs to a later one."""
    later = [each for each in after if (each.created_at, each.pk.hex) > (event.created_at, event.pk.hex)]
    returned = next((each.created_at for each in later if each.type == EventType.USER_ACTIVATED), None)
    until_then = [each for each in later if returned is None or each.created_at < returned]
    answers = _by_person(
        (each for each in until_then if each.type in ANSWERS and each.success), "application_id"
    )
    told = [_answered(event, each) for each in answers.values()]
    owed = {job.integration_id: job for job in jobs}
    known = [each for each in accounts if each.created_at <= event.created_at]
    told += [
        _owed(event, account, owed.get(account.integration_id), returned)
        for account in known
        if str(account.integration.application_id) not in answers
    ]
    if returned is None:  # what is in doubt since then belongs to somebody who is here
        told += _in_doubt(jobs, {account.integration_id for account in accounts}, answers)
    told.sort(key=lambda each: (each.state != State.OUTSTANDING, each.application.casefold()))
    sessions = event.details.get("sessions_ended")
    return Receipt(event, sessions if isinstance(sessions, int) else None, told, returned)


def _answered(event: Event, answers: list[Event]) -> Told:
    """By the first: an account that is deleted weeks after it was deactivated was closed when it was deactivated."""
    first = answers[0]
    words = " · ".join(
        f"{each.get_type_display()} ({each.message_chain.get('response_code') or '—'})" for each in answers
    )
    took = first.created_at - event.created_at
    return Told(first.application_id, first.application_name, State.DONE, words, first.created_at, took)


def _in_doubt(jobs: list[Job], known: set[UUID], answers: Container[str]) -> Iterator[Told]:
    """The answer to a creation was lost, and then the person left: an account may be there."""
    for job in jobs:
        application = job.integration.application
        if job.expected and job.integration_id not in known and str(application.pk) not in answers:
            words = _(
                "Whether an account was created is not known yet: it is read back, and then deactivated."
            )
            yield Told(str(application.pk), str(application), State.OUTSTANDING, words, job_id=job.pk)


def _owed(event: Event, account: RemoteUser, job: Job | None, returned: dt.datetime | None) -> Told:
    integration = account.integration
    state, words = _standing(event, account, job)
    if returned is not None and state in {State.OUTSTANDING, State.DONE}:
        state, words = State.REVOKED, _("The person came back before it was told.")
    application = integration.application
    job_id = job.pk if job is not None and state == State.OUTSTANDING else None
    return Told(str(application.pk), str(application), state, words, job_id=job_id)


def _standing(event: Event, account: RemoteUser, job: Job | None) -> tuple[State, str]:
    """Of an account that no answer since tells about."""
    integration = account.integration
    if not account.managed:
        return State.KEPT, _("The account was only imported, and is left as it is.")
    if integration.deprovisioning == Deprovisioning.KEEP:
        return State.KEPT, _("Accounts stay as they are there: so it is set.")
    if not account.active:
        if account.deactivated_at is None or account.deactivated_at <= event.created_at:
            return State.BEFORE, _("The account was inactive already.")
        return State.DONE, _("The account is inactive there.")
    if job is not None and job.state == JobState.KEPT:
        return State.KEPT, _("An administrator decided to keep the account.")
    return State.OUTSTANDING, _why_outstanding(account, job)


def _why_outstanding(account: RemoteUser, job: Job | None) -> str:
    integration = account.integration
    if integration.state == IntegrationState.CONFIGURED:
        return _("Identity Management is not active: nothing is sent.")
    if job is not None and job.state == JobState.HELD:
        return _("Unusually many removals wait for an approval, this one among them.")
    if integration.state == IntegrationState.PAUSED:
        return _("Identity Management is paused by an administrator.")
    if integration.state == IntegrationState.QUARANTINED:
        return _("The application is left alone until it answers again: %(words)s") % {
            "words": integration.last_problem
        }
    if job is not None and job.last_error:
        return job.last_error
    return _("A worker comes by within seconds.")
