"""When somebody is told that something ends: at set distances from its end, and once it has ended."""

import datetime as dt
from collections.abc import Sequence


def passed(end: dt.datetime, now: dt.datetime, thresholds: Sequence[int]) -> int | None:
    """The nearest of `thresholds`, in days before the end, that was passed; 0 is the end itself. None while there is time."""
    left = end - now
    if left <= dt.timedelta():
        return 0
    return min((days for days in thresholds if left <= dt.timedelta(days=days)), default=None)


def days_left(end: dt.datetime, now: dt.datetime) -> int:
    """Days that have begun count: what ends tomorrow at noon ends in 2 days this morning, and in 1 this afternoon."""
    return max(-((now - end) // dt.timedelta(days=1)), 0)
