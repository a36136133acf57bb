"""What differs among the next people or groups of one integration: the worker's own reading and planner, and nothing sent."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from apps.applications.models import Assignment
from apps.directory.models import Membership
from apps.provisioning import directory_now, jobs, remote_state, removals
from apps.provisioning import plan as planning
from apps.provisioning.jobs import Owed
from apps.provisioning.models import (
    Integration,
    Job,
    JobState,
    Priority,
    RemoteGroup,
    RemoteUser,
    ResourceKind,
)

CHUNK = {ResourceKind.USER: 500, ResourceKind.GROUP: 10}  # a group is as large as its members are many
WAITING = {JobState.PENDING, JobState.RUNNING, JobState.PARKED, JobState.HELD}
REMOVALS = planning.Deactivate | planning.Delete
PRIORITIES = {
    planning.Create: Priority.CREATE,
    planning.Update: Priority.UPDATE,
    planning.Reactivate: Priority.REACTIVATE,
    planning.Deactivate: Priority.DEACTIVATE,
    planning.Delete: Priority.DEACTIVATE,
}


@dataclass(frozen=True, slots=True)
class Found:
    """What one chunk came to. `last` is None after the last of its kind; `waiting` differ, and wait for something already."""

    last: uuid.UUID | None
    compared: int
    waiting: int
    owed: list[Owed]


def differences(integration: Integration, kind: ResourceKind, after: uuid.UUID | None) -> Found:
    """Of the chunk after this id, in the order of the ids."""
    compare = _compare_users if kind == ResourceKind.USER else _compare_groups
    return compare(integration, after)


def _compare_users(integration: Integration, after: uuid.UUID | None) -> Found:
    ids, last = _page(
        ResourceKind.USER,
        after,
        RemoteUser.objects.filter(integration=integration).order_by("user_id"),
        # Everybody in a bound group: who of them should have an account is for directory_now to say.
        Membership.objects.filter(group__applications=integration.application_id).order_by("user_id"),
        "user_id",
    )
    states = list(directory_now.users_now(integration, ids))
    remote_state.take_charge(integration, states)
    rules, now = directory_now.user_rules(integration), timezone.now()
    differing: dict[uuid.UUID, tuple[planning.UserPlan, str]] = {}
    for state in states:
        plan = planning.plan_user(state.wanted, state.account, rules, now, until=state.until)
        if not isinstance(plan, planning.Nothing):
            differing[state.user_id] = plan, state.name
    removed = [user_id for user_id, (plan, _) in differing.items() if isinstance(plan, REMOVALS)]
    waiting = _waiting(integration, ResourceKind.USER, differing, removals.reasons(removed))
    owed = [
        Owed(
            integration.pk,
            ResourceKind.USER,
            user_id,
            PRIORITIES[type(plan)],
            name,
            isinstance(plan, REMOVALS),
        )
        for user_id, (plan, name) in differing.items()
        if user_id not in waiting
    ]
    return Found(last, len(ids), len(waiting), owed)


def _compare_groups(integration: Integration, after: uuid.UUID | None) -> Found:
    ids, last = _page(
        ResourceKind.GROUP,
        after,
        RemoteGroup.objects.filter(integration=integration).order_by("group_id"),
        Assignment.objects.filter(application=integration.application).order_by("group_id"),
        "group_id",
    )
    rules = directory_now.group_rules(integration)
    differing: dict[uuid.UUID, str] = {}
    reasons: dict[uuid.UUID, str] = {}
    for state in directory_now.groups_now(integration, ids):
        plan = planning.plan_group(state.wanted, state.remote, rules, exists=state.exists)
        if not isinstance(plan, planning.Nothing):
            differing[state.group_id] = state.name
            reasons[state.group_id] = removals.fingerprint(state.wanted)
    waiting = _waiting(integration, ResourceKind.GROUP, differing, reasons)
    priority = jobs.group_priority(integration)
    owed = [
        Owed(integration.pk, ResourceKind.GROUP, group_id, priority, name)
        for group_id, name in differing.items()
        if group_id not in waiting
    ]
    return Found(last, len(ids), len(waiting), owed)


def _page(
    kind: ResourceKind, after: uuid.UUID | None, known: Any, wanted: Any, column: str
) -> tuple[list[uuid.UUID], uuid.UUID | None]:
    """The next ids of both together, and where the page after them begins: None after the last."""
    ids: set[uuid.UUID] = set()
    for rows in (known, wanted):
        rest = rows.filter(**{f"{column}__gt": after}) if after else rows
        ids |= set(rest.values_list(column, flat=True).distinct()[: CHUNK[kind]])
    page = sorted(ids)[: CHUNK[kind]]
    return page, page[-1] if len(page) == CHUNK[kind] else None


def _waiting(
    integration: Integration, kind: ResourceKind, ids: Collection[uuid.UUID], reasons: dict[uuid.UUID, str]
) -> set[uuid.UUID]:
    """Those of `ids` that wait already; who is kept by a decision, only as long as its reason is the same."""
    rows = Job.objects.filter(integration=integration, kind=kind, resource_id__in=list(ids))
    return {
        resource_id
        for resource_id, state, because in rows.values_list("resource_id", "state", "kept_because")
        if state in WAITING or (state == JobState.KEPT and because == reasons.get(resource_id))
    }
