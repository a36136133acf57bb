"""
One worker of a thing at a time: a conditional UPDATE of the row that is worked for, which has `busy_token` and `busy_until`.

Whoever dies keeps the turn until it runs out; what is written afterwards names the token, so that a worker taken for dead changes nothing.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone


def take(rows: Any, token: UUID, *, lasting: timedelta) -> bool:
    """`rows` is the one row, in whatever state it has to be for that. False while somebody else has it."""
    now = timezone.now()
    free = Q(busy_until=None) | Q(busy_until__lte=now)
    return bool(rows.filter(free).update(busy_token=token, busy_until=now + lasting))


def keep(rows: Any, token: UUID, *, lasting: timedelta) -> bool:
    """False when it was lost meanwhile."""
    return bool(rows.filter(busy_token=token).update(busy_until=timezone.now() + lasting))


def free(rows: Any, token: UUID) -> None:
    rows.filter(busy_token=token).update(busy_token=None, busy_until=None)


def unpaused() -> Q:
    """No pause was asked for, or it is over (`not_before`)."""
    return Q(not_before=None) | Q(not_before__lte=timezone.now())
