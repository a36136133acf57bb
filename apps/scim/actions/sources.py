"""Sources and the tokens they bring."""

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.directory.errors import FieldsInvalid, FieldsTaken
from apps.events.actions import changes_between, record
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.lib.crypto import new_token
from apps.scim.models import ScimToken, Source, SourceKind

TOKEN_PREFIX = "gh_scim"  # noqa: S105 - what scanners for leaked secrets look for
MOST_LIVE_TOKENS = 2  # the old one and its successor
USE_IS_NOTED_EVERY = timedelta(minutes=1)


@transaction.atomic
def add_source(*, actor: Actor, name: str, kind: str = SourceKind.OTHER) -> Source:
    """Raises FieldsInvalid, FieldsTaken."""
    source = Source(name=name.strip(), kind=kind)
    _save(source)
    record(
        EventType.SCIM_SOURCE_CREATE,
        actor=actor,
        target=Target.of("source", source),
        changes=changes_between({}, _snapshot(source)),
    )
    return source


@transaction.atomic
def update_source(
    source: Source,
    *,
    actor: Actor,
    name: str | None = None,
    kind: str | None = None,
    invites: bool | None = None,
) -> Source:
    """None leaves as it is. Past events keep the name they were recorded under. Raises FieldsInvalid, FieldsTaken."""
    source = Source.objects.select_for_update().get(pk=source.pk)
    before = _snapshot(source)
    source.name = source.name if name is None else name.strip()
    source.kind = source.kind if kind is None else kind
    source.invites = source.invites if invites is None else invites
    if changes := changes_between(before, _snapshot(source)):
        _save(source)
        record(EventType.SCIM_SOURCE_UPDATE, actor=actor, target=Target.of("source", source), changes=changes)
    return source


def _snapshot(source: Source) -> dict[str, Any]:
    return {"name": source.name, "kind": source.kind, "invites": source.invites}


def _validate(source: Source) -> None:
    try:
        source.clean_fields(exclude={"tenant", "name_key"})
    except ValidationError as error:
        raise FieldsInvalid.from_validation(error) from error


def _save(source: Source) -> None:
    source.fill_keys()
    _validate(source)
    try:
        with transaction.atomic():
            source.save()
    except IntegrityError as error:
        raise FieldsTaken({"name": [_("This is already taken.")]}) from error


@transaction.atomic
def remove_source(source: Source, *, actor: Actor) -> None:
    """Its tokens go with it; its people and groups stay, as nobody's."""
    if Source.objects.select_for_update().filter(pk=source.pk).first() is None:
        return  # another request was faster
    record(EventType.SCIM_SOURCE_DELETE, actor=actor, target=Target.of("source", source))
    source.delete()


@transaction.atomic
def add_token(source: Source, *, actor: Actor, expires_at: datetime | None = None) -> tuple[ScimToken, str]:
    """The row, and the secret that is never to be had again. Raises FieldsInvalid."""
    source = Source.objects.select_for_update().get(pk=source.pk)
    if expires_at is not None and expires_at <= timezone.now():
        raise FieldsInvalid({"expires_at": [_("This lies in the past.")]})
    if ScimToken.objects.live().filter(source=source).count() >= MOST_LIVE_TOKENS:
        raise FieldsInvalid(
            {"name": [_("It already has two tokens that are good: revoke one of them first.")]}
        )
    secret = new_token(TOKEN_PREFIX)
    token = ScimToken(source=source, key_id=secret.key_id, digest=secret.digest, expires_at=expires_at)
    token.save(force_insert=True)
    record(EventType.SCIM_TOKEN_CREATE, actor=actor, target=Target.of("token", token))
    return token, secret.token


@transaction.atomic
def add_scim_token(
    *, actor: Actor, name: str, kind: str = SourceKind.OTHER, expires_at: datetime | None = None
) -> tuple[ScimToken, str]:
    """For the source of that name, which is made if there is none. Raises FieldsInvalid, FieldsTaken."""
    _validate(Source(name=name.strip(), kind=kind))  # before the database is asked: PostgreSQL takes no NUL
    source = Source.objects.filter(name_key=Source.key_of(name)).first()
    if source is None:
        source = add_source(actor=actor, name=name, kind=kind)
    return add_token(source, actor=actor, expires_at=expires_at)


@transaction.atomic
def revoke_scim_token(token: ScimToken, *, actor: Actor) -> ScimToken:
    """From the next request on it is refused; the people of its source stay as they are."""
    token = ScimToken.objects.select_for_update(of=("self",)).select_related("source").get(pk=token.pk)
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
