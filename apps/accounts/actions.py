from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth import authenticate
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from apps.accounts.client_addresses import address_key
from apps.accounts.models import Administrator, FailedSignIn, Role
from apps.directory.errors import FieldsInvalid, LastOwner
from apps.directory.models import User
from apps.directory.validators import fold
from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.tenants.prepared import PreparedQuery

LOCKOUT_WINDOW = timedelta(minutes=15)
TRIES_PER_ACCOUNT = 10
TRIES_PER_ADDRESS = 100
_OWNER = PreparedQuery(lambda user: Administrator.objects.filter(role=Role.OWNER, user=user), user=UUID)


@transaction.atomic
def add_administrator(user: User, *, actor: Actor, role: str = Role.ADMINISTRATOR) -> Administrator:
    """Whoever has a role already keeps it. Raises FieldsInvalid for somebody who is deactivated."""
    if not User.objects.select_for_update().get(pk=user.pk).active:
        raise FieldsInvalid({"user": [_("Somebody who is deactivated cannot administer.")]})
    administrator, created = Administrator.objects.get_or_create(user=user, defaults={"role": role})
    if created:
        record(
            EventType.ADMIN_CREATE, actor=actor, target=Target.of("user", user), details={"role": str(role)}
        )
    return administrator  # type: ignore[no-any-return]


@transaction.atomic
def change_role(administrator: Administrator, role: str, *, actor: Actor) -> Administrator:
    """Whether the actor may give and take these roles is the caller's question (access.may_grant). Raises LastOwner, FieldsInvalid."""
    if not User.objects.select_for_update().get(pk=administrator.user_id).active:
        raise FieldsInvalid({"role": [_("Somebody who is deactivated cannot administer.")]})
    if role != Role.OWNER:
        keep_an_owner(administrator.user)  # before their own row is locked: owners are locked in one order
    administrator = Administrator.objects.select_for_update(of=("self",)).get(pk=administrator.pk)
    if administrator.role == role:
        return administrator
    changes = [{"field": "role", "from": str(administrator.role), "to": str(role)}]
    administrator.role = role
    administrator.save(update_fields=["role"])
    target = Target.of("user", administrator.user)
    record(EventType.ADMIN_UPDATE, actor=actor, target=target, changes=changes)
    return administrator


def keep_an_owner(user: User, **_signal: Any) -> None:
    """Before somebody loses their role or, by way of `leaving`, their access; inside that transaction. Raises LastOwner:
    a tenant that nobody may administer could never be mended from inside.

    Two owners who go at once follow each other: both lock all owners, in one order, and ask who is active only then.
    """
    if not _OWNER.exists(user=user.pk):
        return  # as most who leave
    owners = Administrator.objects.filter(role=Role.OWNER)
    locked = list(owners.select_for_update(of=("self",)).order_by("pk").values_list("user_id", flat=True))
    others = User.objects.filter(pk__in=locked, active=True).exclude(pk=user.pk)
    if user.pk in locked and not others.exists():
        raise LastOwner({"role": [_("The last owner cannot be removed. Make somebody else an owner first.")]})


@transaction.atomic
def remove_administrator(administrator: Administrator, *, actor: Actor) -> None:
    """They stay a person of the organisation; their API keys go with the role. Raises LastOwner."""
    keep_an_owner(administrator.user)
    record(
        EventType.ADMIN_DELETE,
        actor=actor,
        target=Target.of("user", administrator.user),
        details={"role": str(administrator.role)},
    )
    administrator.delete()


@dataclass(frozen=True, slots=True)
class Guessed:
    """The account a typed name stands for. A person is one account, whether their user name or their e-mail is guessed at."""

    key: str
    target: Target

    @classmethod
    def by(cls, username: str) -> "Guessed":
        users = list(User.objects.checked().named(username)[:2])
        if len(users) == 1:
            return cls(users[0].username_key, Target.of("user", users[0]))
        return cls(fold(username)[:300], Target(kind="user", id="", name=username[:255]))


def locked_out(username: str, client_ip: str) -> bool:
    """Ten refused passwords for an account, or a hundred from an address, within fifteen minutes."""
    return _locked(Guessed.by(username), client_ip)


@sensitive_variables("password")
def person_with(username: str, password: str, *, actor: Actor) -> User | None:
    """The person whose password this is, also when it has expired. None for every refusal alike: unknown, wrong, locked out, deactivated."""
    account, actor = Guessed.by(username), replace(actor, auth_method="password")
    # Counted before it is judged: a hundred guesses at once are still no more than ten.
    attempt = _count(account, actor)
    if _locked(account, actor.client_ip, besides=attempt):
        User().set_password(password)  # the same work as a judged one, so that timing tells nothing
        attempt.delete()  # a locked account opens in time, however long somebody knocks
        _record_refusal(account, actor=actor, reason="Locked after too many wrong passwords.")
        return None
    user = authenticate(username=username, password=password)
    if not isinstance(user, User):
        _record_wrong(account, actor=actor)
        return None
    attempt.delete()
    return user


def tried(user: User, *, right: Callable[[], bool], actor: Actor) -> bool:
    """Whether what `user` shows besides the password is right. Counted and locked together with their passwords."""
    account = Guessed(user.username_key, Target.of("user", user))
    attempt = _count(account, actor)
    if _locked(account, actor.client_ip, besides=attempt):
        attempt.delete()
        _record_refusal(account, actor=actor, reason="Locked after too many wrong codes or passwords.")
        return False
    if not right():
        _record_wrong(account, actor=actor, reason="Wrong code.")
        return False
    attempt.delete()
    return True


@transaction.atomic
def record_sign_in(user: User, *, actor: Actor, again: bool = False) -> None:
    """`again`: it confirms a session that goes on."""
    FailedSignIn.objects.filter(Q(account_key=user.username_key) | Q(account_key=user.email_key)).delete()
    details = {"reauthentication": True} if again else {}
    record(EventType.USER_LOGIN_ATTEMPT, actor=actor, target=Target.of("user", user), details=details)


@transaction.atomic
def unlock(user: User, *, actor: Actor) -> bool:
    """Their wrong tries are forgotten, those of the addresses they came from stay. False where none was counted."""
    keys = Q(account_key=user.username_key) | Q(account_key=user.email_key)
    forgotten, _rows = FailedSignIn.objects.filter(keys).delete()
    if forgotten:
        record(EventType.USER_UNLOCK, actor=actor, target=Target.of("user", user))
    return bool(forgotten)


@transaction.atomic
def record_failed_sign_in(username: str, *, actor: Actor) -> None:
    account = Guessed.by(username)
    _count(account, actor)
    _record_wrong(account, actor=actor)


def _recent(account: Guessed) -> Any:
    return FailedSignIn.objects.filter(
        created_at__gt=timezone.now() - LOCKOUT_WINDOW, account_key=account.key
    )


def _locked(account: Guessed, client_ip: str, *, besides: FailedSignIn | None = None) -> bool:
    own = 0 if besides is None else 1
    if _recent(account).count() - own >= TRIES_PER_ACCOUNT:
        return True
    address = address_key(client_ip)
    since = timezone.now() - LOCKOUT_WINDOW
    tries = FailedSignIn.objects.filter(created_at__gt=since, client_ip=address)
    return bool(address) and tries.count() - own >= TRIES_PER_ADDRESS


def _count(account: Guessed, actor: Actor) -> FailedSignIn:
    address = address_key(actor.client_ip)
    attempt: FailedSignIn = FailedSignIn.objects.create(account_key=account.key, client_ip=address)
    return attempt


@transaction.atomic
def _record_wrong(account: Guessed, *, actor: Actor, reason: str = "Wrong username or password.") -> None:
    _record_refusal(account, actor=actor, reason=reason)
    if _recent(account).count() == TRIES_PER_ACCOUNT:  # the one that locks: later ones are not counted
        record(EventType.USER_LOCKOUT, actor=actor, target=account.target)


def _record_refusal(account: Guessed, *, actor: Actor, reason: str) -> None:
    record(
        EventType.USER_LOGIN_ATTEMPT,
        actor=actor,
        target=account.target,
        success=False,
        error_message=reason,
    )


def record_refused_passkey(*, actor: Actor, reason: str) -> None:
    """Whose it was is not known, or not believed."""
    target, actor = Target(kind="user", id=actor.id, name=actor.name), replace(actor, auth_method="passkey")
    words = f"Passkey refused: {reason}."
    record(EventType.USER_LOGIN_ATTEMPT, actor=actor, target=target, success=False, error_message=words)


@transaction.atomic
def record_sign_out(user: User, *, actor: Actor, application: Target | None = None) -> None:
    """`application` is the one that asked for it."""
    record(EventType.USER_LOGOUT, actor=actor, target=Target.of("user", user), application=application)
