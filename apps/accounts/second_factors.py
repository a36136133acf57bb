"""What a person has besides the password, and whether they need it."""

import datetime as dt
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from apps.accounts.access import role_of
from apps.accounts.models import Authenticator, Passkey, RecoveryCode, Role, SecondFactorRequest
from apps.directory.models import SecondFactor, SignInPolicy, User
from apps.directory.policies import policy_of_tenant

DUE = "second_factor_due"  # session: until when this person may do without one, as a timestamp
RULE = "second_factor_rule"  # session: the version of the organisation's rule that it was last judged by; a new organisation's without it


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

    To be asked at a sign-in, and where the rule has changed since: the first question notes that they know, and the days that the policy gives count from there. They do not
    begin anew for whoever lost a second factor that they had.
    """
    policy = policy_of_tenant()
    if not _required_by(policy, user):
        return None
    asked: dt.datetime = SecondFactorRequest.objects.get_or_create(user=user)[0].created_at
    return asked + dt.timedelta(days=policy.second_factor_days)


def note_due(request: HttpRequest, due: dt.datetime | None) -> None:
    """What the organisation's rule, as it is now, means for this session. None: nothing."""
    request.session[RULE] = _rule_of(request)
    if due is None:
        request.session.pop(DUE, None)
    else:
        request.session[DUE] = due.timestamp()


def is_judged(request: HttpRequest) -> bool:
    """By the rule as it is now, and the days are not over: nothing has to be asked. Reads the session alone."""
    due = request.session.get(DUE)
    in_time = due is None or timezone.now().timestamp() < due
    return bool(in_time and request.session.get(RULE, 0) == _rule_of(request))


def is_overdue(request: HttpRequest, user: User) -> bool:
    """`user`, whose session this is, must have a second factor, has none, and the days for it are over: they sign in again, and set one up.

    A session that began under another rule learns here what the new one asks. The database is asked only then and once the days are over.
    """
    if is_judged(request):
        return False
    has_one = has_second_factor(user)
    if request.session.get(RULE, 0) != _rule_of(request) or has_one:
        note_due(request, None if has_one else second_factor_due(user))
    return not is_judged(request)


def days_are_over(request: HttpRequest) -> bool:
    """Why the sign-in page is shown to somebody whose session has not ended."""
    due = request.session.get(DUE)
    return due is not None and due <= timezone.now().timestamp() and SESSION_KEY in request.session


def _rule_of(request: HttpRequest) -> int:
    return int(getattr(getattr(request, "tenant", None), "second_factor_version", 0))


def template_context(request: HttpRequest) -> dict[str, Any]:
    """`second_factor_due`: until when the person may do without a second factor, where that is required and they have none."""
    return {"second_factor_due": SimpleLazyObject(lambda: _still_due(request))}


def _still_due(request: HttpRequest) -> dt.datetime | None:
    """Asks the database only in a session of somebody who had none."""
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
