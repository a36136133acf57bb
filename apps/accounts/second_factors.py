"""What a person has besides the password, and whether they need it."""

from apps.accounts.access import role_of
from apps.accounts.models import Authenticator, Passkey, RecoveryCode, Role
from apps.directory.models import SecondFactor, User
from apps.directory.policies import policy_of_tenant


def has_second_factor(user: User) -> bool:
    return authenticator_of(user) is not None or bool(passkeys_of(user))


def passkeys_of(user: User) -> list[Passkey]:
    return list(Passkey.objects.filter(user=user))


def authenticator_of(user: User) -> Authenticator | None:
    """None also while it was never confirmed by a code."""
    found: Authenticator | None = Authenticator.objects.filter(user=user, confirmed_at__isnull=False).first()
    return found


def recovery_codes_left(user: User) -> int:
    return int(RecoveryCode.objects.filter(user=user).count())


def second_factor_required(user: User) -> bool:
    """By the organisation's policy as it is now."""
    asked_of, role = policy_of_tenant().second_factor, role_of(user)
    if asked_of == SecondFactor.OWNERS:
        return role == Role.OWNER
    if asked_of == SecondFactor.ADMINISTRATORS:
        return role is not None
    return asked_of == SecondFactor.EVERYBODY
