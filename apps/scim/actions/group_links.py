"""Which groups a source was given, and which it wanted: decided by an administrator alone, as for people (apps/scim/actions/links.py)."""

from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from apps.directory.models import Group
from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.scim.actions.links import MOST_WAITING, clean
from apps.scim.errors import GroupNotLinked
from apps.scim.models import ExternalGroup, PendingGroupLink, Source


@transaction.atomic
def note_refused_group(source: Source, refusal: GroupNotLinked, *, actor: Actor) -> None:
    """After the request's own transaction, which changed nothing. One row per group: the source may try every hour."""
    if ExternalGroup.objects.filter(source=source, group=refusal.group).exists():
        return  # its own, by now: two requests met
    own = PendingGroupLink.objects.filter(source=source)
    fields: dict[str, Any] = {"last_at": timezone.now()}
    if external_id := clean(refusal.external_id, 255):  # a change of somebody's group does not tell it
        fields["external_id"] = external_id
    if own.filter(group=refusal.group).update(attempts=F("attempts") + 1, **fields):
        return
    if own.count() >= MOST_WAITING or not Group.objects.filter(pk=refusal.group.pk).exists():
        return
    _waiting, created = PendingGroupLink.objects.get_or_create(
        source=source, group=refusal.group, defaults=fields
    )
    if created:
        _record(EventType.SCIM_LINK_WAITS, refusal.group, source, actor=actor)


@transaction.atomic
def link_group(group: Group, *, source: Source, actor: Actor) -> ExternalGroup:
    """From now on the source may change the group: its name, who is in it, and whether it is there. Linked already: nothing happens."""
    source = Source.objects.select_for_update().get(pk=source.pk)
    owned, created = ExternalGroup.objects.get_or_create(
        source=source, group=group, defaults={"created_group": False, "claimed": False}
    )
    PendingGroupLink.objects.filter(source=source, group=group).delete()
    if created:
        _record(EventType.SCIM_LINK_ACCEPT, group, source, actor=actor)
    found: ExternalGroup = owned
    return found


@transaction.atomic
def unlink_group(owned: ExternalGroup, *, actor: Actor) -> None:
    """The group stays, with whoever is in it, and is changed here alone; the source may read it."""
    owned = (
        ExternalGroup.objects.select_for_update(of=("self",))
        .select_related("source", "group")
        .get(pk=owned.pk)
    )
    _record(EventType.SCIM_UNLINK, owned.group, owned.source, actor=actor)
    owned.delete()


@transaction.atomic
def reject_group_link(waiting: PendingGroupLink, *, actor: Actor) -> None:
    """The source is refused as before; the group does not wait again."""
    rows = PendingGroupLink.objects.select_for_update(of=("self",)).select_related("source", "group")
    waiting = rows.get(pk=waiting.pk)
    if waiting.rejected_at is None:
        waiting.rejected_at = timezone.now()
        waiting.save(update_fields=["rejected_at"])
        _record(EventType.SCIM_LINK_REJECT, waiting.group, waiting.source, actor=actor)


def _record(event_type: EventType, group: Group, source: Source, *, actor: Actor) -> None:
    details = {"source": str(source.pk), "source_name": source.name}
    record(event_type, actor=actor, target=Target.of("group", group), details=details)
