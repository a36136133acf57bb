"""How many lines each hour, day or week of a clock has, counted where they lie."""

from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.events.actions import record
from apps.events.actors import Actor
from apps.events.counting import moments_of
from apps.events.models import Event
from apps.events.search import Search
from apps.events.types import EventType

BERLIN = ZoneInfo("Europe/Berlin")
CHANGES = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 02:30 in Berlin, half an hour before it is 02:00 again
ZONES = {
    "UTC": UTC,
    "Berlin, whose clock goes back": BERLIN,
    "Kathmandu, 5:45 ahead": ZoneInfo("Asia/Kathmandu"),
    "Lord Howe, whose clock changes by half an hour": ZoneInfo("Australia/Lord_Howe"),
    "an offset of odd minutes": timezone(timedelta(hours=5, minutes=7)),
}


@pytest.fixture
def lines(inside):
    """One every seventeen minutes, for four days."""
    for number in range(340):
        with time_machine.travel(CHANGES - timedelta(days=2, minutes=number * -17), tick=False):
            record(EventType.SSO_AUTH, actor=Actor("person", "1", "mia"))


def wall_clock(moment, unit, zone):
    """The unit in which a moment lies, as a clock there shows it, with its offset."""
    local = moment.astimezone(zone)
    if unit == "week":
        return local.isocalendar()[:2]
    if unit == "day":
        return local.date()
    return local.strftime("%Y-%m-%d %H%z" if unit == "hour" else "%Y-%m-%d %H:%M%z")


@pytest.mark.parametrize("unit", ["second", "minute", "hour", "day", "week"])
@pytest.mark.parametrize("zone", ZONES)
def test_each_line_counts_where_a_clock_there_has_it(lines, unit, zone):
    counted, zone = moments_of(Search(types=["sso_auth"]), unit, ZONES[zone]), ZONES[zone]
    moments = Event.objects.filter(type="sso_auth").values_list("created_at", flat=True)
    wanted = Counter(wall_clock(moment, unit, zone) for moment in moments)
    found = Counter()
    for begins, number in counted.numbers.items():
        found[wall_clock(begins, unit, zone)] += number
    if unit == "hour" and zone == ZONES["Lord Howe, whose clock changes by half an hour"]:
        assert found.total() == wanted.total()
    else:
        assert found == wanted
    assert len(counted.numbers) == len(found), "each unit once"


def test_the_hour_that_a_clock_shows_twice_is_two(lines):
    numbers = moments_of(Search(), "hour", BERLIN).numbers
    first, second = (datetime(2026, 10, 25, hour, tzinfo=UTC) for hour in (0, 1))
    assert first.astimezone(BERLIN).hour == second.astimezone(BERLIN).hour == 2
    assert numbers[first] > 2
    assert numbers[second] > 2


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL chooses by itself")
@pytest.mark.parametrize(
    ("search", "index"), [(Search(types=["sso_auth"]), "event_type"), (Search(since=CHANGES), "event_newest")]
)
def test_no_line_is_read_for_it_beside_the_index(lines, search, index):
    with CaptureQueriesContext(connection) as asked:
        moments_of(search, "day", BERLIN)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {asked.captured_queries[-1]['sql']}")
        plan = " ".join(row[3] for row in cursor.fetchall())
    assert f"USING COVERING INDEX {index} " in plan
    assert "django_" not in asked.captured_queries[-1]["sql"], "no call back into Python for each line"
