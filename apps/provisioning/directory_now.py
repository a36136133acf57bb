"""What the directory and our own records say at this moment, as values for the planner. Used by the engine and the preview alike."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from apps.applications import access
from apps.applications.catalog import MappedAttribute
from apps.applications.models import Assignment, FormerAssignment
from apps.directory.models import Group, Membership, User
from apps.provisioning import documents
from apps.provisioning.models import Integration, Job, RemoteGroup, RemoteUser, ResourceKind
from apps.provisioning.plan import Account, GroupRules, RemoteTeam, Team, UserRules, Values


@dataclass(frozen=True, slots=True)
class UserNow:
    user_id: uuid.UUID
    name: str
    wanted: Values | None
    account: Account | None
    until: datetime | None = None  # entitled so long, unless something changes
    joins: bool = False  # an imported account that was left as it is until now
    foreign: bool = False  # only imported, whoever the person is
    person: "Person | None" = None  # as they are in the directory, with or without access


@dataclass(frozen=True, slots=True)
class GroupNow:
    group_id: uuid.UUID
    name: str
    wanted: Team | None
    remote: RemoteTeam | None
    exists: bool  # still a group here, or let go while it was one


def entitled(integration: Integration) -> Any:
    """QuerySet of the people whose account should be active: in a bound group, active, password not expired.

    Whether single sign-on is switched on does not matter: "Deactivate SSO" leaves accounts as they are.
    """
    unexpired = Q(password_expires_at=None) | Q(password_expires_at__gt=timezone.now())
    return access.people_with(integration.application).filter(unexpired)


def user_rules(integration: Integration) -> UserRules:
    dialect = integration.dialect
    return UserRules(
        updates_users=dialect.updates_users,
        renames_users=dialect.renames_users,
        deletes_users=dialect.deletes_users,
        deprovisioning=integration.deprovisioning,  # type: ignore[arg-type]
        delete_after=timedelta(days=integration.delete_after_days),
    )


def group_rules(integration: Integration) -> GroupRules:
    return GroupRules(
        managed=integration.groups_managed, members_on_create=integration.dialect.group_members_on_create
    )


def users_now(
    integration: Integration, user_ids: Collection[uuid.UUID], bound: Collection[uuid.UUID] | None = None
) -> Iterator[UserNow]:
    """In no order; four queries however many there are, one less where it is known which groups are `bound`."""
    people, entitled_ids = people_among(integration, user_ids, bound)
    remotes = RemoteUser.objects.filter(integration=integration, user_id__among=user_ids)
    accounts = {remote.user_id: remote for remote in remotes}
    attributes = integration.dialect.attributes
    for user_id in user_ids:
        named, remote = people.get(user_id), accounts.get(user_id)
        person = named if user_id in entitled_ids else None
        yield UserNow(
            user_id,
            named.name if named else remote.name if remote else "",
            documents.values_of(person, attributes) if person else None,
            _account(remote, attributes) if remote and (remote.managed or person) else None,
            person.password_expires_at if person else None,
            joins=bool(person and remote and not remote.managed),
            foreign=bool(remote and not remote.managed),
            person=named,
        )


def people_among(
    integration: Integration, user_ids: Collection[uuid.UUID], bound: Collection[uuid.UUID] | None = None
) -> "tuple[dict[uuid.UUID, Person], set[uuid.UUID]]":
    """(Who of these is in the directory, who of them is `entitled`.)

    Three plain questions: asked as one, PostgreSQL goes through everybody who has the application, for every five hundred people again.
    """
    people = {person.pk: person for person in _read(User.objects.checked().filter(pk__among=user_ids))}
    if bound is None:
        assignments = Assignment.objects.filter(application=integration.application)
        bound = assignments.values_list("group_id", flat=True)
    memberships = Membership.objects.checked(group_id__among=list(bound)).filter(user_id__among=user_ids)
    now = timezone.now()
    members = memberships.order_by().values_list("user_id", flat=True)
    return people, {each for each in members if each in people and people[each].may_enter(now)}


class Person(NamedTuple):
    """What of a user is compared: documents.Person, and when access ends by itself."""

    pk: uuid.UUID
    username: str
    email: str
    first_name: str
    last_name: str
    display_name: str
    job_title: str
    work_phone: str
    timezone: str
    password_expires_at: datetime | None
    active: bool

    def may_enter(self, now: datetime) -> bool:
        expires = self.password_expires_at
        return self.active and (expires is None or expires > now)

    @property
    def name(self) -> str:
        """As str(user)."""
        return self.display_name or f"{self.first_name} {self.last_name}".strip() or self.username


def _read(people: Any) -> Iterator[Person]:
    """Without making models of them: a comparison reads many and changes none."""
    return map(Person._make, people.order_by().values_list(*Person._fields))


def _account(remote: RemoteUser, attributes: Iterable[MappedAttribute]) -> Account:
    """Of what was told only that which is told still: a row that was switched off leaves there what is there."""
    mapped = {row.scim for row in attributes}
    sent = {path: value for path, value in remote.sent.items() if path in mapped}
    return Account(remote.remote_id, sent, remote.active, remote.deactivated_at)


@dataclass(frozen=True, slots=True)
class KnownGroups:
    """`bound`: names by group. `remotes`: what was told, with `here`, the group's name while it is one, `former`, let go while it was, and `kept_because`,
    why an administrator left its members there as they were."""

    bound: dict[uuid.UUID, str]
    remotes: dict[uuid.UUID, Any]


def known_groups(integration: Integration, among: Collection[uuid.UUID] | None = None) -> KnownGroups:
    """All that are bound or were told of; with `among`, those of these. Two queries."""
    bound = Assignment.objects.filter(application=integration.application)
    former = FormerAssignment.objects.filter(
        application=integration.application, group_id=OuterRef("group_id")
    )
    here = Group.objects.filter(pk=OuterRef("group_id")).values("name")
    jobs = Job.objects.filter(
        integration=integration, kind=ResourceKind.GROUP, resource_id=OuterRef("group_id")
    )
    remotes = RemoteGroup.objects.filter(integration=integration).annotate(
        here=Subquery(here[:1]),
        former=Exists(former),
        kept_because=Coalesce(Subquery(jobs.order_by().values("kept_because")[:1]), Value("")),
    )
    if among is not None:
        bound, remotes = bound.filter(group_id__in=among), remotes.filter(group_id__in=among)
    return KnownGroups(
        dict(bound.values_list("group_id", "group__name")), {remote.group_id: remote for remote in remotes}
    )


def groups_now(
    integration: Integration,
    group_ids: Collection[uuid.UUID],
    known: KnownGroups | None = None,
    members: Mapping[uuid.UUID, set[str]] | None = None,
) -> Iterator[GroupNow]:
    """In no order. Members are people whose account is there and active: others would make some refuse the whole group.

    Three queries, less what the caller has read; two more where one of the groups is neither bound nor was told of.
    """
    known = known or known_groups(integration, group_ids)
    if members is None:
        members, _coming = members_now(integration, known.bound)
    strays = [each for each in group_ids if each not in known.bound and each not in known.remotes]
    names, let_go = _names_and_let_go(integration, strays) if strays else ({}, set())
    for group_id in group_ids:
        name, remote = known.bound.get(group_id), known.remotes.get(group_id)
        wanted = Team(name, frozenset(members.get(group_id, ()))) if name is not None else None
        here = name or names.get(group_id) or (remote.here if remote else None)
        yield GroupNow(
            group_id,
            here or (remote.name if remote else ""),
            wanted,
            _team(remote) if remote else None,
            here is not None or group_id in let_go or bool(remote and remote.former),
        )


def _names_and_let_go(
    integration: Integration, group_ids: Collection[uuid.UUID]
) -> tuple[dict[uuid.UUID, str], set[uuid.UUID]]:
    former = FormerAssignment.objects.filter(application=integration.application, group_id__in=group_ids)
    names = Group.objects.filter(pk__in=group_ids).values_list("pk", "name")
    return dict(names), set(former.values_list("group_id", flat=True))


def members_now(
    integration: Integration, group_ids: Collection[uuid.UUID]
) -> tuple[dict[uuid.UUID, set[str]], dict[uuid.UUID, dict[uuid.UUID, str]]]:
    """By bound group: the ids of accounts there, and the people who have none yet with their user names. One query."""
    there: dict[uuid.UUID, set[str]] = defaultdict(set)
    coming: dict[uuid.UUID, dict[uuid.UUID, str]] = defaultdict(dict)
    if group_ids:
        account = RemoteUser.objects.filter(
            integration=integration, user_id=OuterRef("user_id"), active=True
        ).values("remote_id")
        rows = (
            Membership.objects.filter(group_id__in=group_ids, user__in=entitled(integration).values("pk"))
            .annotate(remote=Subquery(account[:1]))
            .order_by()
        )
        found = rows.values_list("group_id", "user_id", "user__username", "remote")
        for group_id, user_id, username, remote in found:
            if remote is None:
                coming[group_id][user_id] = username
            else:
                there[group_id].add(remote)
    return there, coming


def _team(remote: RemoteGroup) -> RemoteTeam:
    members = remote.sent.get("members")
    return RemoteTeam(
        remote.remote_id,
        str(remote.sent.get("displayName", "")),
        None if members is None else frozenset(members),
        remote.managed,
    )


def removals_now(integration: Integration) -> tuple[int, int]:
    """(active accounts of people who are entitled no more, all active accounts): what the mass-removal guard weighs."""
    active = RemoteUser.objects.filter(integration=integration, active=True, managed=True)
    return active.exclude(user__in=entitled(integration).values("pk")).count(), active.count()
