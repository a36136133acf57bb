"""People whom a source created, or who were given to it."""

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.access import role_of
from apps.directory import actions as directory
from apps.directory.errors import FieldsInvalid, FieldsTaken
from apps.directory.models import User
from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.scim.errors import ReadOnlyHere
from apps.scim.models import ExternalIdentity, Source


@transaction.atomic
def add_person(
    *, source: Source, actor: Actor, external_id: str = "", active: bool = True, **fields: str
) -> User:
    """A new person of the source's. Raises FieldsInvalid, FieldsTaken."""
    user = directory.add_user(actor=actor, active=active, **fields)
    _save(ExternalIdentity(source=source, user=user, external_id=external_id, user_name=fields["username"]))
    return user


@transaction.atomic
def update_person(
    identity: ExternalIdentity,
    *,
    actor: Actor,
    external_id: str | None = None,
    active: bool | None = None,
    **fields: str,
) -> User:
    """None leaves as it is. Raises FieldsInvalid, FieldsTaken, ReadOnlyHere."""
    user = identity.user
    if fields.get("username", "").strip() == identity.user_name:
        fields.pop("username", None)  # the portal's own may differ
    changed = {field: value for field, value in fields.items() if getattr(user, field) != value.strip()}
    if changed and role_of(user) is not None:
        # Whoever may rename an administrator or re-point their mail could become them. Losing access is always allowed.
        raise ReadOnlyHere(_("This person is an administrator here: only active may change."))
    _follow(identity, external_id, fields.get("username"))
    user = directory.update_user(user, actor=actor, **changed)
    if active is not None:
        switch = directory.reactivate_user if active else directory.deactivate_user
        user = switch(user, actor=actor)
    return user


@transaction.atomic
def remove_person(identity: ExternalIdentity, *, actor: Actor) -> None:
    """They lose every session and all access now. The row stays, so that whoever comes back is the same person."""
    if identity.deleted_at is None:
        record(EventType.SCIM_USER_DELETE, actor=actor, target=Target.of("user", identity.user))
        identity.deleted_at = timezone.now()
        identity.save(update_fields=["deleted_at"])
    directory.deactivate_user(identity.user, actor=actor)


def _follow(identity: ExternalIdentity, external_id: str | None, user_name: str | None) -> None:
    """What the source now calls them."""
    before = (identity.external_id, identity.user_name)
    identity.external_id = identity.external_id if external_id is None else external_id
    identity.user_name = identity.user_name if user_name is None else user_name.strip()
    if before != (identity.external_id, identity.user_name):
        _save(identity)


def _save(identity: ExternalIdentity) -> None:
    identity.user_name = identity.user_name.strip()
    identity.fill_keys()
    try:
        identity.clean_fields(exclude={"tenant", "source", "user", "user_name_key"})
    except ValidationError as error:
        raise FieldsInvalid.from_validation(error) from error
    try:
        with transaction.atomic():
            identity.save()
    except IntegrityError as error:
        others = ExternalIdentity.objects.filter(source=identity.source_id).exclude(pk=identity.pk)
        taken = "username" if others.filter(user_name_key=identity.user_name_key).exists() else "external_id"
        raise FieldsTaken({taken: [_("This is already taken.")]}) from error
