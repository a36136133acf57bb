"""The queue of record: raising what is owed, claiming it with a lease, giving it back. Every function runs in the tenant in context."""

import random
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from apps.lib.transactions import retried
from apps.provisioning.models import Integration, IntegrationState, Job, JobState, Priority, ResourceKind
from apps.tenants.bulk import insert_all, new_ids, update_all
from apps.tenants.context import every_tenant

LEASE = timedelta(seconds=120)  # longer than a request's 30 s and the settle window together
LONGEST_BACKOFF = 1800.0  # seconds
CHUNK = 500  # ids in one statement
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
    first = [
        Job(
            id=job_id,
            integration_id=integration_id,
            kind=kind,
            resource_id=each,
            resource_name=name[:255],
            desired_version=1,
            priority=priority,
            next_at=now,
            removal_since=now if removes else None,
            synchronization_id=synchronization,
            sync_version=1 if synchronization else 0,
        )
        for job_id, (each, name) in zip(new_ids(), names.items(), strict=False)
    ]
    insert_all(first, unique=["integration", "kind", "resource_id"])
    made = Job.objects.filter(id__in=_ids(first)).values_list("resource_id", flat=True)
    if known := list(names.keys() - set(made)):
        _raise_known(
            Job.objects.filter(integration_id=integration_id, kind=kind, resource_id__in=known),
            priority,
            removes=removes,
            synchronization=synchronization,
        )


def _raise_known(rows: Any, priority: Priority, *, removes: bool, synchronization: uuid.UUID | None) -> None:
    """In one statement: each row is written once. While an outcome is unknown the resource stays off the wire, whatever changes."""
    now = timezone.now()
    under_way = Q(state=JobState.PENDING, read_back=True) | Q(state=JobState.RUNNING)
    changes: dict[str, Any] = {
        "desired_version": F("desired_version") + 1,
        "priority": priority,
        "removal_since": Coalesce(F("removal_since"), Value(now)) if removes else None,
    }
    for name, value in (("state", JobState.PENDING), ("next_at", now), ("attempts", 0)):
        changes[name] = Case(When(under_way, then=F(name)), default=Value(value))
    if synchronization is not None:
        changes |= {"synchronization": synchronization, "sync_version": _version_asked_for()}
    rows.update(**changes)


def _version_asked_for() -> Case:
    """Of jobs that are raised just now: 0 where they were owed before."""
    owed = Q(state__in=[JobState.PENDING, JobState.RUNNING, JobState.HELD], desired_version__gt=0)
    return Case(When(owed, then=Value(0)), default=F("desired_version") + 1)


def group_priority(integration: Integration) -> Priority:
    return Priority.GROUP_FIRST if integration.dialect.leaves_groups_first else Priority.GROUP


@retried
def claim(integration: Integration, limit: int, token: uuid.UUID) -> list[Job]:
    """Up to `limit` due jobs, most urgent first, leased to this caller alone; `claimed_version` is what will be done."""
    now = timezone.now()
    _wake(integration, now)
    due = Job.objects.filter(integration=integration, state=JobState.PENDING, next_at__lte=now)
    due = due.order_by("priority", "next_at")
    if connection.features.has_select_for_update_skip_locked:
        due = due.select_for_update(skip_locked=True)
    ids = list(due.values_list("id", flat=True)[:limit])
    # The condition is repeated: without SKIP LOCKED another claim may have been faster.
    Job.objects.filter(id__in=ids, state=JobState.PENDING).update(
        state=JobState.RUNNING,
        lease_token=token,
        lease_until=now + LEASE,
        claimed_version=F("desired_version"),
    )
    return list(_mine(token).filter(id__in=ids).order_by("priority", "next_at"))


def _wake(integration: Integration, now: datetime) -> None:
    """What a lost worker left behind (its last write may have arrived), and what time alone has made due."""
    rows = Job.objects.filter(integration=integration)
    rows.filter(state=JobState.RUNNING, lease_until__lte=now).update(
        state=JobState.PENDING, read_back=True, next_at=now, **NO_LEASE
    )
    rows.filter(state=JobState.DONE, next_at__lte=now).update(state=JobState.PENDING)


def _mine(token: uuid.UUID) -> Any:
    return Job.objects.filter(lease_token=token, state=JobState.RUNNING)


def name(told: Mapping[Job, str]) -> None:
    """People and groups are renamed; who is gone keeps the last name."""
    renamed = [job for job, text in told.items() if text and text[:255] != job.resource_name]
    for job in renamed:
        job.resource_name = told[job][:255]
    update_all(renamed, ["resource_name"])


def expect(creating: Mapping[Job, Mapping[str, str]]) -> None:
    """Before anything is sent: should this process die or the answer be lost, it is still known what to look for there."""
    for job, values in creating.items():
        job.expected = dict(values)
    update_all(list(creating), ["expected"])


def renew(token: uuid.UUID) -> None:
    _mine(token).update(lease_until=timezone.now() + LEASE)


def take_back() -> None:
    """For a process that is the only worker, when it starts: whoever had work in hand is dead, and it is due once it has settled."""
    Job.objects.filter(state=JobState.RUNNING).update(lease_until=timezone.now() + settle())
    Integration.objects.exclude(busy_until=None).update(busy_token=None, busy_until=None)


def finish(jobs: Mapping[Job, datetime | None], token: uuid.UUID) -> None:
    """In sync, each until the time beside it. Whatever was raised again meanwhile is pending once more."""
    if not jobs:
        return
    looks = [When(pk=job.pk, then=Value(moment)) for job, moment in jobs.items() if moment is not None]
    again = Q(desired_version__gt=F("claimed_version"))
    now = timezone.now()
    _mine(token).filter(id__in=_ids(jobs)).update(
        state=Case(When(again, then=Value(JobState.PENDING)), default=Value(JobState.DONE)),
        next_at=Case(When(again, then=Value(now)), *looks, default=Value(None)),
        done_version=F("claimed_version"),
        last_success_at=now,
        **NO_LEASE,
        **NO_FAILURE,
    )


def in_hand(jobs: Iterable[Job], token: uuid.UUID) -> tuple[set[uuid.UUID], set[uuid.UUID]]:
    """Those whose lease is still held, locked to the end of the transaction; and those whose row somebody else has locked now.

    Nobody is waited for: the relay may have locked some of them, and want others that are locked here.
    """
    rows, ids = _mine(token), _ids(jobs)
    locking = rows.filter(id__in=ids)
    if not connection.features.has_select_for_update_skip_locked:
        return set(locking.values_list("id", flat=True)), set()
    held = set(locking.select_for_update(skip_locked=True).values_list("id", flat=True))
    missing = [each for each in ids if each not in held]
    locked = set(rows.filter(id__in=missing).values_list("id", flat=True)) if missing else set()
    return held, locked


def put_back(
    jobs: Sequence[Job], token: uuid.UUID, *, after: timedelta = timedelta(0), **fields: Any
) -> None:
    """Not done: pending again after a while."""
    if not jobs:
        return
    fields |= {"next_at": timezone.now() + after, "state": JobState.PENDING}
    _mine(token).filter(id__in=_ids(jobs)).update(**NO_LEASE, **fields)


def set_aside(jobs: Sequence[Job], token: uuid.UUID, state: JobState, **fields: Any) -> None:
    """Parked, held or kept. Whatever was raised meanwhile is pending at once: the change may be what it waited for."""
    again = Q(desired_version__gt=F("claimed_version"))
    fields["next_at"] = Case(When(again, then=Value(timezone.now())), default=Value(None))
    fields["state"] = Case(When(again, then=Value(JobState.PENDING)), default=Value(state))
    _mine(token).filter(id__in=_ids(jobs)).update(**NO_LEASE, **fields)


def backoff(attempts: int) -> timedelta:
    """Full jitter over 2^n seconds, up to 30 minutes."""
    return timedelta(seconds=random.uniform(0.5, min(2.0**attempts, LONGEST_BACKOFF)))  # noqa: S311 - not a secret


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
    now = timezone.now()
    free = Q(not_before=None) | Q(not_before__lte=now)
    rows = Integration.objects.filter(free, pk=integration_id).exclude(busy_until__gt=now)
    return bool(rows.exists())


def integrations_due() -> list[tuple[str, str]]:
    """(tenant, integration) across all tenants, for the sweeper alone: with due work that nobody has in hand, or with a probe due."""
    now = timezone.now()
    free = Q(not_before=None) | Q(not_before__lte=now)
    working = Integration.unscoped.filter(free, state=IntegrationState.ACTIVE).exclude(busy_until__gt=now)
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


def _ids(jobs: Iterable[Job]) -> list[uuid.UUID]:
    return [job.id for job in jobs]
