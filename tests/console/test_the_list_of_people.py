"""Search, filters, sort and size stand in the address; the file holds the same people; a large organisation costs no more."""

import csv
import io
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.actions import TRIES_PER_ACCOUNT, record_failed_sign_in
from apps.console import pages
from apps.directory.actions import add_members, add_user, deactivate_user
from apps.directory.models import User
from apps.events.models import Event
from apps.mail.models import Letter
from apps.tenants.context import in_tenant

MOST = 12  # queries
PATH = "/console/users/"


def shown(response) -> list[str]:
    """Addresses in the order of the rows."""
    return re.findall(r"<small>([^<@]+)@acme\.example</small>", response.content.decode())


@pytest.fixture
def several(alice, system):
    """One in each state, in no order that any column has."""

    def add(name, **values):
        with in_tenant(alice.tenant):
            return add_user(actor=system, username=name, email=f"{name}@acme.example", **values)

    with in_tenant(alice.tenant):
        add("paula", first_name="Zoe", password="correct horse battery")
        add("nora", first_name="Yann")  # no password yet
        deactivate_user(add("ines", first_name="Xaver", password="correct horse battery"), actor=system)
        add("erik", first_name="Wim", password="correct horse battery")
        User.objects.filter(username="erik").update(password_expires_at=timezone.now() - timedelta(days=1))
        add("lena", first_name="Vera", password="correct horse battery")
        for _ in range(TRIES_PER_ACCOUNT):
            record_failed_sign_in("lena", actor=system)
    return add


@pytest.mark.parametrize(
    ("state", "people"),
    [
        ("", ["alice", "erik", "ines", "lena", "nora", "paula"]),
        ("active", ["alice", "erik", "lena", "nora", "paula"]),
        ("inactive", ["ines"]),
        ("pending", ["nora"]),
        ("expired", ["erik"]),
        ("locked", ["lena"]),
        ("no-such-state", ["alice", "erik", "ines", "lena", "nora", "paula"]),
    ],
)
def test_the_state_filter_shows_who_is_in_it(alice, several, state, people):
    assert shown(alice.get(f"{PATH}?state={state}")) == people


@pytest.mark.parametrize(
    ("who", "words"),
    [("nora", "No password yet"), ("erik", "Password expired"), ("lena", "Locked"), ("ines", "Inactive")],
)
def test_the_chip_says_how_somebody_stands(alice, several, who, words):
    row = next(row for row in alice.get(PATH).content.decode().split("<tr>") if f"{who}@" in row)
    assert words in row


@pytest.mark.parametrize(
    ("sort", "first"),
    [("username", "alice"), ("-username", "paula"), ("name", "alice"), ("-name", "paula"), ("-added", "lena"), ("nonsense", "alice")],
)  # fmt: skip
def test_a_heading_sorts(alice, several, sort, first):
    response = alice.get(f"{PATH}?sort={sort}")
    assert shown(response)[0] == first


def test_the_sorted_heading_says_so_and_turns_round(alice):
    page = alice.get(f"{PATH}?sort=name").content.decode()
    assert re.search(r'aria-sort="ascending"><a href="\?sort=-name">', page)


def test_a_group_filters(alice, bob, several, engineering):
    assert shown(alice.get(f"{PATH}?group={engineering.pk}")) == ["bob"]
    assert len(shown(alice.get(f"{PATH}?group=not-an-id"))) == 7


def test_a_page_has_25_50_or_100_rows(alice, system):
    with in_tenant(alice.tenant):
        for number in range(101):
            add_user(actor=system, username=f"p{number:03}", email=f"p{number:03}@acme.example")
    assert len(shown(alice.get(PATH))) == 25
    assert len(shown(alice.get(f"{PATH}?size=100"))) == 100
    assert len(shown(alice.get(f"{PATH}?size=5000"))) == 25
    assert "size=50" in alice.get(f"{PATH}?q=p0").content.decode()


@pytest.mark.parametrize("query", ["", "?state=locked", "?sort=-seen&size=100", "?q=p1&state=pending"])
def test_the_list_asks_at_most_twelve_questions_however_many_people(
    alice, several, engineering, system, django_assert_max_num_queries, query
):
    with in_tenant(alice.tenant):
        new = [
            add_user(actor=system, username=f"p{number}", email=f"p{number}@acme.example") for number in range(60)
        ]  # fmt: skip
        add_members(engineering, new, actor=system)
    with django_assert_max_num_queries(MOST):
        assert alice.get(f"{PATH}{query}").status_code == 200


def rows_of(response) -> list[dict[str, str]]:
    text = b"".join(response.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_the_file_holds_whom_the_list_shows(alice, bob, several, engineering):
    rows = rows_of(alice.get(f"{PATH}export.csv?state=active&q=acme&sort=-username"))
    assert [row["username"] for row in rows] == ["paula", "nora", "lena", "erik", "bob", "alice"]
    assert next(row for row in rows if row["username"] == "bob")["groups"] == "Engineering"


@pytest.mark.parametrize("sort", ["", "name", "-seen"])
def test_what_lies_before_a_page_is_counted_off_by_ids_alone(
    alice, sort, monkeypatch, django_assert_max_num_queries
):
    monkeypatch.setattr(pages, "FAR", 75)
    with in_tenant(alice.tenant):
        User.objects.bulk_create(
            User(username=f"p{n:03}", username_key=f"p{n:03}", email_key=f"p{n}@a.example")
            for n in range(119)
        )
    with django_assert_max_num_queries(MOST) as captured:
        page = alice.get(f"{PATH}?sort={sort}&page=5").content.decode()
    assert "101–120 of 120" in page
    far = [query["sql"] for query in captured.captured_queries if "OFFSET 100" in query["sql"]]
    assert [sql.partition(" FROM ")[0].count('"."') for sql in far] == [1]  # one column, which is the id
    near = [query["sql"] for query in captured.captured_queries if '"first_name"' in query["sql"]]
    assert near  # the control: somewhere the rows themselves are read


def exports(tenant):
    with in_tenant(tenant):
        return list(Event.objects.filter(type="user_export").order_by("created_at"))


def test_the_log_tells_who_took_how_many_and_which(alice, several, engineering):
    alice.get(f"{PATH}?state=active")
    assert exports(alice.tenant) == []  # the control: looking is not taking
    alice.get(f"{PATH}export.csv?state=active&group={engineering.pk}")
    [event] = exports(alice.tenant)
    assert event.actor_name == "alice"
    assert event.details == {"people": 1, "filter": {"state": "active", "group": "Engineering"}}
    page = alice.get(f"/console/events/{event.pk}/").content.decode()
    assert "People exported" in page


def test_whoever_took_many_is_written_to(alice, several, monkeypatch):
    alice.get(f"{PATH}export.csv")
    monkeypatch.setattr("apps.accounts.exports.IN_SIGHT", 3)
    alice.get(f"{PATH}export.csv")
    with in_tenant(alice.tenant):
        letter = Letter.objects.get()
    assert letter.address == "alice@acme.example"
    assert "/t/acme/me/security/" in letter.text


def test_the_file_runs_no_formula(alice, several):
    several("mallory", first_name="=cmd|' /C calc'!A0", job_title="@SUM(1)")
    row = next(row for row in rows_of(alice.get(f"{PATH}export.csv")) if row["username"] == "mallory")
    assert row["first_name"] == "'=cmd|' /C calc'!A0"
    assert row["job_title"] == "'@SUM(1)"


def test_the_file_of_many_is_streamed_with_few_questions(alice, system, django_assert_max_num_queries):
    with in_tenant(alice.tenant):
        User.objects.bulk_create(
            User(username=f"p{n}", username_key=f"p{n}", email=f"p{n}@a.example", email_key=f"p{n}@a.example")
            for n in range(2500)
        )
    with django_assert_max_num_queries(MOST + 3):  # one for the groups of each thousand
        response = alice.get(f"{PATH}export.csv")
        assert response.streaming
        assert len(rows_of(response)) == 2501
