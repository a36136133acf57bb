"""The 24-hour chart: numbers in, bars out. Drawn as SVG attributes, since the policy refuses styles."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

HEIGHT = 60
STEP = 20


@dataclass(frozen=True, slots=True)
class Bar:
    """One hour. `y` and heights in the chart's own units, top down; failures stand on top of successes."""

    hour: datetime
    succeeded: int
    failed: int
    x: int
    ok_y: float
    ok_height: float
    bad_y: float
    bad_height: float


def hours_before(now: datetime, count: int = 24) -> list[datetime]:
    first = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=count - 1)
    return [first + timedelta(hours=step) for step in range(count)]


def bars(counted: Iterable[tuple[datetime, bool, int]], now: datetime) -> list[Bar]:
    """`counted` are (hour, succeeded, number) of the last 24 hours; hours before them are left out."""
    hours = hours_before(now)
    counts = {hour: [0, 0] for hour in hours}
    for hour, succeeded, number in counted:
        if hour in counts:
            counts[hour][0 if succeeded else 1] += number
    most = max((sum(pair) for pair in counts.values()), default=0) or 1
    drawn = []
    for number, (hour, (good, bad)) in enumerate(counts.items()):
        ok_height, bad_height = round(HEIGHT * good / most, 1), round(HEIGHT * bad / most, 1)
        ok_y = round(HEIGHT - ok_height, 1)
        drawn.append(
            Bar(hour, good, bad, number * STEP, ok_y, ok_height, round(ok_y - bad_height, 1), bad_height)
        )
    return drawn
