"""What the organisation's sign-in policy means for a password that is being set, and for those that are."""

import datetime as dt
from functools import cache
from typing import Any

from django.contrib.auth.hashers import check_password
from django.contrib.auth.password_validation import (
    CommonPasswordValidator,
    MinimumLengthValidator,
    UserAttributeSimilarityValidator,
    password_validators_help_texts,
    validate_password,
)
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.debug import sensitive_variables

from apps.directory.errors import FieldsInvalid
from apps.directory.models import FormerPassword, SignInPolicy, User
from apps.events.actions import changes_between, record
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.lib.language import written
from apps.outbox.models import Topic
from apps.outbox.publish import publish_all
from apps.tenants.actions import note_second_factor_rule

FIELDS = (
    "minimum_length",
    "refuse_common",
    "history",
    "maximum_age_days",
    "second_factor",
    "second_factor_days",
)
GRACE = dt.timedelta(days=7)  # when passwords begin to expire, nobody's is over at once


def policy_of_tenant() -> SignInPolicy:
    return SignInPolicy.objects.first() or SignInPolicy()


def password_rules() -> list[str]:
    """In sentences, for the form that asks for a new password."""
    policy = policy_of_tenant()
    rules = password_validators_help_texts(_validators(policy))
    if policy.history:
        rules.append(
            ngettext(
                "It can’t be your present password.",
                "It can’t be one of your last %(count)s passwords.",
                policy.history,
            )
            % {"count": policy.history}
        )
    return rules


@sensitive_variables("password")
def check_new_password(user: User, password: str) -> None:
    """Raises FieldsInvalid with every rule that it breaks."""
    policy = policy_of_tenant()
    problems: list[str] = []
    try:
        validate_password(password, user, password_validators=_validators(policy))
    except ValidationError as error:
        problems += error.messages
    if policy.history and any(check_password(password, old) for old in _latest(user, policy.history)):
        problems.append(_("You have had this password before."))
    if problems:
        raise FieldsInvalid({"password": problems})


def note_new_password(user: User, former: str) -> None:
    """After user.set_password(), before the row is saved: until when it is good, and which it was that it replaced ("" for none)."""
    policy = policy_of_tenant()
    user.password_set_at = timezone.now()
    age = dt.timedelta(days=policy.maximum_age_days)
    user.password_expires_at = user.password_set_at + age if age else None
    if policy.history and former:
        FormerPassword.objects.create(user=user, password=former)
    kept = FormerPassword.objects.filter(user=user).values_list("pk", flat=True)[: max(policy.history - 1, 0)]
    FormerPassword.objects.filter(user=user).exclude(pk__in=list(kept)).delete()


@transaction.atomic
def update_policy(*, actor: Actor, **values: Any) -> SignInPolicy:
    """Changes the given FIELDS. Raises FieldsInvalid. Passwords that become too old are good for another seven days."""
    policy = SignInPolicy.objects.select_for_update().first() or SignInPolicy()
    before = {field: getattr(policy, field) for field in FIELDS}
    for field, value in values.items():
        setattr(policy, field, value)
    try:
        policy.clean_fields(exclude={"tenant"})
    except ValidationError as error:
        raise FieldsInvalid.from_validation(error) from error
    if changes := changes_between(before, {field: getattr(policy, field) for field in FIELDS}):
        policy.save()
        if policy.maximum_age_days != before["maximum_age_days"]:
            _apply_age(policy)
        if any(getattr(policy, field) != before[field] for field in ("second_factor", "second_factor_days")):
            note_second_factor_rule(policy.tenant_id)
        target = Target("policy", "", written(gettext_lazy("Sign-in policy")))
        record(EventType.SIGN_IN_POLICY_UPDATE, actor=actor, target=target, changes=changes)
    return policy


def _apply_age(policy: SignInPolicy) -> None:
    """To everybody who has a password. Where it is not known since when, it counts from today. Whoever's has expired hears of it as ever."""
    people = User.objects.exclude(password="").exclude(password__startswith="!")  # noqa: S106 - Django's mark of none
    expired = list(people.filter(password_expires_at__lte=timezone.now()).values_list("pk", flat=True))
    if not policy.maximum_age_days:
        people.update(password_expires_at=None)
    else:
        now, age = timezone.now(), dt.timedelta(days=policy.maximum_age_days)
        people.filter(password_set_at=None).update(password_set_at=now)
        soon = Q(password_set_at__lt=now + GRACE - age)
        people.filter(soon).update(password_expires_at=now + GRACE)
        people.exclude(soon).update(password_expires_at=F("password_set_at") + age)
    publish_all(Topic.USER_CHANGED, expired)


def _latest(user: User, number: int) -> list[str]:
    former = FormerPassword.objects.filter(user=user).values_list("password", flat=True)
    return [user.password, *former[: number - 1]]


def _validators(policy: SignInPolicy) -> list[Any]:
    rules = [UserAttributeSimilarityValidator(), MinimumLengthValidator(policy.minimum_length)]
    return [*rules, _common()] if policy.refuse_common else rules


@cache
def _common() -> CommonPasswordValidator:
    """Reads twenty thousand lines, once."""
    return CommonPasswordValidator()
