"""Who waits to be linked, and who is: kept when a source is refused, decided by an administrator alone."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.access import role_of
from apps.directory.errors import FieldsInvalid
from apps.directory.validators import validate_text
from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.scim.errors import NotLinked
from apps.scim.models import ExternalIdentity, PendingLink, Source

MOST_WAITING = 1000  # of one source: a broken one must not fill the table


@transaction.atomic
def note_refusal(source: Source, refusal: NotLinked, *, actor: Actor) -> None:
    """After the request's own transaction, which changed nothing. One row per person: the source may try every hour."""
    if ExternalIdentity.objects.filter(source=source, user=refusal.user, deleted_at=None).exists():
        return  # its own, by now: two requests met
    known = PendingLink.objects.filter(source=source, user=refusal.user)
    fields = {"external_id": clean(refusal.external_id, 255), "user_name": clean(refusal.user_name, 150)}
    if known.update(attempts=F("attempts") + 1, last_at=timezone.now(), **fields):
        return
    if PendingLink.objects.filter(source=source).count() >= MOST_WAITING:
        return
    waiting, created = PendingLink.objects.get_or_create(
        source=source, user=refusal.user, defaults=fields | {"last_at": timezone.now()}
    )
    if created:
        _record(EventType.SCIM_LINK_WAITS, waiting, actor=actor)


@transaction.atomic
def accept_link(waiting: PendingLink, *, actor: Actor) -> ExternalIdentity:
    """From now on the source may change this person; its next attempt to create them finds them. Raises FieldsInvalid."""
    waiting = _locked(waiting)
    if role_of(waiting.user) is not None:
        raise FieldsInvalid(
            {
                "__all__": [
                    _(
                        "An administrator's account is never linked: whoever holds the source could become them."
                    )
                ]
            }
        )
    own = ExternalIdentity.objects.filter(source=waiting.source)
    identity = own.filter(user=waiting.user).first() or ExternalIdentity(
        source=waiting.source, user=waiting.user
    )
    clash = own.exclude(pk=identity.pk).filter(deleted_at=None)
    identity.user_name = waiting.user_name or waiting.user.username
    identity.fill_keys()
    if clash.filter(user_name_key=identity.user_name_key).exists():
        raise FieldsInvalid({"__all__": [_("The source has somebody else of this username.")]})
    if waiting.external_id and clash.filter(external_id=waiting.external_id).exists():
        raise FieldsInvalid({"__all__": [_("The source has somebody else of this externalId.")]})
    identity.external_id = waiting.external_id
    identity.created_person, identity.claimed, identity.deleted_at = False, False, None
    identity.save()
    _record(EventType.SCIM_LINK_ACCEPT, waiting, actor=actor)
    waiting.delete()
    return identity


@transaction.atomic
def reject_link(waiting: PendingLink, *, actor: Actor) -> None:
    """The source is refused as before; it does not wait again."""
    waiting = _locked(waiting)
    if waiting.rejected_at is None:
        waiting.rejected_at = timezone.now()
        waiting.save(update_fields=["rejected_at"])
        _record(EventType.SCIM_LINK_REJECT, waiting, actor=actor)


@transaction.atomic
def unlink_person(identity: ExternalIdentity, *, actor: Actor) -> None:
    """
    The person stays as they are, with their groups, and is changed here alone; the source may read them. Whoever it deleted stays as well, and
    is not deleted after thirty days.
    """
    rows = ExternalIdentity.objects.select_for_update(of=("self",)).select_related("source", "user")
    identity = rows.get(pk=identity.pk)
    _record(EventType.SCIM_UNLINK, identity, actor=actor)
    identity.delete()


def clean(text: str, longest: int) -> str:
    """ "" for what could not be stored with the person or the group either."""
    try:
        validate_text(text)
    except ValidationError:
        return ""
    return text if len(text) <= longest else ""


def _locked(waiting: PendingLink) -> PendingLink:
    rows = PendingLink.objects.select_for_update(of=("self",)).select_related("source", "user")
    found: PendingLink = rows.get(pk=waiting.pk)
    return found


def _record(event_type: EventType, link: PendingLink | ExternalIdentity, *, actor: Actor) -> None:
    details = {
        "source": str(link.source_id),
        "source_name": link.source.name,
        "external_id": link.external_id,
        "user_name": link.user_name,
    }
    record(event_type, actor=actor, target=Target.of("user", link.user), details=details)
