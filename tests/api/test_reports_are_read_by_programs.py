"""Receipts, the access report and the week by REST: what the pages say, for programs."""

import csv
import datetime as dt
import json
from urllib.parse import quote

import pytest
import time_machine
from django.utils import timezone

from apps.accounts.models import Role
from apps.applications.actions import add_application, assign_group
from apps.directory.actions import add_group, add_members, deactivate_user
from apps.events.actions import record
from apps.events.actors import Target
from apps.events.models import Event
from apps.events.types import EventType
from apps.insights.week import what_happened, what_waits
from apps.tenants.context import in_tenant
from tests.conftest import person


@pytest.fixture
def wiki(tenant, system):
    with in_tenant(tenant):
        return add_application(actor=system, connector="custom_saml", display_label="Wiki")


@pytest.fixture
def engineering(tenant, bob, wiki, system):
    with in_tenant(tenant):
        group = add_group(actor=system, name="Engineering")
        assign_group(wiki, group, actor=system)
        add_members(group, [bob.user], actor=system)
        return group


@pytest.fixture
def left(tenant, bob, engineering, wiki, system):
    """Bob, of whose leaving an application was told."""
    with in_tenant(tenant):
        deactivate_user(bob.user, actor=system)
        record(
            EventType.USER_DEPROVISION,
            actor=system,
            target=Target.of("user", bob.user),
            application=Target.of("application", wiki),
            message_chain={"response_code": "204"},
        )
        return Event.objects.get(type=EventType.USER_SUSPENDED)


def rows_of(answer):
    return list(csv.reader(b"".join(answer.streaming_content).decode().splitlines()))


def test_a_receipt_says_who_left_and_what_each_application_answered(api, left, wiki, bob):
    found = api.get(f"/receipts/{left.pk}/")
    assert api.get("/receipts/")["results"] == [found]
    assert (found["id"], found["user_id"], found["event_type"]) == (
        str(left.pk),
        str(bob.user.pk),
        "user_suspended",
    )
    assert (found["complete"], found["in_time"], found["sessions_ended"]) == (True, True, 0)
    [told] = found["applications"]
    assert (told["application"], told["application_id"], told["state"]) == ("Wiki", str(wiki.pk), "done")
    assert told["words"] == "Account deactivated in the application (204)"
    assert 0 <= told["seconds"] == found["seconds"] < 60
    assert told["job"] is None


def test_receipts_are_filtered_and_paged(api, tenant, left, bob, system):
    with in_tenant(tenant):
        deactivate_user(person(tenant, "mia").user, actor=system)
    page = api.get("/receipts/?limit=1")
    assert [each["user_name"] for each in page["results"]] == ["Mia Example"]
    rest = api("GET", page["next"].partition("/api/v1")[2]).json()
    assert [each["id"] for each in rest["results"]] == [str(left.pk)]
    assert rest["next"] is None
    assert [each["id"] for each in api.get(f"/receipts/?user={bob.user.pk}")["results"]] == [str(left.pk)]
    assert len(api.get("/receipts/?q=mia")["results"]) == 1
    assert api.refused("GET", "/receipts/?person=bob") == {"person": ["There is no such field."]}


def test_a_receipt_behind_more_than_one_look_goes_through_is_on_a_later_page(
    api, tenant, left, system, monkeypatch
):
    with in_tenant(tenant):
        for name in ("mia", "zoe", "kim"):
            deactivate_user(person(tenant, name).user, actor=system)
    monkeypatch.setattr("apps.events.search.REACH", 1)
    monkeypatch.setattr("apps.events.search.MOST_LOOKS", 1)
    path, found, pages = "/receipts/?q=bob", [], 0
    while path:
        page = api.get(path)
        found += [each["id"] for each in page["results"]]
        path, pages = (page["next"] or "").partition("/api/v1")[2], pages + 1
        assert pages < 9
    assert (found, page["previous"]) == ([str(left.pk)], None)
    assert pages > 1


@pytest.mark.parametrize(
    "cursor", ["", "cD0yMDI2", "yesterday,", "2026-03-02T00:00:00Z,7", "0001-01-01T00:00:00+23:59,"]
)
def test_a_cursor_that_no_answer_had_is_refused(api, left, cursor):
    assert api.refused("GET", f"/receipts/?cursor={quote(cursor)}").keys() == {"cursor"}


def test_no_other_event_is_a_receipt(api, stranger, tenant, left):
    with in_tenant(tenant):
        other = Event.objects.exclude(pk=left.pk).first()
    api.refused("GET", f"/receipts/{other.pk}/", status=404)
    stranger.refused("GET", f"/receipts/{left.pk}/", status=404)
    assert stranger.get("/receipts/")["results"] == []


def test_the_access_report_says_who_and_why(api, tenant, wiki, engineering, bob, system):
    [row] = api.get(f"/applications/{wiki.pk}/access/")["results"]
    assert (row["application"], row["username"], row["user_groups"]) == ("Wiki", "bob", ["Engineering"])
    assert (row["user_id"], row["application_id"]) == (str(bob.user.pk), str(wiki.pk))
    assert row["last_sign_on"] is None
    assert row["since"].endswith("Z")
    with in_tenant(tenant):
        deactivate_user(bob.user, actor=system)
    [row] = api.get(f"/applications/{wiki.pk}/access/?q=bob")["results"]
    assert not row["can_sign_on"]
    assert row["obstacle"]
    assert api.get(f"/applications/{wiki.pk}/access/?q=mia")["results"] == []


@pytest.mark.parametrize("path", ["/applications/{}/access/export/", "/access/export/"])
def test_the_whole_report_is_a_file_and_an_event(api, tenant, wiki, engineering, path):
    address = path.format(wiki.pk)
    answer = api("GET", address)
    assert answer["Content-Type"].startswith("text/csv")
    header, row = rows_of(answer)
    assert dict(zip(header, row, strict=True))["user_groups"] == "Engineering"
    answer = api("GET", f"{address}?format=jsonl")
    [line] = [json.loads(each) for each in b"".join(answer.streaming_content).splitlines()]
    assert line == api.get(f"/applications/{wiki.pk}/access/")["results"][0]
    with in_tenant(tenant):
        assert Event.objects.filter(type=EventType.ACCESS_EXPORT).count() == 2
    assert "format" in api.refused("GET", f"{address}?format=xlsx")


def test_a_cell_is_no_formula(api, tenant, wiki, engineering, bob):
    with in_tenant(tenant):
        type(bob.user).objects.filter(pk=bob.user.pk).update(first_name="=1+1", display_name="=1+1")
    _header, row = rows_of(api("GET", "/access/export/"))
    assert not [cell for cell in row if cell.startswith("=")]


def test_the_week_is_what_the_mail_says(api, tenant, bob, system):
    monday = dt.datetime(2030, 3, 4, 9, tzinfo=dt.UTC)
    with in_tenant(tenant), time_machine.travel(monday - dt.timedelta(days=4)):
        deactivate_user(bob.user, actor=system)
    with time_machine.travel(monday):
        week = api.get("/week/")
        with in_tenant(tenant):
            since, until = (dt.datetime.fromisoformat(week[name]) for name in ("from", "to"))
            said = [line.text for line in what_happened(since, until)]
            waits = [line.text for line in what_waits(since)]
    assert until - since == dt.timedelta(days=7)
    assert since < monday - dt.timedelta(days=4) < until <= monday
    assert {key: value for key, value in week["happened"][0].items() if key != "text"} == {
        "name": "user_suspended",
        "success": True,
        "count": 1,
    }
    assert [line["text"] for line in week["happened"]] == said
    assert [line["text"] for line in week["waiting"]] == waits
    assert timezone.now() < monday


def test_the_help_desk_reads_receipts_alone(with_role, left, wiki):
    desk = with_role(Role.HELP_DESK)
    assert desk.get(f"/receipts/{left.pk}/")["id"] == str(left.pk)
    for path in (f"/applications/{wiki.pk}/access/", "/access/export/", "/week/"):
        desk.refused("GET", path, status=403)
