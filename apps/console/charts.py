"""Charts of successes and failures: numbers in, bars out. Drawn as SVG attributes, since the policy refuses styles."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

HEIGHT = 60
STEP = 20


@dataclass(frozen=True, slots=True)
class Bar:
    """From `begins` to `ends`. `x`, `y` and heights in the chart's own units, top down; failures stand on top of successes."""

    begins: datetime
    ends: datetime
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
    edges = [*hours, hours[-1] + timedelta(hours=1)]
    return drawn(edges, [(good, bad) for good, bad in counts.values()])


def drawn(edges: Sequence[datetime], counts: Sequence[tuple[int, int]]) -> list[Bar]:
    """`counts` are (succeeded, failed) between each two of the edges."""
    most = max((good + bad for good, bad in counts), default=0) or 1
    chart = []
    for number, (good, bad) in enumerate(counts):
        ok_height, bad_height = round(HEIGHT * good / most, 1), round(HEIGHT * bad / most, 1)
        ok_y = round(HEIGHT - ok_height, 1)
        at = (edges[number], edges[number + 1], good, bad, number * STEP)
        chart.append(Bar(*at, ok_y, ok_height, round(ok_y - bad_height, 1), bad_height))
    return chart
