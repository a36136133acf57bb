from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import Administrator, FailedSignIn, Role
from apps.directory.errors import FieldsInvalid
from apps.directory.models import User
from apps.directory.validators import fold
from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.types import EventType

LOCKOUT_WINDOW = timedelta(minutes=15)
TRIES_PER_ACCOUNT = 10
TRIES_PER_ADDRESS = 100


@transaction.atomic
def add_administrator(user: User, *, actor: Actor, role: str = Role.ADMINISTRATOR) -> Administrator:
    administrator, created = Administrator.objects.get_or_create(user=user, defaults={"role": role})
    if created:
        record(
            EventType.ADMIN_CREATE, actor=actor, target=Target.of("user", user), details={"role": str(role)}
        )
    return administrator  # type: ignore[no-any-return]


@transaction.atomic
def remove_administrator(administrator: Administrator, *, actor: Actor) -> None:
    """The last owner stays: a tenant that nobody may administer could never be mended from inside."""
    others = Administrator.objects.select_for_update().filter(role=Role.OWNER).exclude(pk=administrator.pk)
    if administrator.role == Role.OWNER and not others.exists():
        raise FieldsInvalid({"role": [_("The last owner cannot be removed.")]})
    record(EventType.ADMIN_DELETE, actor=actor, target=Target.of("user", administrator.user))
    administrator.delete()


def locked_out(username: str, client_ip: str) -> bool:
    """Ten refused passwords for an account, or a hundred from an address, within fifteen minutes."""
    recent = FailedSignIn.objects.filter(created_at__gt=timezone.now() - LOCKOUT_WINDOW)
    if recent.filter(account_key=fold(username)).count() >= TRIES_PER_ACCOUNT:
        return True
    return bool(client_ip) and recent.filter(client_ip=client_ip).count() >= TRIES_PER_ADDRESS


@transaction.atomic
def record_sign_in(user: User, *, actor: Actor, application: Target | None = None) -> None:
    FailedSignIn.objects.filter(Q(account_key=user.username_key) | Q(account_key=user.email_key)).delete()
    record(EventType.USER_LOGIN_ATTEMPT, actor=actor, target=Target.of("user", user), application=application)


@transaction.atomic
def record_failed_sign_in(username: str, *, actor: Actor) -> None:
    FailedSignIn.objects.create(account_key=fold(username)[:300], client_ip=actor.client_ip)
    target = Target(kind="user", id="", name=username[:255])
    record(
        EventType.USER_LOGIN_ATTEMPT,
        actor=actor,
        target=target,
        success=False,
        error_message="Wrong user name or password.",
    )
    if locked_out(username, ""):
        record(EventType.USER_LOCKOUT, actor=actor, target=target)


@transaction.atomic
def record_sign_out(user: User, *, actor: Actor) -> None:
    record(EventType.USER_LOGOUT, actor=actor, target=Target.of("user", user))
