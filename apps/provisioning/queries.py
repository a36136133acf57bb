"""What pages and the API show of Identity Management. Reads only; everything in the tenant in context."""

import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Case, Count, IntegerField, Q, When
from django.db.models.functions import TruncHour

from apps.applications.models import Application
from apps.directory.models import User
from apps.provisioning import removals
from apps.provisioning.models import (
    FAILING,
    PENDING,
    Attempt,
    Comparison,
    Integration,
    IntegrationState,
    Job,
    JobState,
    Outcome,
    RemoteUser,
    ResourceKind,
)


@dataclass(frozen=True, slots=True)
class Health:
    """People of one integration: `accounts` are active there, `held` are removals that wait for approval, `kept` those an administrator decided against."""

    accounts: int
    in_sync: int
    pending: int
    failing: int
    held: int
    kept: int

    @property
    def total(self) -> int:
        return self.in_sync + self.pending + self.failing + self.held + self.kept


@dataclass(frozen=True, slots=True)
class Attention:
    """One row of "Needs attention". `next_at` is None for what waits for a change, a retry or an approval."""

    job: Job
    name: str
    state: str  # pending, running, parked, held or kept
    status: int | None
    words: str  # the application's own
    tries: int
    next_at: datetime | None


def health(integration: Integration) -> Health:
    jobs = Job.objects.filter(integration=integration).order_by()
    counted: dict[str, int] = jobs.aggregate(
        in_sync=Count("pk", filter=Q(state=JobState.DONE)),
        pending=Count("pk", filter=PENDING),
        failing=Count("pk", filter=FAILING),
        held=Count("pk", filter=Q(state=JobState.HELD)),
        kept=Count("pk", filter=Q(state=JobState.KEPT)),
    )
    return Health(RemoteUser.objects.filter(integration=integration, active=True).count(), **counted)


def needs_attention(integration: Integration, health: Health, *, limit: int = 50) -> list[Attention]:
    """Failing first, then held, then what is on its way, then kept; within each the soonest first. One query, and only for
    states that `health` has counted, as far down as `limit` reaches.
    """
    kinds = (
        (health.failing, FAILING),
        (health.held, Q(state=JobState.HELD)),
        (health.pending, PENDING),
        (health.kept, Q(state=JobState.KEPT)),
    )
    ranks: list[Q] = []
    reached = 0
    for number, kind in kinds:
        if number and reached < limit:
            ranks.append(kind)
            reached += number
    if not ranks:
        return []
    rank = Case(*(When(kind, then=place) for place, kind in enumerate(ranks)), output_field=IntegerField())
    jobs = Job.objects.filter(reduce(or_, ranks), integration=integration).alias(rank=rank)
    found = jobs.order_by("rank", "next_at", "resource_name")[:limit]
    return [_attention(job, integration) for job in found]


def _attention(job: Job, integration: Integration) -> Attention:
    next_at = job.next_at if job.state == JobState.PENDING else None
    if next_at and integration.not_before:
        next_at = max(next_at, integration.not_before)
    return Attention(job, str(job), job.state, job.last_status, job.last_error, job.attempts, next_at)


def account_of(job: Job) -> RemoteUser | None:
    """What the application is known to have of the person; None for a group, too."""
    accounts = RemoteUser.objects.filter(integration=job.integration_id, user_id=job.resource_id)
    found: RemoteUser | None = accounts.first()
    return found


def comparison_of(integration: Integration) -> Comparison | None:
    """The nightly one, under way or the last; None where nobody has said yet when."""
    found: Comparison | None = getattr(integration, "comparison", None)
    return found


def attempts_by_hour(integration: Integration, since: datetime) -> list[tuple[datetime, bool, int]]:
    """(hour in UTC, succeeded, how many)."""
    rows = Attempt.objects.filter(job__integration=integration, created_at__gte=since).order_by()
    hour = TruncHour("created_at", tzinfo=UTC)
    counted = rows.annotate(hour=hour).values_list("hour", "outcome").annotate(Count("pk"))
    return [(at, outcome == Outcome.SUCCEEDED, number) for at, outcome, number in counted]


def remote_users(integration: Integration) -> Any:
    """QuerySet, by name."""
    return integration.remote_users.order_by("name", "id")


def remote_groups(integration: Integration) -> Any:
    return integration.remote_groups.order_by("name", "id")


def jobs_of(integration: Integration) -> Any:
    """QuerySet, what needs somebody first; `job.tries` are its attempts, newest first."""
    return Job.objects.filter(integration=integration).order_by("state", "resource_name", "id")


@dataclass(frozen=True, slots=True)
class HeldRemovals:
    """`people` and `groups` are how many wait; `names` of the first of them; `reasons` say why, with how many each."""

    people: int
    groups: int
    names: list[str]
    reasons: dict[str, int]

    @property
    def total(self) -> int:
        return self.people + self.groups


def held_removals(integration: Integration, *, limit: int = 100) -> HeldRemovals:
    held = jobs_of(integration).filter(state=JobState.HELD)
    people = list(held.filter(kind=ResourceKind.USER).values_list("resource_id", flat=True))
    reasons = Counter(removals.reasons(people).values())
    groups = held.filter(kind=ResourceKind.GROUP).count()
    return HeldRemovals(len(people), groups, [str(job) for job in held[:limit]], dict(reasons))


@dataclass(frozen=True, slots=True)
class PersonState:
    """How one person stands with one application: the account there, and the job that keeps it."""

    integration: Integration
    account: RemoteUser | None
    job: Job | None


def states_of(user: User) -> list[PersonState]:
    """Every integration that knows the person or owes them something, by application."""
    accounts = {row.integration_id: row for row in RemoteUser.objects.filter(user_id=user.pk)}
    jobs = {
        row.integration_id: row for row in Job.objects.filter(kind=ResourceKind.USER, resource_id=user.pk)
    }
    integrations = Integration.objects.filter(pk__in=accounts.keys() | jobs.keys())
    return [
        PersonState(each, accounts.get(each.pk), jobs.get(each.pk))
        for each in integrations.select_related("application").order_by("application__display_label")
    ]


def being_set_up(user: User) -> set[uuid.UUID]:
    """Ids of applications that the person may start but whose account is not there yet: the launcher's "being set up"."""
    running = Integration.objects.exclude(state=IntegrationState.CONFIGURED)
    waiting = Application.objects.assigned_to(user).filter(integration__in=running)
    there = RemoteUser.objects.filter(user_id=user.pk, active=True).values("integration__application")
    return set(waiting.exclude(pk__in=there).values_list("pk", flat=True))
