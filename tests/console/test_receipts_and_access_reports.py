"""The receipt of somebody who left, and the report of who has access: pages that follow what is owed, and files."""

import html
import re
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.directory.actions import deactivate_user
from apps.events.models import Event
from apps.events.types import EventType
from apps.insights.receipts import offboarded, offboardings, receipts_of
from apps.tenants.context import in_tenant
from tests.conftest import PASSWORD


@pytest.fixture
def left(alice, bob, active, system):
    """Bob, who has an account at GitLab, was signed in here."""
    signed_in = Client().post(bob.url("/login/"), {"username": "bob", "password": PASSWORD})
    assert signed_in.status_code == 302
    with in_tenant(alice.tenant):
        deactivate_user(bob.user, actor=system)
        return offboardings().get()


def test_the_receipt_says_what_ended_and_follows_what_is_owed(alice, bob, left, work):
    page = alice.get(f"/console/receipts/{left.pk}/").content.decode()
    assert "1 application does not have it yet" in page
    assert 'hx-trigger="every 2s"' in page
    assert "<dt>Sessions ended</dt><dd>1<" in page
    assert f"<p>{alice.tenant.name} · User deactivated · " in page, "paper says whose it is"
    work()
    page = alice.get(f"/console/receipts/{left.pk}/").content.decode()
    assert "Every application was told within" in page
    assert "Account deactivated in the application (204)" in page
    assert "hx-trigger" not in page


def test_the_list_names_the_newest_first_and_finds_a_name(alice, left, work):
    work()
    page = alice.get("/console/receipts/").content.decode()
    assert f"/console/receipts/{left.pk}/" in page
    assert "Complete" in page
    assert "Nobody matches" in alice.get("/console/receipts/?q=somebody").content.decode()
    assert left.target_name in alice.get(f"/console/receipts/?q={left.target_name}").content.decode()


@pytest.mark.parametrize("before", ["nothing", "00000000-0000-0000-0000-000000000000"])
def test_what_names_no_receipt_begins_at_the_newest(alice, left, before):
    assert left.target_name in alice.get(f"/console/receipts/?before={before}").content.decode()


def test_pages_follow_one_another(alice, left, monkeypatch):
    monkeypatch.setattr("apps.console.views.receipts.PAGE_SIZE", 1)
    with in_tenant(alice.tenant):
        first = Event.objects.get(pk=left.pk)
        second = Event(
            type=EventType.USER_DELETE, actor_name="Test", target_kind="user", target_id=str(uuid4())
        )
        second.target_name = "Zoe"
        second.save()
    page = alice.get("/console/receipts/").content.decode()
    assert ("Zoe" in page, first.target_name in page) == (True, False)
    page = alice.get(f"/console/receipts/?before={second.pk}").content.decode()
    assert ("Zoe" in page, first.target_name in page) == (False, True)


def test_a_name_is_found_behind_more_receipts_than_one_look_goes_through(alice, left, monkeypatch):
    monkeypatch.setattr("apps.events.search.REACH", 1)
    monkeypatch.setattr("apps.events.search.MOST_LOOKS", 2)
    with in_tenant(alice.tenant):
        for _ in range(6):
            key = str(uuid4())
            Event(
                type=EventType.USER_SUSPENDED,
                actor_name="Test",
                target_kind="user",
                target_id=key,
                target_name="Zoe",
            ).save()
    address, looks = f"/console/receipts/?q={left.target_name}", 0
    page = alice.get(address).content.decode()
    while f"/console/receipts/{left.pk}/" not in page:
        looks += 1
        assert looks < 9
        assert "Nobody matches" not in page
        [older] = re.findall(r'href="([^"]*before=[^"]*)"', page)
        page = alice.get("/console/receipts/" + html.unescape(older)).content.decode()
    assert looks, "the first page has no row, and leads on"


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL counts its lines and chooses by itself")
@pytest.mark.parametrize(
    ("wanted", "index"),
    [({"name": "mia"}, "event_type"), ({}, "event_type"), ({"person": "7"}, "event_target")],
)
def test_receipts_are_looked_up_and_not_looked_for_along_the_log(alice, wanted, index):
    with in_tenant(alice.tenant):
        for lines in offboarded(**wanted).branches():
            assert f"USING INDEX {index} " in lines.order_by("-created_at", "-pk")[:26].explain()
        with CaptureQueriesContext(connection) as asked:
            receipts_of(
                offboarded().page(1).rows or [Event(target_id=str(uuid4()), created_at=timezone.now())]
            )
        [what_followed] = [
            each["sql"] for each in asked.captured_queries if "user_deprovision" in each["sql"]
        ]
        assert 'INDEXED BY "event_target"' in what_followed
        walked = offboardings().filter(target_name__icontains="mia")[:26].explain()
        assert "USING INDEX event_newest " in walked, "what they would do without being told"


def test_another_event_is_no_receipt(alice):
    with in_tenant(alice.tenant):
        other = Event.objects.filter(type=EventType.USER_CREATE).first()
    assert alice.get(f"/console/receipts/{other.pk}/").status_code == 404


def test_the_page_of_whoever_left_leads_to_it(alice, bob, left):
    assert f"/console/receipts/{left.pk}/" in alice.get(f"/console/users/{bob.user.pk}/").content.decode()


# --- the access report


def test_the_report_names_everybody_with_the_reason(alice, bob, gitlab):
    page = alice.get(f"/console/access/{gitlab.pk}/").content.decode()
    assert bob.user.email in page
    assert "<td>Engineering</td>" in page
    assert "Nobody matches" in alice.get(f"/console/access/{gitlab.pk}/?q=zoe").content.decode()
    assert "GitLab" in alice.get("/console/access/").content.decode()


@pytest.mark.parametrize("which", ["{gitlab}/export.csv", "export.csv"])
def test_the_file_has_a_row_for_each_and_is_in_the_log(alice, bob, gitlab, which):
    answer = alice.get(f"/console/access/{which.format(gitlab=gitlab.pk)}")
    header, row = b"".join(answer.streaming_content).decode().splitlines()
    assert header.startswith("application,username,email")
    assert row.startswith(f"GitLab,bob,{bob.user.email}")
    with in_tenant(alice.tenant):
        told = Event.objects.get(type=EventType.ACCESS_EXPORT)
    assert told.actor_name == "alice"
    assert told.application_name == ("GitLab" if "{" in which else "")
