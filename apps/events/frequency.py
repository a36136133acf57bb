"""How many events fall into each stretch of time."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from django.db.models import BooleanField, Count, F, Value
from django.utils import timezone

from apps.events.search import Search
from apps.events.slots import FINEST, Slot

# Bars as wide as people think; from an hour on they begin where the reader's clock has a round one.
WIDTHS = tuple(
    timedelta(seconds=seconds)
    for seconds in (1, 10, 60, 300, 900, 3600, 3 * 3600, 12 * 3600, 86400, 7 * 86400, 28 * 86400, 364 * 86400)
)
MOST_BARS = 60


def edges_between(first: datetime, last: datetime) -> list[datetime]:
    """Where bars begin, and at last where the last one ends, by the reader's clock. `first` and `last` are inside."""
    width = next((each for each in WIDTHS if (last - first) / each < MOST_BARS - 1), WIDTHS[-1])
    edge = _round(first, width)
    edges = [edge]
    while edge <= last:
        edge = _round(edge + width * 1.5, width) if width > FINEST else edge + width
        edges.append(edge)
    return sorted({each.astimezone(UTC) for each in edges})


def _round(moment: datetime, width: timedelta) -> datetime:
    """The last round moment at or before `moment`; days as long as they are where clocks change."""
    local = timezone.localtime(moment)
    if width <= FINEST:
        return datetime.fromtimestamp(
            moment.timestamp() // width.total_seconds() * width.total_seconds(), UTC
        )
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    if width < timedelta(days=1):
        hours = int(width.total_seconds() // 3600)
        return midnight.replace(hour=local.hour // hours * hours)
    days = width.days
    return midnight - timedelta(days=(midnight.toordinal() - 1) % days)


def frequency(search: Search, edges: Sequence[datetime]) -> list[tuple[int, int]]:
    """(succeeded, failed) between each two of the edges."""
    seconds = int(min([FINEST, *(later - earlier for earlier, later in pairwise(edges))]).total_seconds())
    # What all lines say alike is not read of each: the index over failures answers alone.
    success = F("success") if search.success is None else Value(search.success, output_field=BooleanField())
    counted = [
        lines.order_by().annotate(slot=Slot(F("created_at"), seconds), good=success).values_list("slot", "good").annotate(number=Count("*"))
        for lines in search.branches()
    ]  # fmt: skip
    rows = counted[0].union(*counted[1:], all=True) if len(counted) > 1 else counted[0]
    begins, counts = [edge.timestamp() for edge in edges], [[0, 0] for _ in edges]
    for slot, success, number in rows:
        place = bisect_right(begins, slot * seconds) - 1
        if 0 <= place < len(edges) - 1:
            counts[place][0 if success else 1] += number
    return [(good, bad) for good, bad in counts[:-1]]
