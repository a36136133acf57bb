"""A page far down a list begins where earlier ones were, and nobody is told twice or left out, whoever comes or goes (docs/decisions/0042)."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from apps.directory import headcount, landmarks
from apps.directory.landmarks import Landmark
from apps.directory.models import User
from apps.tenants.context import in_tenant
from tests.directory.test_people_are_counted_as_they_come import people

pytestmark = pytest.mark.django_db
on_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite keeps the moments themselves"
)
PAGE = 20
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _nothing_remembered():
    cache.clear()
    yield
    cache.clear()


def company(number):
    """Came long ago, one after the other, some of them at the same moment."""
    made = User.objects.bulk_create(people(number))
    for place, each in enumerate(made):
        each.created_at = LONG_AGO + timedelta(seconds=place - place % 3 % 2)
    User.objects.bulk_update(made, ["created_at"], batch_size=100)


def page_at(start):
    """As apps.scim.search cuts one; and over how many people it went."""
    known = headcount.nearest_before(start)
    rows = User.objects.filter(created_at__gte=known.since).order_by("created_at", "pk")
    first = max(start - 1, known.before)
    found = list(rows.values_list("pk", "created_at")[first - known.before :][: PAGE + start - first])
    landmarks.remember(known, first, [moment for _, moment in found])
    return [key for key, _ in found[start - first :]], start - known.before


def in_order():
    return list(User.objects.order_by("created_at", "pk").values_list("pk", flat=True))


@on_postgresql
def test_the_next_page_begins_where_the_last_ended(inside):
    company(300)
    told = [page_at(start) for start in range(0, 300, PAGE)]
    assert [key for keys, _ in told for key in keys] == in_order()
    assert all(skipped <= 2 for _, skipped in told[1:])
    assert page_at(150)[1] <= PAGE
    assert page_at(150)[1] <= 2


@on_postgresql
@pytest.mark.parametrize("seed", range(3))
def test_whoever_comes_or_goes_each_page_is_what_counting_says(inside, seed):
    random.seed(seed)
    company(300)
    for _ in range(60):
        start = random.randrange(0, 280)
        assert page_at(start)[0] == in_order()[start : start + PAGE]
        if random.random() < 0.3:
            User.objects.filter(pk=random.choice(in_order())).delete()
        if random.random() < 0.3:
            User.objects.bulk_create(people(random.randint(1, 5)))


@on_postgresql
def test_it_is_because_those_who_go_are_counted(inside, monkeypatch):
    """The control: where nobody notices that somebody went, everybody behind them is told one place too late."""
    company(300)
    page_at(200)
    monkeypatch.setattr(headcount, "_GONE", type("Nobody", (), {"rows": staticmethod(lambda: [(0,)])}))
    cache.clear()
    page_at(200)
    User.objects.filter(pk=in_order()[0]).delete()
    assert page_at(240)[0] != in_order()[240 : 240 + PAGE]


@on_postgresql
def test_many_who_go_at_once_are_counted_as_well(inside):
    company(30)
    before = headcount.nearest_before(0).gone
    User.objects.filter(pk__in=in_order()[:7]).delete()
    assert headcount.nearest_before(0).gone == before + 7


def test_nobody_who_came_a_moment_ago_is_a_landmark(inside):
    """Somebody may have come before them, and not be seen yet."""
    now = timezone.now()
    moments = [now - landmarks.SETTLED + timedelta(minutes=each) for each in (-3, -2, -1, 1, 2, 3)]
    landmarks.remember(Landmark(LONG_AGO, 0, 0), 10, moments)
    assert landmarks.nearest(100, 0, LONG_AGO).since < now - landmarks.SETTLED
    landmarks.remember(Landmark(LONG_AGO, 0, 0), 20, moments[4:])
    assert landmarks.nearest(100, 0, LONG_AGO).before == 12


def test_it_is_forgotten_when_somebody_has_gone(inside):
    moments = [LONG_AGO + timedelta(seconds=each) for each in range(5)]
    landmarks.remember(Landmark(LONG_AGO, 0, 3), 10, moments)
    assert landmarks.nearest(100, 3, LONG_AGO) == Landmark(moments[4], 14, 3)
    assert landmarks.nearest(100, 4, LONG_AGO) == Landmark(LONG_AGO, 0, 4)


def test_what_was_read_before_somebody_went_is_not_remembered_for_after(inside):
    later = [LONG_AGO + timedelta(seconds=each) for each in range(5)]
    landmarks.remember(Landmark(LONG_AGO, 0, 4), 10, later)
    landmarks.remember(Landmark(LONG_AGO, 0, 3), 20, later)
    assert landmarks.nearest(100, 4, LONG_AGO).before == 0


def test_each_organisation_has_its_own(inside, other_tenant):
    moments = [LONG_AGO + timedelta(seconds=each) for each in range(5)]
    landmarks.remember(Landmark(LONG_AGO, 0, 0), 10, moments)
    with in_tenant(other_tenant):
        assert landmarks.nearest(100, 0, LONG_AGO).before == 0


def test_only_the_newest_are_kept(inside):
    for place in range(3 * landmarks.MOST):
        landmarks.remember(
            Landmark(LONG_AGO, 0, 0), place, [LONG_AGO, LONG_AGO + timedelta(seconds=place + 1)]
        )
    assert landmarks.nearest(landmarks.MOST, 0, LONG_AGO).before == 0
    assert landmarks.nearest(10_000, 0, LONG_AGO).before == 3 * landmarks.MOST
