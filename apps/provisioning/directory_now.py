"""What the directory and our own records say at this moment, as values for the planner. Used by the engine and the preview alike."""

import uuid
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from apps.applications import access
from apps.applications.catalog import MappedAttribute
from apps.applications.models import Assignment, FormerAssignment
from apps.directory.models import Group, User
from apps.provisioning import documents
from apps.provisioning.models import Integration, RemoteGroup, RemoteUser
from apps.provisioning.plan import Account, GroupRules, RemoteTeam, Team, UserRules, Values


@dataclass(frozen=True, slots=True)
class UserNow:
    user_id: uuid.UUID
    name: str
    wanted: Values | None
    account: Account | None
    until: datetime | None = None  # entitled so long, unless something changes


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


def users_now(integration: Integration, user_ids: Collection[uuid.UUID]) -> Iterator[UserNow]:
    """In no order; four queries however many there are."""
    people = {user.pk: user for user in entitled(integration).filter(pk__in=user_ids)}
    names = {user.pk: str(user) for user in User.objects.filter(pk__in=user_ids)}
    remotes = RemoteUser.objects.filter(integration=integration, user_id__in=user_ids)
    accounts = {remote.user_id: remote for remote in remotes}
    attributes = integration.dialect.attributes
    for user_id in user_ids:
        person, remote = people.get(user_id), accounts.get(user_id)
        yield UserNow(
            user_id,
            names.get(user_id) or (remote.name if remote else ""),
            documents.values_of(person, attributes) if person else None,
            _account(remote, attributes) if remote and (remote.managed or person) else None,
            person.password_expires_at if person else None,
        )


def _account(remote: RemoteUser, attributes: Iterable[MappedAttribute]) -> Account:
    """Of what was told only that which is told still: a row that was switched off leaves there what is there."""
    mapped = {row.scim for row in attributes}
    sent = {path: value for path, value in remote.sent.items() if path in mapped}
    return Account(remote.remote_id, sent, remote.active, remote.deactivated_at)


def groups_now(integration: Integration, group_ids: Collection[uuid.UUID]) -> Iterator[GroupNow]:
    """In no order. Members are people whose account is there and active: others would make some refuse the whole group."""
    groups = {group.pk: group for group in Group.objects.filter(pk__in=group_ids)}
    bound = set(
        Assignment.objects.filter(application=integration.application, group_id__in=group_ids).values_list(
            "group_id", flat=True
        )
    )
    former = set(
        FormerAssignment.objects.filter(
            application=integration.application, group_id__in=group_ids
        ).values_list("group_id", flat=True)
    )
    remotes = RemoteGroup.objects.filter(integration=integration, group_id__in=group_ids)
    teams = {remote.group_id: remote for remote in remotes}
    for group_id in group_ids:
        group, remote = groups.get(group_id), teams.get(group_id)
        wanted = Team(group.name, members_there(integration, group)) if group and group_id in bound else None
        name = group.name if group else remote.name if remote else ""
        yield GroupNow(
            group_id, name, wanted, _team(remote) if remote else None, bool(group) or group_id in former
        )


def members_there(integration: Integration, group: Group) -> frozenset[str]:
    rows = RemoteUser.objects.filter(
        integration=integration, active=True, user__in=entitled(integration).filter(memberships__group=group)
    )
    return frozenset(rows.values_list("remote_id", flat=True))


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
