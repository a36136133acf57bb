"""Whose people and groups are, for pages above."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from apps.directory.errors import FieldsInvalid
from apps.directory.models import Group, User
from apps.scim.models import ExternalGroup, ExternalIdentity, Source

Sources = dict[Any, list[Source]]


def sources_of(users: Iterable[User]) -> Sources:
    """Person id → the sources that manage them; who is nobody's is left out. One query."""
    own = ExternalIdentity.objects.filter(user__in=list(users), deleted_at=None).select_related("source")
    return _grouped((identity.user_id, identity.source) for identity in own.order_by("source__name_key"))


def identities_of(user: User) -> list[ExternalIdentity]:
    """What each source that manages the person tells of them, with its `source`."""
    own = ExternalIdentity.objects.filter(user=user, deleted_at=None).select_related("source")
    return list(own.order_by("source__name_key"))


def sources_of_groups(groups: Iterable[Group]) -> Sources:
    """The same of groups."""
    own = ExternalGroup.objects.filter(group__in=list(groups)).select_related("source")
    return _grouped((owned.group_id, owned.source) for owned in own.order_by("source__name_key"))


def why_locked(sources: Iterable[Source]) -> str:
    """Why a group's name and members are not changed here; "" for a group that no source manages."""
    names = ", ".join(source.name for source in sources)
    if not names:
        return ""
    return _(
        "%(sources)s decides what this group is called and who is in it. Change it there, or unlink the group from the source."
    ) % {"sources": names}


def check_changeable(group: Group) -> None:
    """Before its name or its members are changed here: two who decide would undo each other's changes. Raises FieldsInvalid."""
    if reason := why_locked(sources_of_groups([group]).get(group.pk, [])):
        raise FieldsInvalid({"__all__": [reason]})


def _grouped(pairs: Iterable[tuple[Any, Source]]) -> Sources:
    found: Sources = {}
    for key, source in pairs:
        found.setdefault(key, []).append(source)
    return found
