"""
How many requests a source may send: far more than the 25 a second that identity providers send, and an end to a script gone wild.

The budget is the database's, so that it holds for all processes together and needs nothing else; but a request must not cost a write. So each
process grants FREE_PER_SECOND by itself, and only beyond that takes from the budget, LOT requests at a time.
"""

import math
import threading
import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from apps.scim.errors import Throttled
from apps.scim.models import RequestBudget, Source
from apps.tenants.prepared import PreparedQuery, update

SECONDS_OF_BURST = 4
FREE_PER_SECOND = 5.0
LOT = 25
_LOCKED = PreparedQuery(
    lambda source: RequestBudget.objects.select_for_update().filter(source=source), source=UUID
)


@dataclass
class _Share:
    """What this process may still grant: for nothing, refilled with time, and of what it took from the budget."""

    free: float
    filled_at: float
    taken: int = 0


_shares: dict[Any, _Share] = {}
_lock = threading.Lock()


def count(source: Source) -> None:
    """Raises Throttled."""
    if _granted(source, time.time(), taken=0):
        return
    taken, wait = take_from_budget(source, LOT)
    if not taken:
        raise Throttled(seconds=wait)
    _granted(source, time.time(), taken=taken)


def _granted(source: Source, now: float, *, taken: int) -> bool:
    burst = FREE_PER_SECOND * SECONDS_OF_BURST
    with _lock:
        share = _shares.setdefault(source.pk, _Share(burst, now))
        share.free = min(burst, share.free + max(0.0, now - share.filled_at) * FREE_PER_SECOND)
        share.filled_at = now
        share.taken += taken
        if share.free >= 1:
            share.free -= 1
        elif share.taken:
            share.taken -= 1
        else:
            return False
    return True


@transaction.atomic
def take_from_budget(source: Source, wanted: int) -> tuple[int, int]:
    """How many of `wanted` there were, and otherwise the seconds until there is one. In a transaction of its own: a refusal is counted too."""
    rate = settings.SCIM_REQUESTS_PER_SECOND
    now = time.time()
    most = float(rate * SECONDS_OF_BURST)
    budget = _LOCKED.first(source=source.pk)
    if budget is None:
        RequestBudget.objects.get_or_create(source=source, defaults={"left": most, "filled_at": now})
        budget = _LOCKED.first(source=source.pk)
    left = min(most, budget.left + max(0.0, now - budget.filled_at) * rate)
    taken = min(wanted, math.floor(left))
    budget.left, budget.filled_at = left - taken, now
    update(budget, ("left", "filled_at"))
    return taken, max(1, math.ceil((1 - left) / rate))
