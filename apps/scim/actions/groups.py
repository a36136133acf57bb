"""Groups that a source created, or that were given to it."""

from collections.abc import Iterable
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.directory import actions as directory
from apps.directory.errors import FieldsInvalid, FieldsTaken
from apps.directory.models import Group, User
from apps.directory.validators import fold
from apps.events.actors import Actor
from apps.scim.columns.comparing import as_id
from apps.scim.errors import GroupExists
from apps.scim.membership import MembershipChange
from apps.scim.models import ExternalGroup, Source
from apps.scim.people import seen_by


@transaction.atomic
def add_group(
    *, source: Source, actor: Actor, name: str, external_id: str = "", members: Iterable[str] = ()
) -> Group:
    """A new group of the source's, or the one of that name that it was given. Raises FieldsInvalid, FieldsTaken, GroupExists."""
    group: Group | None = Group.objects.filter(name_key=fold(name.strip())).first()
    if group is None:
        group = directory.add_group(actor=actor, name=name)
        owned = ExternalGroup(source=source, group=group)
    else:
        owned = _given(source, group, external_id)
    owned.external_id, owned.claimed = external_id, True
    _save(owned)
    # Whoever is in a group that was given stays: the source begins with none, and would take everything from everybody.
    directory.add_members(group, _people(source, members), actor=actor)
    return group


def _given(source: Source, group: Group, external_id: str) -> ExternalGroup:
    """Not claimed yet: from then on the name is taken, also by the source's own group. Raises FieldsTaken, GroupExists."""
    own = ExternalGroup.objects.select_for_update().filter(source=source, group=group)
    owned: ExternalGroup | None = own.first()
    if owned is None:
        raise GroupExists().about(group, external_id=external_id)
    if owned.claimed:
        raise FieldsTaken({"name": [_("This is already taken.")]})
    return owned


@transaction.atomic
def update_group(
    owned: ExternalGroup,
    *,
    actor: Actor,
    name: str | None = None,
    external_id: str | None = None,
    members: MembershipChange | None = None,
) -> Group:
    """None leaves as it is. Whoever is to go and is not in is no error. Raises FieldsInvalid, FieldsTaken."""
    before = owned.external_id, owned.claimed
    owned.external_id = owned.external_id if external_id is None else external_id
    owned.claimed = True
    if before != (owned.external_id, owned.claimed):
        _save(owned)
    group = owned.group if name is None else directory.update_group(owned.group, actor=actor, name=name)
    if members is not None and members.replaces:
        directory.replace_members(group, _people(owned.source, members.added), actor=actor)
    elif members:
        _change_members(group, owned.source, members, actor=actor)
    return group


@transaction.atomic
def remove_group(owned: ExternalGroup, *, actor: Actor) -> None:
    """Its members lose what only this group gave them; many at once wait for an administrator's approval, as ever."""
    directory.remove_group(owned.group, actor=actor)


def _change_members(group: Group, source: Source, change: MembershipChange, *, actor: Actor) -> None:
    if change.added:
        directory.add_members(group, _people(source, change.added), actor=actor)
    if change.removed:
        gone = User.objects.filter(pk__in=_known(change.removed).values())
        directory.remove_members(group, gone, actor=actor)


def _people(source: Source, ids: Iterable[str]) -> list[User]:
    """Raises FieldsInvalid, naming those whom the source does not see."""
    ids = list(ids)
    wanted = _known(ids)
    found = {user.pk: user for user in seen_by(source).filter(pk__in=wanted.values())} if wanted else {}
    missing = [each for each in ids if wanted.get(each) not in found]
    if missing:
        shown = ", ".join(each[:40] for each in sorted(missing)[:5])
        raise FieldsInvalid({"members": [_("There is no such person: %(ids)s.") % {"ids": shown}]})
    return list(found.values())


def _known(ids: Iterable[str]) -> dict[str, UUID]:
    return {each: key for each in ids if (key := as_id(each)) is not None}


def _save(owned: ExternalGroup) -> None:
    try:
        owned.clean_fields(exclude={"tenant", "source", "group"})
    except ValidationError as error:
        raise FieldsInvalid.from_validation(error) from error
    try:
        with transaction.atomic():
            owned.save()
    except IntegrityError as error:
        raise FieldsTaken({"external_id": [_("This is already taken.")]}) from error
