"""How a person's account stands, for lists: one word for each, and the same words as questions to the database."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import models
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.accounts.access import password_expired
from apps.accounts.actions import LOCKOUT_WINDOW, TRIES_PER_ACCOUNT
from apps.accounts.models import FailedSignIn
from apps.directory.models import User


class AccountState(models.TextChoices):
    ACTIVE = "active", _("Active")
    INACTIVE = "inactive", _("Inactive")
    PENDING = "pending", _("No password yet")
    LOCKED = "locked", _("Locked")
    EXPIRED = "expired", _("Password expired")


def in_state(people: Any, state: str) -> Any:
    """QuerySet of those of `people` (a QuerySet) who are in it; "active" are all who are not deactivated. Another word changes nothing."""
    active = Q(active=True)
    conditions = {
        AccountState.ACTIVE: active,
        AccountState.INACTIVE: ~active,
        AccountState.PENDING: active & Q(password__startswith=UNUSABLE_PASSWORD_PREFIX),
        AccountState.EXPIRED: active & Q(password_expires_at__lte=timezone.now()),
        AccountState.LOCKED: active & Q(username_key__in=_locked()),
    }
    return people.filter(conditions[AccountState(state)]) if state in AccountState else people


def states_of_people(people: Iterable[User]) -> dict[Any, AccountState]:
    """Person id → the one word that says most. One query."""
    people = list(people)
    locked = set(_locked().filter(account_key__in=[person.username_key for person in people]))
    return {person.pk: _state(person, locked) for person in people}


def _state(person: User, locked: set[str]) -> AccountState:
    if not person.active:
        return AccountState.INACTIVE
    if person.username_key in locked:
        return AccountState.LOCKED
    if password_expired(person):
        return AccountState.EXPIRED
    return AccountState.ACTIVE if person.has_usable_password() else AccountState.PENDING


def _locked() -> Any:
    """QuerySet of account keys."""
    recent = FailedSignIn.objects.filter(created_at__gt=timezone.now() - LOCKOUT_WINDOW).order_by()
    counted = recent.values("account_key").annotate(tries=Count("pk")).filter(tries__gte=TRIES_PER_ACCOUNT)
    return counted.values_list("account_key", flat=True)
