"""
How many people came before some moments, remembered from pages that were read, for the next ones of the same list (docs/decisions/0042).

For PostgreSQL, where many write at once and nobody keeps such moments (apps.directory.headcount). Nobody comes before somebody who came
some minutes ago; and when somebody goes, which is counted, nothing of this is believed any more. Each process remembers its own.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from django.core.cache import cache
from django.utils import timezone

from apps.tenants.context import current_tenant_id

SETTLED = timedelta(minutes=5)  # no transaction lasts so long: whoever came before is seen by all
BELIEVED_SECONDS = 600
MOST = 100  # the newest; a list is read page after page


class Landmark(NamedTuple):
    """`before` people came before `since`, as long as no more than `gone` have gone; None where moments are kept, and not remembered."""

    since: datetime
    before: int
    gone: int | None = None


def nearest(position: int, gone: int, beginning: datetime) -> Landmark:
    """Of those that are at `position`, counted from 0, or before it."""
    known = _remembered(gone)
    before = max((each for each in known if each <= position), default=0)
    return Landmark(known.get(before, beginning), before, gone)


def remember(walked_from: Landmark, start: int, moments: Sequence[datetime]) -> None:
    """`moments` of arrival of people one after the other, the first of them at `start`. `walked_from` was asked for before they were read."""
    if walked_from.gone is None:
        return
    settled = timezone.now() - SETTLED
    places = enumerate(pairwise(moments), start + 1)
    # Not those who came at the same moment as somebody before them, whom `since` would have, too.
    found = {place: moment for place, (former, moment) in places if former != moment and moment < settled}
    if found:
        # For the same page, should it be asked for again, and for the next one.
        newest = [*_remembered(walked_from.gone).items(), min(found.items()), max(found.items())][-MOST:]
        cache.set(_key(), (walked_from.gone, dict(newest)), BELIEVED_SECONDS)


def _remembered(gone: int) -> dict[int, datetime]:
    then, known = cache.get(_key(), (gone, {}))
    return known if then == gone else {}


def _key() -> str:
    return f"landmarks:{current_tenant_id()}"
