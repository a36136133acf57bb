"""The queue of record: raising what is owed, claiming it with a lease, giving it back. Every function runs in the tenant in context."""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from apps.lib.transactions import retried
from apps.outbox import turns
from apps.outbox.relay import correlation_of
from apps.provisioning.claimed import COLUMNS, Claimed
from apps.provisioning.models import Integration, IntegrationState, Job, JobState, Priority, ResourceKind
from apps.tenants.bulk import insert_rows, new_ids, update_rows
from apps.tenants.context import every_tenant
from apps.tenants.lookups import ById

LEASE = timedelta(seconds=120)  # longer than a request's 30 s and the settle window together
CHUNK = 500  # ids in one statement
Expected = Mapping[Claimed, Mapping[str, str]]  # what accounts are created with, by SCIM path
NO_LEASE: dict[str, Any] = {"lease_token": None, "lease_until": None}
MOST_HASTENED = 3  # times in a row without success: one that fails whatever the others do keeps its back-off
NO_FAILURE: dict[str, Any] = {
    "attempts": 0,
    "hastened": 0,
    "read_back": False,
    "expected": None,
    "approved": False,
    "removal_since": None,
    "kept_because": "",
    "last_status": None,
    "last_error": "",
}


# What becomes of a job that is there when it is raised. While an outcome is unknown the resource stays off the wire, whatever changes.
ONCE = ("integration", "kind", "resource_id")
_UNDER_WAY = "(old.state = 'pending' AND old.read_back) OR old.state = 'running'"
_OWED = "old.state IN ('pending', 'running', 'held') AND old.desired_version > 0"  # before, so not asked for by this one
RAISED = (
    ("desired_version", "old.desired_version + 1"),
    ("priority", "new.priority"),
    (
        "correlation_id",
        f"CASE WHEN new.correlation_id IS NULL AND {_OWED} THEN old.correlation_id ELSE new.correlation_id END",
    ),
    (
        "removal_since",
        "CASE WHEN new.removal_since IS NOT NULL THEN COALESCE(old.removal_since, new.removal_since) END",
    ),
    ("state", f"CASE WHEN {_UNDER_WAY} THEN old.state ELSE new.state END"),
    ("next_at", f"CASE WHEN {_UNDER_WAY} THEN old.next_at ELSE new.next_at END"),
    ("attempts", f"CASE WHEN {_UNDER_WAY} THEN old.attempts ELSE new.attempts END"),
)
# By this synchronisation a moment ago, and by nobody since: somebody who is lined up twice is still owed because of it alone.
_ASKED_FOR = "old.synchronization_id = new.synchronization_id AND old.sync_version = old.desired_version"
RAISED_FOR_ALL = (
    *RAISED,
    ("synchronization", "new.synchronization_id"),
    (
        "sync_version",
        f"CASE WHEN {_OWED} AND ({_ASKED_FOR}) IS NOT TRUE THEN 0 ELSE old.desired_version + 1 END",
    ),
)


@dataclass(frozen=True, slots=True)
class Owed:
    """One resource of one integration that has to be compared again."""

    integration_id: uuid.UUID
    kind: ResourceKind
    resource_id: uuid.UUID
    priority: Priority
    name: str = ""
    removes: bool = False  # an active account is about to lose its access


def raise_jobs(owed: Iterable[Owed], *, synchronization: uuid.UUID | None = None) -> set[uuid.UUID]:
    """Raises the desired version of each; returns the integrations that now have work. One row per resource, however often."""
    by_group: dict[tuple[uuid.UUID, ResourceKind, Priority, bool], dict[uuid.UUID, str]] = {}
    for one in owed:
        key = (one.integration_id, one.kind, one.priority, one.removes)
        by_group.setdefault(key, {})[one.resource_id] = one.name
    for (integration_id, kind, priority, removes), names in sorted(by_group.items(), key=_in_order):
        ids = sorted(names)
        for start in range(0, len(ids), CHUNK):
            chunk = {each: names[each] for each in ids[start : start + CHUNK]}
            _raise_chunk(
                integration_id, kind, priority, chunk, removes=removes, synchronization=synchronization
            )
    return {integration_id for integration_id, _, _, _ in by_group}


def _in_order(group: tuple[tuple[uuid.UUID, ResourceKind, Priority, bool], Any]) -> tuple[Any, ...]:
    """Everybody writes users before groups, as recording does: else two transactions could wait for each other."""
    integration_id, kind, priority, removes = group[0]
    return integration_id, kind == ResourceKind.GROUP, priority, removes


def _raise_chunk(
    integration_id: uuid.UUID,
    kind: ResourceKind,
    priority: Priority,
    names: dict[uuid.UUID, str],
    *,
    removes: bool,
    synchronization: uuid.UUID | None = None,
) -> None:
    now = timezone.now()
    common = {
        "integration_id": integration_id,
        "kind": kind,
        "desired_version": 1,
        "priority": priority,
        "next_at": now,
        "removal_since": now if removes else None,
        "synchronization_id": synchronization,
        "sync_version": 1 if synchronization else 0,
    }
    rows = [
        {
            "id": job_id,
            "resource_id": each,
            "resource_name": name[:255],
            "correlation_id": correlation_of(each),
        }
        for job_id, (each, name) in zip(new_ids(), names.items(), strict=False)
    ]
    insert_rows(Job, rows, common=common, unique=ONCE, update=RAISED_FOR_ALL if synchronization else RAISED)


def group_priority(integration: Integration) -> Priority:
    return Priority.GROUP_FIRST if integration.dialect.leaves_groups_first else Priority.GROUP


def nothing_expected(_claimed: Sequence[Claimed]) -> Expected:
    return {}


@retried
def claim(
    integration: Integration,
    limit: int,
    token: uuid.UUID,
    foresee: Callable[[Sequence[Claimed]], Expected] = nothing_expected,
) -> list[Claimed]:
    """Up to `limit` due jobs, most urgent first, leased to this caller alone; `claimed_version` is what will be done.

    `foresee` is asked, once they are ours, what accounts will be created with: that is written in the same statement, as by `expect`.
    """
    now = timezone.now()
    _wake(integration, now)
    due = Job.objects.filter(integration=integration, state=JobState.PENDING, next_at__lte=now)
    due = due.order_by("priority", "next_at")
    if connection.features.has_select_for_update_skip_locked:
        due = due.select_for_update(skip_locked=True)
    found = [Claimed(*row) for row in due.values_list(*COLUMNS)[:limit]]
    fields: dict[str, Any] = {"lease_token": token, "lease_until": now + LEASE}
    if expected := foresee(found):
        fields["expected"] = Coalesce(
            ById({job.id: dict(values) for job, values in expected.items()}), F("expected")
        )
    chosen = Job.objects.checked(state=JobState.PENDING).filter(id__among=[job.id for job in found])
    # Theirs to the end of the transaction: where there is no SKIP LOCKED, all that write wait for each other.
    chosen.update(state=JobState.RUNNING, claimed_version=F("desired_version"), **fields)
    return found


def _wake(integration: Integration, now: datetime) -> None:
    """What a lost worker left behind (its last write may have arrived), and what time alone has made due."""
    rows = Job.objects.filter(integration=integration)
    rows.filter(state=JobState.RUNNING, lease_until__lte=now).update(
        state=JobState.PENDING, read_back=True, next_at=now, **NO_LEASE
    )
    rows.filter(state=JobState.DONE, next_at__lte=now).update(state=JobState.PENDING)


def _mine(token: uuid.UUID) -> Any:
    return Job.objects.filter(lease_token=token, state=JobState.RUNNING)


def _mine_among(jobs: Iterable[Claimed], token: uuid.UUID) -> Any:
    rows = Job.objects.checked(lease_token=token, state=JobState.RUNNING)
    return rows.filter(id__among=[job.id for job in jobs])


def name(told: Mapping[Claimed, str]) -> None:
    """People and groups are renamed; who is gone keeps the last name."""
    renamed = [job for job, text in told.items() if text and text[:255] != job.resource_name]
    for job in renamed:
        job.resource_name = told[job][:255]
    update_rows(Job, [{"id": job.id, "resource_name": job.resource_name} for job in renamed])


def expect(creating: Expected) -> None:
    """Before anything is sent: should this process die or the answer be lost, it is still known what to look for there."""
    for job, values in creating.items():
        job.expected = dict(values)
    update_rows(Job, [{"id": job.id, "expected": job.expected} for job in creating])


def renew(token: uuid.UUID) -> None:
    _mine(token).update(lease_until=timezone.now() + LEASE)


def take_back() -> None:
    """For a process that is the only worker, when it starts: whoever had work in hand is dead, and it is due once it has settled."""
    Job.objects.filter(state=JobState.RUNNING).update(lease_until=timezone.now() + settle())
    Integration.objects.exclude(busy_until=None).update(busy_token=None, busy_until=None)


def finish(jobs: Mapping[Claimed, datetime | None], token: uuid.UUID) -> None:
    """In sync, each until the time beside it. Whatever was raised again meanwhile is pending once more."""
    if not jobs:
        return
    looks = [When(pk=job.id, then=Value(moment)) for job, moment in jobs.items() if moment is not None]
    again = Q(desired_version__gt=F("claimed_version"))
    now = timezone.now()
    _mine_among(jobs, token).update(
        state=Case(When(again, then=Value(JobState.PENDING)), default=Value(JobState.DONE)),
        next_at=Case(When(again, then=Value(now)), *looks, default=Value(None)),
        done_version=F("claimed_version"),
        last_success_at=now,
        **NO_LEASE,
        **NO_FAILURE,
    )


def in_hand(jobs: Iterable[Claimed], token: uuid.UUID) -> tuple[set[uuid.UUID], set[uuid.UUID]]:
    """Those whose lease is still held, locked to the end of the transaction; and those whose row somebody else has locked now.

    Nobody is waited for: the relay may have locked some of them, and want others that are locked here.
    """
    jobs = list(jobs)
    rows = _mine_among(jobs, token)
    if not connection.features.has_select_for_update_skip_locked:
        return set(rows.values_list("id", flat=True)), set()
    held = set(rows.select_for_update(skip_locked=True).values_list("id", flat=True))
    missing = [job for job in jobs if job.id not in held]
    locked = set(_mine_among(missing, token).values_list("id", flat=True)) if missing else set()
    return held, locked


def put_back(
    jobs: Sequence[Claimed], token: uuid.UUID, *, after: timedelta = timedelta(0), **fields: Any
) -> None:
    """Not done: pending again after a while."""
    if not jobs:
        return
    fields |= {"next_at": timezone.now() + after, "state": JobState.PENDING}
    _mine_among(jobs, token).update(**NO_LEASE, **fields)


def set_aside(jobs: Sequence[Claimed], token: uuid.UUID, state: JobState, **fields: Any) -> None:
    """Parked, held or kept. Whatever was raised meanwhile is pending at once: the change may be what it waited for."""
    again = Q(desired_version__gt=F("claimed_version"))
    fields["next_at"] = Case(When(again, then=Value(timezone.now())), default=Value(None))
    fields["state"] = Case(When(again, then=Value(JobState.PENDING)), default=Value(state))
    _mine_among(jobs, token).update(**NO_LEASE, **fields)


@retried
def hasten(integration: Integration, limit: int) -> int:
    """The application answers: up to `limit` of those that wait because it did not are due now, the soonest first.

    Not those whose fate is unknown, and none more than MOST_HASTENED times before it succeeds.
    """
    now = timezone.now()
    waiting = Job.objects.filter(integration=integration, state=JobState.PENDING, next_at__gt=now)
    waiting = waiting.filter(attempts__gt=0, read_back=False, hastened__lt=MOST_HASTENED)
    if connection.features.has_select_for_update_skip_locked:
        waiting = waiting.select_for_update(skip_locked=True)
    ids = list(waiting.order_by("next_at").values_list("id", flat=True)[:limit])
    if not ids:
        return 0
    return int(
        Job.objects.filter(id__in=ids, state=JobState.PENDING).update(next_at=now, hastened=F("hastened") + 1)
    )


def settle() -> timedelta:
    """How long a resource stays off the wire when the fate of a write is unknown: the application may apply it late."""
    return timedelta(seconds=settings.SETTLE_SECONDS)


def has_due(integration: Integration) -> bool:
    return bool(_due(Job.objects.filter(integration=integration)).exists())


def is_free(integration_id: uuid.UUID) -> bool:
    """Nobody has it in hand, and it did not ask for a pause."""
    rows = Integration.objects.filter(turns.unpaused(), pk=integration_id)
    return bool(rows.exclude(busy_until__gt=timezone.now()).exists())


def integrations_due() -> list[tuple[str, str]]:
    """(tenant, integration) across all tenants, for the sweeper alone: with due work that nobody has in hand, or with a probe due."""
    now = timezone.now()
    active = Integration.unscoped.filter(turns.unpaused(), state=IntegrationState.ACTIVE)
    working = active.exclude(busy_until__gt=now)
    with_work = _due(Job.unscoped.filter(integration__in=working)).order_by()
    to_probe = Integration.unscoped.filter(state=IntegrationState.QUARANTINED, not_before__lte=now)
    with every_tenant():
        found = {*with_work.values_list("tenant_id", "integration_id").distinct()}
        found |= {*to_probe.values_list("tenant_id", "id")}
    return sorted((str(tenant_id), str(integration_id)) for tenant_id, integration_id in found)


def _due(rows: Any) -> Any:
    now = timezone.now()
    waiting = Q(state__in=[JobState.PENDING, JobState.DONE], next_at__lte=now)
    return rows.filter(waiting | Q(state=JobState.RUNNING, lease_until__lte=now))
