"""What a synchronisation would do now: the worker's own planner over the worker's own reading of the directory, and nothing sent."""

import hashlib
import json
import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
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
    `job` has what was said at a conflict.
    """

    kind: str
    resource_id: str
    name: str
    operation: str
    document: Any
    job: Job | None = None


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


CHUNK = 1000  # people that are compared at a time: as many as a page waits for
Jobs = Mapping[uuid.UUID, Job]  # by person
CONFLICT, NOT_OURS = "conflict", "not_ours"
IDLE = {planning.Nothing.operation, NOT_OURS}


def digest_of(rows: Iterable[Row], before: str = "") -> str:
    """Row after row: `before` is the digest of those that came first, so that a plan may be made in pieces."""
    for row in rows:
        told = [before, row.kind, row.resource_id, row.operation, row.document]
        before = hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()
    return before or hashlib.sha256().hexdigest()


def preview(integration: Integration, ids: Sequence[uuid.UUID] | None = None) -> Preview:
    """Also of an integration that is not active yet: what Activate would begin with. `ids`: people(), of whoever has read them."""
    weighed = Weighed()
    known = directory_now.known_groups(integration)
    everybody = people(integration) if ids is None else ids
    users = list(user_rows(integration, everybody, weighed, bound=known.bound))
    among = sorted(known.remotes.keys() | known.bound.keys()) if integration.groups_managed else []
    conflicts = {uuid.UUID(row.resource_id) for row in users if row.operation == CONFLICT}
    groups = list(group_rows(integration, among, known, conflicts))
    user_counts = Counter(row.operation for row in users)
    return Preview(
        rows=changes_among([*users, *groups]),
        user_counts=dict(user_counts),
        group_counts=dict(Counter(row.operation for row in groups)),
        held=would_be_held(integration, user_counts, weighed),
    )


def preview_of(
    integration: Integration,
    user_id: uuid.UUID,
    jobs: Jobs | None = None,
    bound: Collection[uuid.UUID] | None = None,
) -> Row:
    """What would be done about one person now; "nothing" for whom it has nothing to do with.

    `jobs` and `bound`, the groups that are: of whoever has read them.
    """
    return next(user_rows(integration, [user_id], jobs=jobs, bound=bound))


def changes_among(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row.operation not in IDLE]


@dataclass
class Weighed:
    """As directory_now.removals_now, of those who were looked at: active accounts, and how many of them are of people without access."""

    removals: int = 0
    accounts: int = 0

    def add(self, state: directory_now.UserNow) -> None:
        if state.account is not None and state.account.active and not state.foreign:
            self.accounts += 1
            self.removals += state.wanted is None


def would_be_held(
    integration: Integration, user_counts: Mapping[str, int], weighed: Weighed | None = None
) -> bool:
    """The mass-removal guard would ask first. `weighed` is of everybody; without it they are counted."""
    removes = bool(user_counts.get("deactivate") or user_counts.get("delete"))
    known = (weighed.removals, weighed.accounts) if weighed is not None else None
    return removes and removals.MassRemovalGuard(integration, known).holds_anything()


def user_rows(
    integration: Integration,
    ids: Sequence[uuid.UUID],
    weighed: Weighed | None = None,
    jobs: Jobs | None = None,
    bound: Collection[uuid.UUID] | None = None,
) -> Iterator[Row]:
    """In the order of `ids`. Five queries for each CHUNK of them, one less with `jobs`, and with `bound`, the groups that are bound.

    `weighed` is told of everybody.
    """
    now, rules = timezone.now(), directory_now.user_rules(integration)
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        telling = _telling_jobs(integration, chunk) if jobs is None else jobs
        for state in directory_now.users_now(integration, chunk, bound):
            if weighed is not None:
                weighed.add(state)
            job = telling.get(state.user_id)
            plan = planning.plan_user(state.wanted, state.account, rules, now, until=state.until)
            if isinstance(plan, planning.Deactivate | planning.Delete) and removals.is_kept(job, state, now):
                plan = planning.Nothing()
            operation: str = plan.operation
            if isinstance(plan, planning.Create) and job is not None and _is_taken(job):
                operation = CONFLICT
            elif state.wanted is None and state.foreign:
                operation = NOT_OURS
            sent = state.account.sent if state.account else {}
            yield Row(
                ResourceKind.USER,
                str(state.user_id),
                state.name,
                operation,
                _user_document(integration, plan, sent),
                job if operation == CONFLICT else None,
            )


def _telling_jobs(integration: Integration, ids: Sequence[uuid.UUID]) -> Jobs:
    """By person, those that change what would be done: the account is kept, or a creation was refused."""
    jobs = Job.objects.checked(integration=integration, kind=ResourceKind.USER).filter(resource_id__among=ids)
    rows = jobs.filter(~Q(kept_because="") | Q(state=JobState.PARKED)).order_by()
    read = rows.only("resource_id", "state", "kept_because", "last_status", "last_error")
    return {job.resource_id: job for job in read}


def _is_taken(job: Job) -> bool:
    """An account is there that could not be taken for theirs: 409, or found and not adopted, which is no answer's status."""
    return job.state == JobState.PARKED and job.last_status in {HTTPStatus.CONFLICT, None}


def _conflicts(integration: Integration) -> set[uuid.UUID]:
    """People for whom the application has no account that a group could name, and made none."""
    jobs = Job.objects.filter(integration=integration, kind=ResourceKind.USER, state=JobState.PARKED)
    taken = jobs.filter(Q(last_status=HTTPStatus.CONFLICT) | Q(last_status=None))
    return set(taken.order_by().values_list("resource_id", flat=True))


def people(integration: Integration, most: int | None = None) -> list[uuid.UUID]:
    """Whom a plan is about, in its order; with `most`, any so many of them. One query."""
    known = RemoteUser.objects.filter(integration=integration).order_by().values_list("user_id", flat=True)
    entitled = directory_now.entitled(integration).order_by().values_list("pk", flat=True)
    return sorted(known.union(entitled)[:most])


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


def group_rows(
    integration: Integration,
    ids: Sequence[uuid.UUID],
    known: directory_now.KnownGroups | None = None,
    conflicts: Collection[uuid.UUID] | None = None,
) -> Iterator[Row]:
    """In the order of `ids`. Four queries, or one where it is `known` what there is, and who the `conflicts` are."""
    if not ids:
        return
    rules = directory_now.group_rules(integration)
    known = known or directory_now.known_groups(integration, ids)
    members, coming = directory_now.members_now(integration, known.bound)
    conflicts = _conflicts(integration) if conflicts is None else conflicts
    for state in directory_now.groups_now(integration, ids, known, members):
        wanted = state.wanted
        if wanted is not None:  # whose accounts come first: the application has not given them an id yet
            people_coming = coming[state.group_id].items()
            newcomers = {f"new: {name}" for person, name in people_coming if person not in conflicts}
            wanted = planning.Team(wanted.name, wanted.members | newcomers)
        plan = planning.plan_group(wanted, state.remote, rules, exists=state.exists)
        told = known.remotes.get(state.group_id)
        if told and removals.is_group_kept(told.kept_because, plan, state.wanted, state.remote):
            plan = planning.Nothing()
        document = _group_document(integration, plan, str(state.group_id))
        let_go = state.remote is not None and not state.remote.managed and isinstance(plan, planning.Nothing)
        operation = NOT_OURS if let_go and state.wanted is None else plan.operation
        yield Row(ResourceKind.GROUP, str(state.group_id), state.name, operation, document)


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
