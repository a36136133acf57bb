"""API keys, and the requests of the API that are several actions of the floors below at once: all of it or nothing."""

from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import Administrator
from apps.api.models import ApiKey
from apps.applications import actions as applications
from apps.applications.models import Application
from apps.directory import actions as directory
from apps.directory.errors import FieldsInvalid
from apps.directory.models import User
from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.lib.crypto import new_token

KEY_PREFIX = "gh_api"
USE_IS_NOTED_EVERY = timedelta(minutes=1)


@transaction.atomic
def add_api_key(*, actor: Actor, owner: Administrator, name: str) -> tuple[ApiKey, str]:
    """The row, and the secret that is never to be had again. Raises FieldsInvalid."""
    secret = new_token(KEY_PREFIX)
    key = ApiKey(owner=owner, name=name.strip(), key_id=secret.key_id, digest=secret.digest)
    try:
        key.clean_fields(exclude={"tenant", "owner"})
    except ValidationError as error:
        raise FieldsInvalid.from_validation(error) from error
    key.save(force_insert=True)
    record(
        EventType.API_KEY_CREATE,
        actor=actor,
        target=Target.of("token", key),
        details={"owner": owner.user.username},
    )
    return key, secret.token


@transaction.atomic
def revoke_api_key(key: ApiKey, *, actor: Actor) -> ApiKey:
    key = ApiKey.objects.select_for_update().get(pk=key.pk)
    if key.revoked_at is None:
        key.revoked_at = timezone.now()
        key.save(update_fields=["revoked_at"])
        record(EventType.API_KEY_DELETE, actor=actor, target=Target.of("token", key))
    return key


def note_use(key: ApiKey) -> None:
    """At most once a minute: a read must not cost a write."""
    now = timezone.now()
    if key.last_used_at is None or now - key.last_used_at >= USE_IS_NOTED_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)


@transaction.atomic
def update_person(
    user: User, *, actor: Actor, active: bool | None = None, password: str | None = None, **fields: str
) -> User:
    """All of it or nothing. Raises what the directory's actions raise, LastOwner among it."""
    user = directory.update_user(user, actor=actor, shares_email=None, **fields)
    if password is not None:
        user = directory.set_password(user, password, actor=actor)
    if active is not None:
        switch = directory.reactivate_user if active else directory.deactivate_user
        user = switch(user, actor=actor)
    return user


@transaction.atomic
def remove_person(user: User, *, actor: Actor) -> None:
    """Raises LastOwner, User.DoesNotExist when somebody else was faster."""
    user = User.objects.select_for_update().get(pk=user.pk)
    directory.remove_user(user, actor=actor)


@transaction.atomic
def update_application(
    application: Application, *, actor: Actor, state: str | None = None, **fields: Any
) -> Application:
    """`state` is active or inactive. Raises ApplicationInvalid."""
    application = applications.update_application(application, actor=actor, **fields)
    if state is not None:
        switch = (
            applications.reactivate_application if state == "active" else applications.deactivate_application
        )
        application = switch(application, actor=actor)
    return application
