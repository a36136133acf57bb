"""What a person has besides the password, and whether they need it."""

import datetime as dt
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from apps.accounts.access import role_of
from apps.accounts.models import Authenticator, Passkey, RecoveryCode, Role, SecondFactorRequest
from apps.directory.models import SecondFactor, SignInPolicy, User
from apps.directory.policies import policy_of_tenant

DUE = "second_factor_due"  # session: until when this person may do without one, as a timestamp


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
    return _required_by(policy_of_tenant(), user)


def second_factor_due(user: User) -> dt.datetime | None:
    """The moment from which `user`, who has none, cannot sign in without one. None for whom none is required.

    To be asked at a sign-in: the first question notes that they know, and the days that the policy gives count from there. They do not
    begin anew for whoever lost a second factor that they had.
    """
    policy = policy_of_tenant()
    if not _required_by(policy, user):
        return None
    asked: dt.datetime = SecondFactorRequest.objects.get_or_create(user=user)[0].created_at
    return asked + dt.timedelta(days=policy.second_factor_days)


def template_context(request: HttpRequest) -> dict[str, Any]:
    """`second_factor_due`: until when the person may do without a second factor, where that is required and they have none."""
    return {"second_factor_due": SimpleLazyObject(lambda: _still_due(request))}


def _still_due(request: HttpRequest) -> dt.datetime | None:
    """Asks the database only in a session that began without one."""
    if not request.user.is_authenticated or DUE not in request.session:
        return None
    if has_second_factor(request.user):
        del request.session[DUE]
        return None
    return dt.datetime.fromtimestamp(request.session[DUE], tz=timezone.get_current_timezone())


def _required_by(policy: SignInPolicy, user: User) -> bool:
    asked_of, role = policy.second_factor, role_of(user)
    if asked_of == SecondFactor.OWNERS:
        return role == Role.OWNER
    if asked_of == SecondFactor.ADMINISTRATORS:
        return role is not None
    return asked_of == SecondFactor.EVERYBODY
