"""Favourites, recent and an own order: for the one person, without a script, and only of what their groups open."""

import re

import pytest

from apps.applications.actions import remove_assignment
from apps.directory.actions import add_member
from apps.launcher.models import Shortcut
from apps.tenants.context import in_tenant
from tests.conftest import person

BOOKMARK = {"connector": "bookmark", "bookmark_url": "https://app.example/"}


def labels(page, section="all"):
    """Of the tiles in the section that this heading names."""
    part = page.content.decode().split(f'aria-labelledby="{section}"')
    return re.findall(r"<strong>([^<]+)</strong>", part[1].split("</section>")[0]) if len(part) > 1 else []


def rows(bob):
    return re.findall(r'<tr id="([^"]+)"', bob.get("/arrangement/").content.decode())


@pytest.fixture
def three(give):
    return [give(label, **BOOKMARK) for label in ("Alpha", "Beta", "Gamma")]


def test_a_favourite_stands_on_top_until_it_is_none(bob, three):
    assert labels(bob.get("/")) == ["Alpha", "Beta", "Gamma"]
    bob.post("/arrangement/beta/favourite/", {"favourite": "1"})
    page = bob.get("/")
    assert labels(page, "favourites") == ["Beta"]
    assert labels(page) == ["Alpha", "Gamma"]
    bob.post("/arrangement/beta/favourite/", {"favourite": "0"})
    assert labels(bob.get("/")) == ["Alpha", "Beta", "Gamma"]


def test_the_star_leads_back_to_where_it_was_pressed(bob, three):
    there = bob.post("/arrangement/beta/favourite/", {"favourite": "1", "from": "launcher"})
    assert there["Location"] == bob.url("/")
    assert bob.post("/arrangement/beta/favourite/", {"from": "//evil.example"})["Location"] == bob.url(
        "/arrangement/#beta"
    )


def test_an_own_order_is_made_with_buttons_and_forgotten_with_one(bob, three):
    bob.post("/arrangement/gamma/move/", {"direction": "up"})
    assert rows(bob) == ["alpha", "gamma", "beta"]
    bob.post("/arrangement/alpha/move/", {"direction": "down"})
    assert rows(bob) == ["gamma", "alpha", "beta"]
    assert labels(bob.get("/")) == ["Gamma", "Alpha", "Beta"]
    bob.post("/arrangement/reset/")
    assert labels(bob.get("/")) == ["Alpha", "Beta", "Gamma"]


def test_at_the_ends_of_the_list_nothing_moves(bob, three):
    bob.post("/arrangement/alpha/move/", {"direction": "up"})
    bob.post("/arrangement/gamma/move/", {"direction": "down"})
    assert rows(bob) == ["alpha", "beta", "gamma"]


def test_a_tile_is_dropped_where_it_was_dragged_to(bob, three):
    bob.post("/arrangement/gamma/move/", {"place": "0"})
    assert rows(bob) == ["gamma", "alpha", "beta"]
    bob.post("/arrangement/gamma/move/", {"place": "1"})
    assert rows(bob) == ["alpha", "gamma", "beta"]
    bob.post("/arrangement/alpha/move/", {"place": "99999"})
    assert rows(bob) == ["gamma", "beta", "alpha"]


@pytest.mark.parametrize("strange", ["-1", "1e3", "²", "9" * 5000, ""])
def test_a_strange_place_is_answered_like_a_button(bob, three, strange):
    assert bob.post("/arrangement/alpha/move/", {"place": strange}).status_code == 302
    assert rows(bob) == ["beta", "alpha", "gamma"]


def test_what_comes_later_follows_the_own_order(bob, three, give):
    bob.post("/arrangement/gamma/move/", {"direction": "up"})
    give("Aardvark", **BOOKMARK)
    assert labels(bob.get("/")) == ["Alpha", "Gamma", "Beta", "Aardvark"]


def test_somebody_elses_launcher_stays_as_it_is(bob, three, tenant, engineering, system):
    dora = person(tenant, "dora")
    with in_tenant(tenant):
        add_member(engineering, dora.user, actor=system)
    bob.post("/arrangement/gamma/move/", {"direction": "up"})
    bob.post("/arrangement/gamma/favourite/", {"favourite": "1"})
    assert labels(dora.get("/")) == ["Alpha", "Beta", "Gamma"]


def test_what_no_group_opens_cannot_be_arranged(bob, three, give, engineering, system):
    give("Secret", assigned=False, **BOOKMARK)
    for act in ("favourite", "move"):
        assert bob.post(f"/arrangement/secret/{act}/", {"favourite": "1"}).status_code == 404
    bob.post("/arrangement/beta/favourite/", {"favourite": "1"})
    with in_tenant(bob.tenant):
        remove_assignment(three[1], engineering, actor=system)
    assert labels(bob.get("/"), "favourites") == []


def test_the_last_opened_are_recent_once_there_are_many(bob, give):
    for number in range(7):
        give(f"App {number}", **BOOKMARK)
    assert labels(bob.get("/"), "recent") == []
    for number in (3, 1, 3, 5, 2, 6):
        bob.get(f"/launch/app-{number}")
    assert labels(bob.get("/"), "recent") == ["App 6", "App 2", "App 5", "App 3"]
    assert labels(bob.get("/?q=app"), "recent") == []
    with in_tenant(bob.tenant):
        assert Shortcut.objects.count() == 5


def test_few_applications_need_no_recent(bob, three):
    bob.get("/launch/alpha")
    assert labels(bob.get("/"), "recent") == []


def test_a_launch_that_is_refused_is_not_recent(bob, give):
    give("Secret", assigned=False)
    bob.get("/launch/secret")
    with in_tenant(bob.tenant):
        assert not Shortcut.objects.exists()


def test_searching_hides_what_does_not_match_in_every_section(bob, three):
    bob.post("/arrangement/beta/favourite/", {"favourite": "1"})
    page = bob.get("/?q=alp").content.decode()
    assert re.search(r'data-filter-text="Beta [^"]*" hidden', page)
    assert not re.search(r'data-filter-text="Alpha [^"]*" hidden', page)


def test_arranging_asks_at_most_twelve_questions(bob, give, django_assert_max_num_queries):
    for number in range(30):
        give(f"App {number}", **BOOKMARK)
    bob.post("/arrangement/app-7/move/", {"direction": "up"})
    for path in ("/", "/arrangement/"):
        with django_assert_max_num_queries(12):
            bob.get(path)
    with django_assert_max_num_queries(16):  # with the transaction's own
        bob.post("/arrangement/app-7/move/", {"direction": "down"})
