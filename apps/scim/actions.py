"""
Every write that comes in through SCIM, and the tokens that allow it. People change through the directory's actions alone;
here stands whose they are: one request is one transaction over both.
"""

from datetime import datetime, timedelta

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
from apps.lib.crypto import new_token
from apps.scim.errors import ReadOnlyHere
from apps.scim.models import ExternalIdentity, ScimToken

TOKEN_PREFIX = "gh_scim"  # noqa: S105 - what scanners for leaked secrets look for
USE_IS_NOTED_EVERY = timedelta(minutes=1)


@transaction.atomic
def add_scim_token(*, actor: Actor, name: str, expires_at: datetime | None = None) -> tuple[ScimToken, str]:
    """The row, and the secret that is never to be had again. Raises FieldsInvalid."""
    secret = new_token(TOKEN_PREFIX)
    token = ScimToken(name=name.strip(), key_id=secret.key_id, digest=secret.digest, expires_at=expires_at)
    try:
        token.clean_fields(exclude={"tenant"})
    except ValidationError as error:
        raise FieldsInvalid.from_validation(error) from error
    if expires_at is not None and expires_at <= timezone.now():
        raise FieldsInvalid({"expires_at": [_("This lies in the past.")]})
    token.save(force_insert=True)
    record(EventType.SCIM_TOKEN_CREATE, actor=actor, target=Target.of("token", token))
    return token, secret.token


@transaction.atomic
def revoke_scim_token(token: ScimToken, *, actor: Actor) -> ScimToken:
    """From the next request on it is refused; the people it created stay as they are."""
    token = ScimToken.objects.select_for_update().get(pk=token.pk)
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
        record(EventType.SCIM_TOKEN_DELETE, actor=actor, target=Target.of("token", token))
    return token


def note_use(token: ScimToken) -> None:
    """At most once a minute: a read must not cost a write."""
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at >= USE_IS_NOTED_EVERY:
        ScimToken.objects.filter(pk=token.pk).update(last_used_at=now)


@transaction.atomic
def add_person(
    *, token: ScimToken, actor: Actor, external_id: str = "", active: bool = True, **fields: str
) -> User:
    """A new person of the token's. Raises FieldsInvalid, FieldsTaken."""
    user = directory.add_user(actor=actor, active=active, **fields)
    _save(ExternalIdentity(token=token, user=user, external_id=external_id))
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
    changed = {field: value for field, value in fields.items() if getattr(user, field) != value.strip()}
    if changed and role_of(user) is not None:
        # Whoever may rename an administrator or re-point their mail could become them. Losing access is always allowed.
        raise ReadOnlyHere(_("This person is an administrator here: only active may change."))
    if external_id is not None and external_id != identity.external_id:
        identity.external_id = external_id
        _save(identity)
    user = directory.update_user(user, actor=actor, **changed)
    if active is not None:
        switch = directory.reactivate_user if active else directory.deactivate_user
        user = switch(user, actor=actor)
    return user


def _save(identity: ExternalIdentity) -> None:
    try:
        identity.clean_fields(exclude={"tenant", "token", "user"})
    except ValidationError as error:
        raise FieldsInvalid.from_validation(error) from error
    try:
        with transaction.atomic():
            identity.save()
    except IntegrityError as error:
        raise FieldsTaken({"external_id": [_("This is already taken.")]}) from error
