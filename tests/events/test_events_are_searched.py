"""The same lines are found whichever way leads to them, page by page, and no look goes further than it may."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.db.models import Count
from django.utils import timezone

from apps.events import search as searching
from apps.events.actions import record, recorded
from apps.events.actors import Actor, Target
from apps.events.catalogue import Area, service_of, types_of
from apps.events.frequency import MOST_BARS, edges_between, frequency
from apps.events.kinds import GROUPS, KINDS
from apps.events.models import Event
from apps.events.search import MOST_WAYS, NO_TYPE, Cursor, Search, referenced, types_asked
from apps.events.types import EventType
from apps.tenants.context import in_tenant

ANN, BEN, LAB, TEAM = "a" * 32, "b" * 32, "c" * 32, "9" * 32
START = datetime(2026, 3, 1, 10, tzinfo=UTC)


@pytest.fixture
def history(inside):
    """120 lines of two people at two applications, three at each moment, as lines that are written together have it."""
    for number in range(120):
        who = Actor(
            "person",
            ANN if number % 2 else BEN,
            "ann" if number % 2 else "ben",
            client_ip=f"192.0.2.{number % 5}",
        )
        about = Target("user", ANN if number % 3 else BEN, "ann" if number % 3 else "ben")
        with time_machine.travel(START + timedelta(minutes=number // 3), tick=False):
            record(
                EventType.USER_UPDATE if number % 4 else EventType.SSO_AUTH,
                actor=who,
                target=about,
                application=Target("application", LAB, "Lab") if number % 6 == 0 else None,
                success=number % 10 != 0,
                error_message="" if number % 10 else f"Refused for reason {number}",
                details={"group": TEAM} if number % 7 == 0 else {},
            )  # fmt: skip


def all_pages(search, *, size=7, ascending=False):
    rows, after, looks = [], None, 0
    while looks < 200:
        found = search.page(size, after, ascending=ascending)
        assert len(found.rows) <= size
        rows += found.rows
        looks += 1
        if found.next is None:
            return [event.pk for event in rows], looks
        after = found.next
    raise AssertionError("There is no end.")


SEARCHES = {
    "everything": Search(),
    "a type": Search(types=["sso_auth"]),
    "several types": Search(types=["sso_auth", "user_update"]),
    "many types": Search(types=[str(each) for each in EventType]),
    "failures": Search(success=False),
    "successes": Search(success=True),
    "a person": Search(people=[ANN]),
    "two people": Search(people=[ANN, BEN]),
    "an actor": Search(actors=[BEN]),
    "an application": Search(applications=[LAB]),
    "an address": Search(address="192.0.2.3"),
    "words": Search(words="reason REFUSED"),
    "a time": Search(since=START + timedelta(minutes=5), until=START + timedelta(minutes=9)),
    "a person's failures at an application": Search(people=[BEN], applications=[LAB], success=False),
    "a person's failures": Search(people=[ANN], success=False),
    "an actor's failures with a word": Search(actors=[BEN], success=False, words="reason"),
    "failures of a type from an address": Search(types=["user_update"], address="192.0.2.0", success=False),
    "a thing's failures": Search(targets=[("user", BEN)], success=False),
    "a person's sign-ins from an address": Search(people=[ANN], types=["sso_auth"], address="192.0.2.0"),
    "a group, as the second that a line is about": Search(groups=[TEAM]),
    "a group's failures": Search(groups=[TEAM], success=False),
    "a group and a person": Search(groups=[TEAM], people=[BEN], success=False),
    "what nobody did": Search(actors=["d" * 32]),
}


@pytest.mark.parametrize("name", SEARCHES)
@pytest.mark.parametrize("reach", [10, 10_000])
def test_pages_have_every_line_once_in_order(history, monkeypatch, name, reach):
    monkeypatch.setattr(searching, "REACH", reach)
    whole = [event.pk for event in SEARCHES[name].events()]
    assert all_pages(SEARCHES[name])[0] == whole
    assert all_pages(SEARCHES[name], ascending=True)[0] == whole[::-1]


def test_the_searches_above_tell_lines_apart(history):
    numbers = {name: search.events().count() for name, search in SEARCHES.items()}
    assert numbers["everything"] == numbers["several types"] == numbers["many types"] == 120
    assert numbers["a person"] == Event.objects.about("user", ANN).count() == 100
    assert numbers["an application"] == 20
    assert (numbers["a type"], numbers["failures"], numbers["words"], numbers["a time"]) == (30, 12, 12, 12)
    assert numbers["a person's failures at an application"] == 4
    assert numbers["a person's failures"] == 8
    assert numbers["an actor's failures with a word"] == 12
    assert numbers["a thing's failures"] == 4
    assert (
        numbers["a group, as the second that a line is about"]
        == Event.objects.about("group", TEAM).count()
        == 18
    )
    assert (numbers["a group's failures"], numbers["a group and a person"]) == (2, 12)
    assert numbers["what nobody did"] == 0


@pytest.mark.parametrize("name", SEARCHES)
def test_each_way_goes_along_the_index_that_it_names(history, name):
    """Of the whole log's index SQLite thinks well where a page has to be in its order: it saves a sort, and leads past everybody's lines."""
    for way, lines in zip(SEARCHES[name]._ways(), SEARCHES[name].branches(), strict=True):
        page, counted = lines.order_by("-created_at", "-pk")[:26], lines.order_by().values("type")
        if connection.vendor == "sqlite":
            assert f"USING INDEX {way.index or 'event_newest'} " in page.explain()
            assert f"INDEX {way.index}" in counted.annotate(number=Count("*")).explain()
        assert "INDEXED BY" not in str(page.query) or connection.vendor == "sqlite"


def test_one_look_goes_so_far_and_says_so(history, monkeypatch):
    monkeypatch.setattr(searching, "REACH", 10)
    found = Search(words="nothing says this").page(25)
    assert found.rows == []
    assert found.reached == START + timedelta(minutes=36)
    assert found.next == Cursor(found.reached)
    assert Search(words="nothing says this", since=found.reached + timedelta(minutes=1)).page(25).next is None
    assert all_pages(Search(words="nothing says this"))[1] > 5


def test_a_line_of_an_indexed_way_is_found_however_far_back_it_is(history, monkeypatch):
    monkeypatch.setattr(searching, "REACH", 10)
    with time_machine.travel(START - timedelta(days=300), tick=False):
        old = recorded(
            EventType.ADMIN_CREATE,
            actor=Actor("person", "e" * 32, "eve", client_ip="2001:db8::1"),
            success=False,
        )
    for search in (Search(types=["admin_create"]), Search(actors=["e" * 32]), Search(people=["e" * 32]), Search(address="2001:db8::1"),
                   Search(reference=old.reference)):  # fmt: skip
        assert search.page(25).rows == [old]


def test_a_service_is_all_lines_of_its_types(history):
    for service in Area:
        found = {event.type for event in Search(types=types_asked([], [service])).events()}
        assert found == {one for one in ("sso_auth", "user_update") if service_of(one) == service}
    both = Search(types=types_asked([], [Area.SSO, Area.DIRECTORY]))
    assert len(all_pages(both)[0]) == 120
    assert types_asked(["sso_auth", "user_update"], ["sso"]) == ["sso_auth"]
    assert types_asked(["sso_auth"], ["directory"]) == [NO_TYPE]
    assert types_asked(["sso_auth"], []) == ["sso_auth"]
    assert types_asked([], []) == []


def test_a_services_line_is_found_however_far_back_it_is(history, monkeypatch):
    monkeypatch.setattr(searching, "REACH", 10)
    with time_machine.travel(START - timedelta(days=300), tick=False):
        old = recorded(EventType.SCIM_TOKEN_EXPIRED, actor=Actor.system())
    assert len(types_of("scim")) > MOST_WAYS
    found = Search(types=types_asked([], ["scim"])).page(25)
    assert (found.rows, found.reached) == ([old], None)
    nothing = Search(types=types_asked([], ["notifications"])).page(25)
    assert (nothing.rows, nothing.next, nothing.reached) == ([], None, None)


def test_a_service_of_many_types_is_read_as_far_as_a_look_goes(history, monkeypatch):
    monkeypatch.setattr(searching, "REACH", 10)
    for one in types_of("directory"):
        record(one, actor=Actor.system())
    asked = types_asked([], ["directory"])
    assert len(asked) == len(types_of("directory")) > MOST_WAYS
    assert Search(types=asked).page(50).reached is not None
    assert all_pages(Search(types=asked))[0] == [event.pk for event in Search(types=asked).events()]


def test_another_organisations_lines_are_never_found(history, other_tenant):
    with in_tenant(other_tenant):
        for search in SEARCHES.values():
            assert search.page(25).rows == []
            assert search.reach()[1] is None
        assert types_asked([], ["directory"]) == [NO_TYPE]


@pytest.mark.parametrize("text", ["", "deadbee", "xyzxyzxyz", "deadbeef" * 5, "deadbeef\x00"])
def test_what_is_no_reference_is_none(text):
    assert referenced(text) is None


def test_a_reference_is_an_id_and_words_that_look_like_one_are_words(history):
    event = Event.objects.first()
    assert searching.words_or_reference(event.reference) == {"reference": event.reference}
    assert searching.words_or_reference(str(event.pk)) == {"reference": str(event.pk)}
    assert searching.words_or_reference("deadbeef") == {"words": "deadbeef"}


def test_every_type_stands_in_one_group():
    listed = [each for _title, types in GROUPS for each in types]
    assert sorted(listed) == sorted(EventType)
    assert len(listed) == len(set(listed))


def test_every_line_is_of_one_kind(history):
    record(EventType.USER_CREATE, actor=Actor("scim_source", "f" * 32, "Entra"))
    for event_type in EventType:
        record(event_type, actor=Actor.system())
    kinds = [condition for _word, condition in KINDS.values()]
    assert sum(Event.objects.filter(each).count() for each in kinds) == Event.objects.count()
    assert set(Event.objects.filter(KINDS["inbound"][1]).values_list("type", flat=True)) >= {
        "user_create",
        "scim_unlink",
    }


# --- the chart


def test_the_chart_counts_every_line_once(history):
    edges = edges_between(START, START + timedelta(minutes=39))
    counts = frequency(Search(), edges)
    assert (sum(good for good, _ in counts), sum(bad for _, bad in counts)) == (108, 12)
    at = edges.index(START + timedelta(minutes=20))
    assert sum(counts[at]) == 3
    assert sum(sum(each) for each in frequency(Search(people=[ANN]), edges)) == 100


def test_the_chart_of_failures_counts_them_alone(history):
    edges = edges_between(START, START + timedelta(minutes=39))
    for search, number in ((Search(success=False), (0, 12)), (Search(success=True), (108, 0))):
        counts = frequency(search, edges)
        assert (sum(good for good, _ in counts), sum(bad for _, bad in counts)) == number


def test_the_chart_of_a_bounded_look_begins_where_it_ends(history, monkeypatch):
    monkeypatch.setattr(searching, "REACH", 10)
    near, first, partly = Search().reach()
    assert first == near.since
    assert partly
    assert near.since == START + timedelta(minutes=36)
    assert near.events().count() == 12
    assert Search(since=START + timedelta(minutes=38)).reach()[2] is False


SPANS = [timedelta(0), timedelta(seconds=30), timedelta(minutes=50), timedelta(hours=26), timedelta(days=6), timedelta(days=29),
         timedelta(days=92), timedelta(days=800), timedelta(days=9000)]  # fmt: skip


@pytest.mark.parametrize("span", SPANS, ids=str)
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/Santiago"])
def test_bars_cover_the_span_and_are_few(span, zone):
    last = datetime(2026, 11, 3, 12, 34, 56, tzinfo=UTC)
    with timezone.override(ZoneInfo(zone)):
        edges = edges_between(last - span, last)
    assert edges[0] <= last - span
    assert edges[-1] > last
    assert len(edges) - 1 <= MOST_BARS
    assert all(earlier < later for earlier, later in pairwise(edges))


def test_days_begin_at_the_readers_midnight_even_where_one_has_25_hours():
    with timezone.override(ZoneInfo("Europe/Berlin")):
        edges = edges_between(datetime(2026, 10, 10, tzinfo=UTC), datetime(2026, 11, 5, tzinfo=UTC))
    hours = {(later - earlier) / timedelta(hours=1) for earlier, later in pairwise(edges)}
    assert {each.astimezone(ZoneInfo("Europe/Berlin")).strftime("%H:%M") for each in edges} <= {
        "00:00",
        "12:00",
    }
    assert hours == {12, 13}
