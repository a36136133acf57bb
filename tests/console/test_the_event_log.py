import csv
import io
import json
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from apps.console.charts import HEIGHT, bars
from apps.directory.actions import remove_member
from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.models import Event
from apps.events.types import EventType
from apps.tenants.context import in_tenant


@pytest.fixture
def refused(alice, bob, gitlab):
    with in_tenant(alice.tenant):
        return record(
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
        "reference=zz",
        "live=2",
        "person=%00",
    ],
)
def test_a_filter_nobody_offers_is_never_an_error(alice, gitlab, query):
    assert alice.get(f"/console/events/?{query}").status_code == 200


def test_filters_stand_in_the_address_and_work_together(alice, bob, gitlab, refused):
    path = "/console/events/"
    reference = f"{path}{refused.pk}/"
    for query in (
        "type=user_create_provision",
        "result=failure",
        f"application={gitlab.pk}",
        "person=bob",
        "time=1h",
    ):
        assert reference in alice.get(f"{path}?{query}").content.decode(), query
    for query in ("type=sso_auth", "result=success", "person=nobody", "result=failure&type=user_create"):
        assert reference not in alice.get(f"{path}?{query}").content.decode(), query
    with time_machine.travel(timezone.now() + timedelta(hours=2), tick=False):
        assert reference not in alice.get(f"{path}?time=1h").content.decode()


def test_the_reference_from_an_error_page_finds_its_line(alice, refused):
    page = alice.get(f"/console/events/?reference={refused.reference}").content.decode()
    assert f"/console/events/{refused.pk}/" in page
    assert page.count('class="row-link"') == 1


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
        assert len(lines) == Event.objects.count()
    assert json.loads(lines[0])["reference"] == refused.reference
    assert alice.get("/console/events/export.exe").status_code == 404


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
