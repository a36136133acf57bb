"""
Every way a person, a group or a membership changes. Each is one transaction in three visible steps: change, event, outbox.
Callers pass objects of the tenant in context; `actor` says who did it. Refusals are apps.directory.errors.
"""

from collections.abc import Iterable
from secrets import token_urlsafe
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.directory import passwords
from apps.directory.errors import DirectoryError, FieldsInvalid, FieldsTaken
from apps.directory.models import Group, Membership, User
from apps.directory.policies import check_new_password, note_new_password
from apps.directory.signals import leaving
from apps.directory.validators import fold
from apps.events.actions import changes_between, line, record, record_all
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.lib.plain_fields import clean_fields
from apps.lib.transactions import joining
from apps.outbox.models import Topic
from apps.outbox.publish import publish, publish_all
from apps.tenants.making import new
from apps.tenants.prepared import PreparedQuery, insert, update
from apps.tenants.running import together

USER_FIELDS = (
    "username",
    "email",
    "first_name",
    "last_name",
    "display_name",
    "job_title",
    "work_phone",
    "mobile_phone",
    "timezone",
    "employee_number",
    "department",
    "division",
    "organization",
    "cost_center",
    "manager",
)
NAMES = {"username", "email", "shares_email"}  # what people sign in with
_LOCKED = PreparedQuery(lambda user: User.objects.checked().select_for_update().filter(pk=user), user=UUID)


def _taken(thing: User | Group) -> FieldsTaken | None:
    """Asked before writing for a message that names the field; the database's constraint has the last word."""
    if isinstance(thing, Group):
        found = {"name": Group.objects.exclude(pk=thing.pk).filter(name_key=thing.name_key)}
    else:
        others = User.objects.checked().exclude(pk=thing.pk)
        found = {"username": others.filter(username_key=thing.username_key)}
        if not thing.shares_email:
            found["email"] = others.holding(thing.email_key)
    taken = {field: [_("This is already taken.")] for field, rows in found.items() if rows.exists()}
    return FieldsTaken(taken) if taken else None


def _clean(thing: User | Group) -> None:
    thing.fill_keys()
    try:
        clean_fields(thing, exclude={"password", "tenant", "username_key", "email_key", "name_key"})
    except ValidationError as error:
        raise FieldsInvalid.from_validation(error) from error


def _save(thing: User | Group) -> None:
    _clean(thing)
    if conflict := _taken(thing):
        raise conflict
    try:
        with transaction.atomic():
            thing.save()
    except IntegrityError as error:  # another request was faster
        raise _taken(thing) or FieldsTaken({"__all__": [_("This is already taken.")]}) from error


@transaction.atomic
def add_user(
    *,
    actor: Actor,
    password: str | None = None,
    active: bool = True,
    shares_email: bool = False,
    **fields: str,
) -> User:
    """
    `fields` are USER_FIELDS; without a password the person cannot sign in until one is set. `shares_email`: the address is
    somebody else's, and stays so; this person signs in with the user name alone.
    """
    user = User(active=active, shares_email=shares_email, **_known(fields))
    user.set_unusable_password()
    if password is not None:
        check_new_password(user, password)
        user.set_password(password)
        note_new_password(user, "")
    _save(user)
    _tell_of_new(user, actor=actor)
    return user


@joining
def add_new_user(*, actor: Actor, active: bool = True, shares_email: bool = False, **fields: str) -> User:
    """
    The same for a caller that has just asked, in its own transaction, whether anybody signs in with the name or the address. Raises
    IntegrityError when another request was faster.
    """
    password = UNUSABLE_PASSWORD_PREFIX + token_urlsafe(30)  # as Django makes one of none, but at once
    user = new(User, active=active, shares_email=shares_email, password=password, **_known(fields))
    _clean(user)
    with together():
        insert(user)
        _tell_of_new(user, actor=actor)
    return user


def _tell_of_new(user: User, *, actor: Actor) -> None:
    record(
        EventType.USER_CREATE,
        actor=actor,
        target=Target.of("user", user),
        changes=changes_between({"shares_email": False}, _snapshot(user)),
    )
    publish(Topic.USER_CHANGED, user.id)


@joining
def update_user(user: User, *, actor: Actor, shares_email: bool | None = None, **fields: str) -> User:
    """
    Changes only the given USER_FIELDS; nothing changed, nothing recorded. `shares_email` None: a new address has to be nobody
    else's, and one that was somebody else's becomes this person's own when it is free.
    """
    user = locked(user)
    before = _snapshot(user)
    for field, value in _known(fields).items():
        setattr(user, field, value)
    user.shares_email = _still_shares(user, before) if shares_email is None else shares_email
    if changes := changes_between(before, _snapshot(user)):
        _save_changes(user, {each["field"] for each in changes})
        record(EventType.USER_UPDATE, actor=actor, target=Target.of("user", user), changes=changes)
        publish(Topic.USER_CHANGED, user.id)
    return user


def locked(user: User) -> User:
    """As it is now, and stays for the transaction that is open. Raises User.DoesNotExist."""
    found: User | None = _LOCKED.first(user=user.pk)
    if found is None:
        raise User.DoesNotExist
    return found


def _save_changes(user: User, fields: set[str]) -> None:
    """Whom a person would collide with is asked only where they get a name or an address."""
    if fields & NAMES:
        _save(user)
    else:
        _clean(user)
        update(user, (*sorted(fields), "updated_at"))


@transaction.atomic
def choose_language(user: User, language: str, *, actor: Actor) -> User:
    """Of the portal's own pages and letters, so no application is told. "" leaves it to the browser. Raises FieldsInvalid."""
    user = locked(user)
    former, user.language = user.language, language
    if former != language:
        _save(user)
        changes = [{"field": "language", "from": former, "to": language}]
        record(EventType.USER_UPDATE, actor=actor, target=Target.of("user", user), changes=changes)
    return user


@joining
def deactivate_user(user: User, *, actor: Actor) -> User:
    """Takes effect with this transaction: sessions end for good (session_epoch), assertions stop, accounts are told.

    Raises what `leaving` was refused with: LastOwner.
    """
    user = locked(user)
    if user.active:
        told = _leave(user)
        user.active = False
        user.session_epoch += 1
        update(user, ("active", "session_epoch", "updated_at"))
        record(
            EventType.USER_SUSPENDED,
            actor=actor,
            target=Target.of("user", user),
            changes=[{"field": "active", "from": True, "to": False}],
            details=told,
        )
        publish(Topic.USER_CHANGED, user.id)
    return user


@joining
def reactivate_user(user: User, *, actor: Actor) -> User:
    user = locked(user)
    if not user.active:
        user.active = True
        update(user, ("active", "updated_at"))
        record(
            EventType.USER_ACTIVATED,
            actor=actor,
            target=Target.of("user", user),
            changes=[{"field": "active", "from": False, "to": True}],
        )
        publish(Topic.USER_CHANGED, user.id)
    return user


@transaction.atomic
def set_password(user: User, password: str, *, actor: Actor, enforce_policy: bool = True) -> User:
    """Ends every session of the person: the session hash holds the password's. `enforce_policy` False is for passwords decided elsewhere."""
    user = locked(user)
    if enforce_policy:
        check_new_password(user, password)
    former = user.password if user.has_usable_password() else ""
    user.set_password(password)
    note_new_password(user, former)
    user.save(update_fields=["password", "password_set_at", "password_expires_at", "updated_at"])
    record(EventType.USER_PASSWORD_CHANGE, actor=actor, target=Target.of("user", user))
    passwords.tell(user, password)
    publish(Topic.USER_CHANGED, user.id)
    return user


@transaction.atomic
def forget_password(user: User, *, actor: Actor) -> User:
    """Whoever knew it cannot sign in with it any more; sessions end."""
    user = locked(user)
    if user.has_usable_password():
        user.set_unusable_password()
        user.password_expires_at = None
        user.save(update_fields=["password", "password_expires_at", "updated_at"])
        record(EventType.USER_PASSWORD_CHANGE, actor=actor, target=Target.of("user", user))
        publish(Topic.USER_CHANGED, user.id)
    return user


@transaction.atomic
def remove_user(user: User, *, actor: Actor) -> None:
    """The row goes; the log keeps its snapshot, and the applications are told by the same comparison as ever. Raises LastOwner."""
    if User.objects.select_for_update().filter(pk=user.pk).first() is None:
        return  # another request was faster
    told = _leave(user)
    record(EventType.USER_DELETE, actor=actor, target=Target.of("user", user), details=told)
    publish(Topic.USER_CHANGED, user.id)
    user.delete()


@transaction.atomic
def add_group(*, actor: Actor, name: str, description: str = "") -> Group:
    group = Group(name=name.strip(), description=description)
    _save(group)
    record(EventType.GROUP_CREATE, actor=actor, target=Target.of("group", group))
    publish(Topic.GROUP_CHANGED, group.id)
    return group


@transaction.atomic
def update_group(
    group: Group, *, actor: Actor, name: str | None = None, description: str | None = None
) -> Group:
    group = Group.objects.select_for_update().get(pk=group.pk)
    before = {"name": group.name, "description": group.description}
    group.name = group.name if name is None else name.strip()
    group.description = group.description if description is None else description
    if changes := changes_between(before, {"name": group.name, "description": group.description}):
        _save(group)
        record(EventType.GROUP_UPDATE, actor=actor, target=Target.of("group", group), changes=changes)
        publish(Topic.GROUP_CHANGED, group.id)
    return group


@transaction.atomic
def remove_group(group: Group, *, actor: Actor) -> None:
    """Its members lose what only this group gave them."""
    if Group.objects.select_for_update().filter(pk=group.pk).first() is None:
        return  # another request was faster
    members = list(group.memberships.values_list("user_id", flat=True))
    record(
        EventType.GROUP_DELETE,
        actor=actor,
        target=Target.of("group", group),
        details={"members": len(members)},
    )
    publish(Topic.GROUP_CHANGED, group.id)
    publish_all(Topic.USER_CHANGED, members)
    group.delete()


@transaction.atomic
def add_member(group: Group, user: User, *, actor: Actor) -> None:
    add_members(group, [user], actor=actor)


@transaction.atomic
def add_members(group: Group, users: Iterable[User], *, actor: Actor) -> None:
    """Who is in already stays in and is not recorded again. The number of statements does not grow with the group."""
    _lock(group)
    users = list(users)
    present = set(group.memberships.filter(user__in=users).values_list("user_id", flat=True))
    new = [user for user in users if user.pk not in present]
    Membership.objects.bulk_create(
        [Membership(group=group, user=user) for user in new], ignore_conflicts=True
    )
    _record_membership(group, new, actor=actor, operation="added")


@transaction.atomic
def remove_member(group: Group, user: User, *, actor: Actor) -> None:
    remove_members(group, [user], actor=actor)


@transaction.atomic
def remove_members(group: Group, users: Iterable[User], *, actor: Actor) -> None:
    """Who is not in is not recorded. The number of statements does not grow with the group."""
    _lock(group)
    present = list(User.objects.filter(memberships__group=group, pk__in=[user.pk for user in users]))
    Membership.objects.filter(group=group, user__in=present).delete()
    _record_membership(group, present, actor=actor, operation="removed")


@transaction.atomic
def replace_members(group: Group, users: Iterable[User], *, actor: Actor) -> None:
    """Afterwards exactly these are in; only differences are written and recorded."""
    _lock(group)
    users = list(users)
    add_members(group, users, actor=actor)
    gone = User.objects.filter(memberships__group=group).exclude(pk__in=[user.pk for user in users])
    remove_members(group, gone, actor=actor)


def _lock(group: Group) -> None:
    """Two changes of one group's members follow each other, so that each sees whom the other left."""
    Group.objects.select_for_update().filter(pk=group.pk).values_list("pk").first()


def _record_membership(group: Group, users: list[User], *, actor: Actor, operation: str) -> None:
    if not users:
        return
    details = {"association": operation, "group": str(group.pk), "group_name": group.name}
    record_all(
        [
            line(EventType.ASSOCIATION_CHANGE, actor=actor, target=Target.of("user", user), details=details)
            for user in users
        ]
    )
    Group.objects.filter(pk=group.pk).update(updated_at=timezone.now())
    publish(Topic.GROUP_CHANGED, group.id)
    publish_all(Topic.USER_CHANGED, [user.pk for user in users])


def _leave(user: User) -> dict[str, Any]:
    """What the floors above did for it, for the event. Raises what one of them refuses with."""
    told: dict[str, Any] = {}
    for _receiver, answer in leaving.send(User, user=user):
        if isinstance(answer, dict):
            told |= answer
    return told


def _known(fields: dict[str, Any]) -> dict[str, Any]:
    if unknown := fields.keys() - set(USER_FIELDS):
        raise DirectoryError({field: [_("This field does not exist.")] for field in sorted(unknown)})
    return {field: value.strip() for field, value in fields.items()}


def _still_shares(user: User, before: dict[str, Any]) -> bool:
    if not user.shares_email or fold(user.email) != fold(before["email"]):
        return False
    taken: bool = User.objects.checked().exclude(pk=user.pk).named(user.email).exists()
    return taken


def _snapshot(user: User) -> dict[str, Any]:
    return {field: getattr(user, field) for field in (*USER_FIELDS, "shares_email")}
