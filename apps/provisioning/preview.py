"""What a synchronisation would do now: the worker's own planner over the worker's own reading of the directory, and nothing sent."""

import hashlib
import json
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.db.models import Q
from django.utils import timezone

from apps.applications.models import Assignment
from apps.provisioning import directory_now, documents, removals
from apps.provisioning import plan as planning
from apps.provisioning.models import Integration, Job, JobState, RemoteGroup, RemoteUser, ResourceKind


@dataclass(frozen=True, slots=True)
class Row:
    """`operation` is create, update, reactivate, deactivate, delete, rename, change_members, leave or conflict: a creation that was
    refused because an account is there that may be somebody else's, and that is tried again.

    "create" also stands for linking to an account that is there already: only asking the application could tell.
    `document` is what would be sent: a resource for create, a list of PATCH operations for a change, None for none.
    """

    kind: str
    resource_id: str
    name: str
    operation: str
    document: Any


@dataclass(frozen=True, slots=True)
class Preview:
    """`counts` has every operation of users and groups that occurs, "nothing", and "not_ours" for what we know and leave alone; `held`: the mass-removal guard would ask first."""

    rows: list[Row]
    user_counts: dict[str, int]
    group_counts: dict[str, int]
    held: bool

    @property
    def digest(self) -> str:
        """Stands for exactly these changes: what was looked at is what is done."""
        return digest_of(self.rows)

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        return {"users": self.user_counts, "groups": self.group_counts}

    @property
    def is_empty(self) -> bool:
        return not self.rows


CHUNK = 500
CONFLICT, NOT_OURS = "conflict", "not_ours"
IDLE = {planning.Nothing.operation, NOT_OURS}


def digest_of(rows: Iterable[Row], before: str = "") -> str:
    """Row after row: `before` is the digest of those that came first, so that a plan may be made in pieces."""
    for row in rows:
        told = [before, row.kind, row.resource_id, row.operation, row.document]
        before = hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()
    return before or hashlib.sha256().hexdigest()


def preview(integration: Integration) -> Preview:
    """Also of an integration that is not active yet: what Activate would begin with."""
    users = list(user_rows(integration, people(integration)))
    groups = list(group_rows(integration, groups_of(integration)))
    user_counts = Counter(row.operation for row in users)
    return Preview(
        rows=changes_among([*users, *groups]),
        user_counts=dict(user_counts),
        group_counts=dict(Counter(row.operation for row in groups)),
        held=would_be_held(integration, user_counts),
    )


def preview_of(integration: Integration, user_id: uuid.UUID) -> Row:
    """What would be done about one person now; "nothing" for whom it has nothing to do with."""
    return next(user_rows(integration, [user_id]))


def changes_among(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row.operation not in IDLE]


def would_be_held(integration: Integration, user_counts: Mapping[str, int]) -> bool:
    """The mass-removal guard would ask first."""
    removes = bool(user_counts.get("deactivate") or user_counts.get("delete"))
    return removes and removals.MassRemovalGuard(integration).holds_anything()


def user_rows(integration: Integration, ids: Sequence[uuid.UUID]) -> Iterator[Row]:
    """In the order of `ids`."""
    now, rules = timezone.now(), directory_now.user_rules(integration)
    kept = removals.kept_ids(integration)
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        refused, foreign = _refused(integration, chunk), _foreign(integration, chunk)
        for state in directory_now.users_now(integration, chunk):
            plan = planning.plan_user(state.wanted, state.account, rules, now, until=state.until)
            if state.user_id in kept and isinstance(plan, planning.Deactivate | planning.Delete):
                plan = planning.Nothing()
            operation: str = plan.operation
            if isinstance(plan, planning.Create) and state.user_id in refused:
                operation = CONFLICT
            elif state.wanted is None and state.user_id in foreign:
                operation = NOT_OURS
            sent = state.account.sent if state.account else {}
            yield Row(
                ResourceKind.USER,
                str(state.user_id),
                state.name,
                operation,
                _user_document(integration, plan, sent),
            )


def _refused(integration: Integration, ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """For whom an account is there that could not be taken for theirs: 409, or found and not adopted, which is no answer's status."""
    jobs = Job.objects.filter(
        integration=integration, kind=ResourceKind.USER, resource_id__in=ids, state=JobState.PARKED
    )
    taken = Q(last_status=HTTPStatus.CONFLICT) | Q(last_status=None)
    return set(jobs.filter(taken).values_list("resource_id", flat=True))


def _foreign(integration: Integration, ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Whose account was only imported."""
    rows = RemoteUser.objects.filter(integration=integration, user_id__in=ids, managed=False)
    return set(rows.values_list("user_id", flat=True))


def people(integration: Integration) -> list[uuid.UUID]:
    """Whom a plan is about, in its order."""
    known = RemoteUser.objects.filter(integration=integration).values_list("user_id", flat=True)
    return sorted({*known, *directory_now.entitled(integration).values_list("pk", flat=True)})


def _user_document(integration: Integration, plan: planning.UserPlan, sent: planning.Values) -> Any:
    dialect = integration.dialect
    match plan:
        case planning.Create():
            return documents.user_document(plan.values, dialect)
        case planning.Update():
            return documents.user_operations(plan.changes, sent, dialect)
        case planning.Reactivate():
            return documents.user_operations(plan.changes, sent, dialect, active=True)
        case planning.Deactivate():
            return documents.user_operations({}, sent, dialect, active=False)
    return None


def groups_of(integration: Integration) -> list[uuid.UUID]:
    """As people(), of groups; none where groups are left alone."""
    if not integration.groups_managed:
        return []
    known = RemoteGroup.objects.filter(integration=integration).values_list("group_id", flat=True)
    bound = Assignment.objects.filter(application=integration.application).values_list("group_id", flat=True)
    return sorted({*known, *bound})


def group_rows(integration: Integration, ids: Sequence[uuid.UUID]) -> Iterator[Row]:
    """In the order of `ids`."""
    rules = directory_now.group_rules(integration)
    for state in directory_now.groups_now(integration, ids):
        wanted = state.wanted
        if wanted is not None:
            wanted = planning.Team(wanted.name, wanted.members | _newcomers(integration, state.group_id))
        plan = planning.plan_group(wanted, state.remote, rules, exists=state.exists)
        document = _group_document(integration, plan, str(state.group_id))
        let_go = state.remote is not None and not state.remote.managed and isinstance(plan, planning.Nothing)
        operation = NOT_OURS if let_go and state.wanted is None else plan.operation
        yield Row(ResourceKind.GROUP, str(state.group_id), state.name, operation, document)


def _newcomers(integration: Integration, group_id: uuid.UUID) -> frozenset[str]:
    """Members whose accounts come first: the application has not given them an id yet."""
    there = RemoteUser.objects.filter(integration=integration, active=True).values("user_id")
    people = directory_now.entitled(integration).filter(memberships__group_id=group_id).exclude(pk__in=there)
    return frozenset(f"new: {username}" for username in people.values_list("username", flat=True))


def _group_document(integration: Integration, plan: planning.GroupPlan, group_id: str) -> Any:
    dialect = integration.dialect
    match plan:
        case planning.CreateGroup():
            return documents.group_document(plan.name, plan.members, dialect, external_id=group_id)
        case planning.Rename():
            return documents.rename_operations(plan.name, dialect)
        case planning.ChangeMembers():
            return documents.member_operations(plan.add, plan.remove, dialect)
    return None
