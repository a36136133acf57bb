"""A person sees where they are signed in, and ends it from elsewhere."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from apps.accounts.models import PortalSession
from apps.directory.actions import set_password
from apps.events.models import Event
from apps.tenants.context import in_tenant
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db
SECURITY = "/t/acme/me/security/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def enter(username="bob", ip="192.0.2.1", agent=FIREFOX):
    client = Client(REMOTE_ADDR=ip, HTTP_USER_AGENT=agent)
    answer = client.post("/t/acme/login/", {"username": username, "password": PASSWORD})
    assert answer.status_code == 302
    return client


def listed(client):
    page = client.get(SECURITY).content.decode()
    return re.findall(r'<td class="nowrap">([^<]+)</td>', page.partition("sessions-title")[2])


def is_in(client):
    return client.get("/t/acme/me/").status_code == 200


def end(client, ip):
    page = client.get(SECURITY).content.decode()
    [path] = re.findall(
        rf'action="([^"]+/end/)"[^§]*?End the session from {re.escape(ip)}"', page.split("<tr>")[-1]
    ) or re.findall(rf'{re.escape(ip)}</td>.*?action="([^"]+/end/)"', page, re.DOTALL)
    return client.post(path)


def test_each_is_listed_with_its_device_and_address(bob):
    here, there = enter(), enter(ip="192.0.2.2", agent="curl/8")
    assert set(listed(here)) == {"192.0.2.1", "192.0.2.2"}
    page = here.get(SECURITY).content.decode()
    assert "Firefox, Linux" in page
    assert page.count("This one") == 1
    assert set(listed(there)) == {"192.0.2.1", "192.0.2.2"}


def test_nobody_elses_is_listed(alice, bob):
    enter("alice", ip="192.0.2.66")
    assert listed(enter()) == ["192.0.2.1"]


def test_one_is_ended_from_another(bob, tenant):
    here, there = enter(), enter(ip="192.0.2.2")
    assert is_in(there)
    assert end(here, "192.0.2.2").status_code == 302
    assert not is_in(there)
    assert is_in(here)
    assert listed(here) == ["192.0.2.1"]
    with in_tenant(tenant):
        event = Event.objects.get(type="session_end")
        assert (event.actor_name, event.details["client_ip"]) == ("bob", "192.0.2.2")


def test_all_others_are_ended_at_once(bob):
    here, others = enter(), [enter(ip=f"192.0.2.{number}") for number in (2, 3)]
    assert here.post(f"{SECURITY}sessions/ends/").status_code == 302
    assert [is_in(one) for one in (here, *others)] == [True, False, False]


def test_nobody_ends_somebody_elses(alice, bob, tenant):
    hers, his = enter("alice"), enter()
    with in_tenant(tenant):
        session = PortalSession.objects.get(user=alice.user)
    assert his.post(f"{SECURITY}sessions/{session.pk}/end/").status_code == 404
    assert is_in(hers)
    assert hers.post(f"{SECURITY}sessions/{session.pk}/end/").status_code == 302  # negative control
    assert not is_in(hers)


def test_opening_the_address_ends_nothing(bob, tenant):
    here = enter()
    assert here.get(f"{SECURITY}sessions/ends/").status_code == 405


def test_what_is_over_is_not_listed(bob, tenant, system):
    here, out = enter(), enter(ip="192.0.2.2")
    out.post("/t/acme/logout/")
    assert listed(here) == ["192.0.2.1"]
    enter(ip="192.0.2.3")
    with in_tenant(tenant):
        set_password(bob.user, PASSWORD, actor=system)  # another hash: every session is over
    assert listed(enter(ip="192.0.2.4")) == ["192.0.2.4"]
    with time_machine.travel(timezone.now() + timedelta(hours=13)):
        assert listed(enter(ip="192.0.2.5")) == ["192.0.2.5"]


def test_it_stays_the_same_one_when_its_key_changes(bob, tenant):
    here = enter()
    before = here.cookies["gatehouse_session"].value
    here.post("/t/acme/reauthentication/", {"password": PASSWORD})
    assert here.cookies["gatehouse_session"].value != before
    assert listed(here) == ["192.0.2.1"]
    new = {
        "current": PASSWORD,
        "password": "quite another passphrase",
        "repeated": "quite another passphrase",
    }
    here.post("/t/acme/me/password/", new)
    assert listed(here) == ["192.0.2.1"]
    assert "This one" in here.get(SECURITY).content.decode()


def test_last_seen_is_noted_now_and_then(bob, tenant, django_assert_num_queries):
    here = enter()
    with in_tenant(tenant):
        first = PortalSession.objects.get().last_seen_at
    here.get("/t/acme/me/")
    with in_tenant(tenant):
        assert PortalSession.objects.get().last_seen_at == first
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        here.get("/t/acme/me/", REMOTE_ADDR="192.0.2.9")
        with in_tenant(tenant):
            session = PortalSession.objects.get()
            assert session.last_seen_at > first + timedelta(minutes=5)
            assert session.client_ip == "192.0.2.9"


def test_a_browsers_words_about_itself_are_text(bob):
    here = enter(agent="<script>alert(1)</script>" * 30)
    assert "<script>alert" not in here.get(SECURITY).content.decode()
