import csv
import html
import io
import json
import re
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from apps.console import event_log
from apps.console.charts import HEIGHT, bars
from apps.directory.actions import remove_member, update_user
from apps.events import search as searching
from apps.events.actions import record, recorded
from apps.events.actors import Actor, Target
from apps.events.models import Event
from apps.events.types import EventType
from apps.tenants.context import in_tenant


@pytest.fixture
def refused(alice, bob, gitlab):
    with in_tenant(alice.tenant):
        return recorded(
            EventType.USER_CREATE_PROVISION,
            actor=Actor.system(),
            target=Target.of("user", bob.user),
            application=Target.of("application", gitlab),
            success=False,
            error_message="userName has already been taken",
            message_chain={"response_code": "409", "response_message": "Conflict"},
        )


@pytest.mark.parametrize(
    "query",
    [
        "type=nonsense",
        "result=maybe",
        "application=x",
        "time=forever",
        "after=x",
        "q=zz",
        "since=yesterday",
        "until=9999-12-31T23:59:59",
        "since=0001-01-01T00:00",
        "kind=x",
        "service=x",
        "column=x",
        "chart=x",
        "newer=x",
        "live=2",
        "person=%00",
    ],
)
def test_a_filter_nobody_offers_is_never_an_error(alice, gitlab, query):
    assert alice.get(f"/console/events/?{query}", follow=True).status_code in {200, 204}


def test_filters_stand_in_the_address_and_work_together(alice, bob, gitlab, refused):
    path = "/console/events/"
    reference = f"{path}{refused.pk}/"
    for query in (
        "type=user_create_provision",
        "result=failure",
        f"application={gitlab.pk}",
        "person=bob",
        "time=1h",
        "service=idm",
        "service=idm&type=user_create_provision",
    ):
        assert reference in alice.get(f"{path}?{query}").content.decode(), query
    for query in (
        "type=sso_auth",
        "result=success",
        "person=nobody",
        "result=failure&type=user_create",
        "service=sso",
        "service=scim",
        "service=sso&type=user_create_provision",
    ):
        assert reference not in alice.get(f"{path}?{query}").content.decode(), query
    with time_machine.travel(timezone.now() + timedelta(hours=2), tick=False):
        assert reference not in alice.get(f"{path}?time=1h").content.decode()


def test_the_reference_from_an_error_page_finds_its_line(alice, refused):
    page = alice.get(f"/console/events/?q={refused.reference}").content.decode()
    assert f"/console/events/{refused.pk}/" in page
    assert page.count('class="row-link"') == 1


def test_an_address_is_kept_without_empty_fields_and_with_moments_that_everybody_reads_alike(alice):
    with in_tenant(alice.tenant):
        update_user(alice.user, actor=Actor.system(), timezone="Europe/Berlin")
    answer = alice.get("/console/events/?q=&type=&since=2026-07-01T12:00&result=failure")
    assert answer.status_code == 302
    assert answer["Location"].endswith("/console/events/?since=2026-07-01T10%3A00%3A00Z&result=failure")
    page = alice.get("/console/events/?since=2026-07-01T10:00:00Z&result=failure").content.decode()
    assert 'value="2026-07-01T12:00:00"' in page
    assert "Since: 1 Jul 2026, 12:00 CEST" in page
    assert "Time (CE" in alice.get("/console/events/").content.decode()


def test_each_filter_is_named_and_can_be_taken_away_alone(alice, gitlab, refused):
    query = f"type=user_create_provision&type=sso_auth&result=failure&application={gitlab.pk}&person=bob&service=idm&column=time&column=address"
    page = alice.get(f"/console/events/?{query}").content.decode()
    named = dict(re.findall(r'<a class="button button--small" href="([^"]+)">([^<]+)<', page))
    left = {text: html.unescape(url) for url, text in named.items()}
    assert left["Single sign-on"] == f"?{query}".replace("&type=sso_auth", "")
    assert left["Result: failed"] == f"?{query}".replace("&result=failure", "")
    assert left["Application: GitLab"] == f"?{query}".replace(f"&application={gitlab.pk}", "")
    assert left["Service: Identity Management"] == f"?{query}".replace("&service=idm", "")
    assert left["Person or group: bob"] == f"?{query}".replace("&person=bob", "")


def test_a_person_is_found_as_who_did_it_and_as_who_it_was_done_to(alice, bob, refused, system):
    with in_tenant(alice.tenant):
        done = recorded(EventType.USER_LOGOUT, actor=Actor("person", str(bob.user.pk), "bob", "192.0.2.7"))
        other = recorded(
            EventType.USER_LOGOUT, actor=Actor("person", str(alice.user.pk), "alice", "192.0.2.8")
        )
    for query in ("person=bob", f"person={bob.user.pk}", f"person={bob.user.email}"):
        page = alice.get(f"/console/events/?{query}").content.decode()
        assert str(refused.pk) in page
        assert str(done.pk) in page
        assert str(other.pk) not in page
    for query in ("actor=bob", "address=192.0.2.7", "actor=bob&address=192.0.2.7&kind=sign_in"):
        page = alice.get(f"/console/events/?{query}").content.decode()
        assert str(done.pk) in page
        assert str(refused.pk) not in page
        assert str(other.pk) not in page


def test_each_bar_leads_to_its_own_stretch_of_time(alice, bob, system):
    with in_tenant(alice.tenant), time_machine.travel("2026-03-01T10:15:30Z", tick=False):
        early = recorded(EventType.USER_LOGOUT, actor=Actor("person", "", "early"), success=False)
    with in_tenant(alice.tenant), time_machine.travel("2026-03-03T10:15:30Z", tick=False):
        late = recorded(EventType.USER_LOGOUT, actor=Actor("person", "", "late"))
    asked = "/console/events/?type=user_logout&until=2026-03-04T00:00:00Z"
    page = alice.get(asked).content.decode()
    bars = [
        html.unescape(url) for url in re.findall(r'<a href="([^"]+)" aria-label="[^"]+ succeeded, ', page)
    ]
    assert len(bars) == 2
    assert "0 succeeded, 1 failed" in page
    assert all("type=user_logout" in bar for bar in bars)
    first, second = (alice.get(f"/console/events/{bar}").content.decode() for bar in bars)
    assert str(early.pk) in first
    assert str(late.pk) not in first
    assert str(late.pk) in second
    assert str(early.pk) not in second


def test_a_stretch_of_seconds_is_told_with_its_seconds(alice):
    span = "since=2026-03-01T10:15:30Z&until=2026-03-01T10:15:40Z"
    with in_tenant(alice.tenant), time_machine.travel("2026-03-01T10:15:35Z", tick=False):
        record(EventType.USER_LOGOUT, actor=Actor("person", "", "early"))
    page = alice.get(f"/console/events/?{span}").content.decode()
    assert re.search(r"Since: 1 Mar 2026, \d\d:15:30 ", page)
    assert re.search(r"Until: 1 Mar 2026, \d\d:15:40 ", page)
    assert re.search(r">1 Mar \d\d:15:3\d</time>", page.partition('class="chart"')[2].partition("<table")[0])
    whole = alice.get("/console/events/?since=2026-03-01T10:15:00Z").content.decode()
    assert re.search(r"Since: 1 Mar 2026, \d\d:15 ", whole)


def test_columns_are_chosen_in_the_address(alice, refused):
    usual = alice.get("/console/events/").content.decode().partition("<thead>")[2].partition("</thead>")[0]
    assert "By</th>" in usual
    assert "Reference</th>" not in usual
    page = alice.get("/console/events/?column=reference&column=application").content.decode()
    head = page.partition("<thead>")[2].partition("</thead>")[0]
    assert "Reference</th>" in head
    assert "By</th>" not in head
    assert refused.reference in page.partition("<tbody")[2]


def test_a_look_that_ends_early_says_how_far_it_went(alice, refused, monkeypatch):
    monkeypatch.setattr(searching, "REACH", 3)
    with in_tenant(alice.tenant):
        for number in range(5):
            record(EventType.USER_LOGOUT, actor=Actor("person", "", f"reader{number}"))
    page = alice.get("/console/events/?q=taken").content.decode()
    assert str(refused.pk) not in page
    assert "Searched back to" in page
    further = html.unescape(re.search(r'rel="next" href="([^"]+)">Search further back', page)[1])
    assert str(refused.pk) in alice.get(f"/console/events/{further}").content.decode()
    assert "More than 10,000 events" in page


def test_the_chart_counts_further_where_it_is_asked_to_and_says_where_that_ends(alice, monkeypatch):
    monkeypatch.setattr(searching, "REACH", 3)
    with in_tenant(alice.tenant):
        for number in range(9):
            with time_machine.travel(timezone.now() - timedelta(minutes=number + 1), tick=False):
                record(EventType.USER_LOGOUT, actor=Actor.system())
    path = "/console/events/?type=user_logout"
    page = alice.get(path).content.decode()
    further = html.unescape(re.search(r'href="([^"]+)">Count up to 100,000', page)[1])
    assert "4 succeeded and 0 failed" in page
    whole = alice.get(f"/console/events/{further}").content.decode()
    assert "9 succeeded and 0 failed" in whole
    assert "More than" not in whole
    monkeypatch.setattr(event_log, "COUNTED", 5)
    partly = alice.get(f"/console/events/{further}").content.decode()
    assert "6 succeeded and 0 failed" in partly
    assert "More than 100,000 events" in partly
    assert "Count up to" not in partly


# --- live


def live_address(page):
    return html.unescape(re.search(r'<tr hidden hx-get="([^"]+)" hx-trigger="every 3s"', page)[1])


def test_live_brings_only_what_is_new_and_keeps_the_filters(alice, refused):
    assert "hx-get" not in alice.get("/console/events/").content.decode()
    address = live_address(alice.get("/console/events/?live=1&result=failure").content.decode())
    assert "result=failure" in address
    assert alice.client.get(address).status_code == 204
    with in_tenant(alice.tenant):
        new = recorded(EventType.SSO_AUTH, actor=Actor("person", "", "newcomer"), success=False)
        record(EventType.SSO_AUTH, actor=Actor("person", "", "welcome"))
    answer = alice.client.get(address).content.decode()
    assert str(new.pk) in answer
    assert answer.count('class="row-link"') == 1
    assert "<table" not in answer
    assert alice.client.get(live_address(answer)).status_code == 204


def test_live_finds_what_was_committed_late(alice, refused):
    address = live_address(alice.get("/console/events/?live=1").content.decode())
    with in_tenant(alice.tenant), time_machine.travel(refused.created_at - timedelta(seconds=2), tick=False):
        late = recorded(EventType.SSO_AUTH, actor=Actor("person", "", "slow"))
    assert str(late.pk) in alice.client.get(address).content.decode()


def test_live_is_bounded(alice, refused, monkeypatch):
    address = live_address(alice.get("/console/events/?live=1").content.decode())
    monkeypatch.setattr(event_log, "MOST_NEW", 3)
    with in_tenant(alice.tenant):
        for number in range(5):
            record(EventType.SSO_AUTH, actor=Actor("person", "", f"many{number}"))
    answer = alice.client.get(address).content.decode()
    assert answer.count('class="row-link"') == 3
    assert "reload the page" in answer


def test_an_event_shows_the_applications_own_words_and_its_neighbours(alice, refused):
    page = alice.get(f"/console/events/{refused.pk}/").content.decode()
    assert "userName has already been taken" in page
    assert "Conflict" in page
    assert "User created" in page


def test_the_log_pages_by_key_while_it_grows(alice, gitlab):
    with in_tenant(alice.tenant):
        for number in range(60):
            record(EventType.SSO_AUTH, actor=Actor("person", "", f"reader{number:02}"))
    first = alice.get("/console/events/?type=sso_auth").content.decode()
    assert "reader59" in first
    assert "reader34" not in first
    last_shown = first.rpartition('class="row-link"')[2].partition("/console/events/")[2].partition("/")[0]
    with in_tenant(alice.tenant):
        record(EventType.SSO_AUTH, actor=Actor("person", "", "newcomer"))
    second = alice.get(f"/console/events/?type=sso_auth&after={last_shown}").content.decode()
    assert "newcomer" not in second
    assert "reader35" not in second
    assert "reader34" in second


def test_the_export_holds_exactly_what_the_filters_show(alice, refused):
    response = alice.get("/console/events/export.csv?result=failure")
    rows = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))
    assert [row["id"] for row in rows] == [str(refused.pk)]
    assert "attachment" in response["Content-Disposition"]
    lines = b"".join(alice.get("/console/events/export.jsonl").streaming_content).splitlines()
    with in_tenant(alice.tenant):
        exports = Event.objects.filter(type="events_export")
        assert len(lines) == Event.objects.exclude(type="events_export").count() + 1
        assert [each.details["format"] for each in exports] == ["jsonl", "csv"]
        assert exports[1].details["filters"] == "result=failure"
    assert json.loads(lines[1])["reference"] == refused.reference
    assert alice.get("/console/events/export.exe").status_code == 404


def test_the_help_desk_reads_the_log_and_takes_nothing_away(dora, alice, refused):
    page = dora.get("/console/events/").content.decode()
    assert str(refused.pk) in page
    assert "export." not in page
    assert dora.get("/console/events/export.csv").status_code == 403
    assert "export." in alice.get("/console/events/").content.decode()


def test_the_file_of_an_applications_log_has_its_lines_alone(alice, gitlab, refused):
    page = alice.get(f"/console/applications/{gitlab.pk}/events/?result=failure").content.decode()
    address = html.unescape(re.search(r'href="[^"]*(/console/events/export.csv[^"]*)"', page)[1])
    assert "result=failure" in address
    rows = list(csv.DictReader(io.StringIO(b"".join(alice.get(address).streaming_content).decode())))
    assert {row["application_name"] for row in rows} == {"GitLab"}


def test_an_applications_events_are_its_own(alice, gitlab, refused):
    page = alice.get(f"/console/applications/{gitlab.pk}/events/").content.decode()
    assert f"/console/events/{refused.pk}/" in page
    assert "Group created" not in page.partition("<tbody")[2]


def test_the_overview_counts_and_lists(alice, refused):
    page = alice.get("/console/").content.decode()
    assert "1 failed in the last 24 hours" in page
    assert "409" in page


def test_bars_never_leave_the_chart():
    now = timezone.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    drawn = bars([(hour, True, 7), (hour, False, 3), (hour - timedelta(hours=30), True, 1000)], now)
    assert len(drawn) == 24
    last = drawn[-1]
    assert (last.succeeded, last.failed) == (7, 3)
    assert last.ok_height + last.bad_height == HEIGHT
    assert last.bad_y == 0
    assert all(bar.ok_height == 0 for bar in drawn[:-1])


def test_a_line_says_which_group_came_or_went_and_why_something_failed(alice, bob, engineering, system):
    with in_tenant(alice.tenant):
        remove_member(engineering, bob.user, actor=system)
        record(EventType.SSO_AUTH, actor=system, success=False, error_message="Not in a bound group.")
    page = alice.get("/console/events/").content.decode()
    assert "added to Engineering" in page
    assert "removed from Engineering" in page
    assert "Not in a bound group." in page
