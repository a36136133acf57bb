"""Webhooks in the console: set up, watched, tried, paused, replayed; and a quarantine that cannot be overlooked."""

import re

import pytest
from django.test import Client

from apps.accounts.actions import add_administrator
from apps.accounts.models import Role
from apps.events.types import EventType
from apps.lib import event_loop
from apps.tenants.context import in_tenant
from apps.webhooks import engine, tasks
from apps.webhooks.models import Delivery, Replay, Webhook, WebhookSecret
from tests.fakes.receiver import Receiver
from tests.webhooks.conftest import SYSTEM, happen

ALL = "/console/settings/webhooks/"
NEW = {"name": "SIEM", "url": "https://siem.example/in?token=x", "which": "all"}


@pytest.fixture
def receiver():
    running = Receiver()
    yield running
    event_loop.close()
    running.stop()


@pytest.fixture(autouse=True)
def _silent_bell(monkeypatch):
    monkeypatch.setattr(tasks, "ring", lambda *_: None)


def made(alice, **fields):
    """(its address, the secret that was shown)"""
    answer = alice.post(f"{ALL}new/", NEW | fields)
    assert answer.status_code == 200, answer.content
    secret = re.search(r'data-copy="(whsec_[^"]+)"', answer.content.decode())
    with in_tenant(alice.tenant):
        return f"{ALL}{Webhook.objects.latest('created_at').pk}/", secret[1]


def text(alice, path):
    answer = alice.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def work(alice):
    with in_tenant(alice.tenant):
        webhook = Webhook.objects.get()
        Webhook.objects.update(not_before=None)
        engine.work(webhook.pk)


@pytest.mark.parametrize(
    "wrong",
    [{"name": ""}, {"url": "https://10.0.0.1/"}, {"url": ""}, {"which": "chosen"}, {"which": "chosen", "event_types": ["nonsense"]}, {"event_groups": ["nonsense"]}],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_nothing_is_lost(alice, wrong):
    answer = alice.post(f"{ALL}new/", NEW | wrong)
    assert answer.status_code == 422
    with in_tenant(alice.tenant):
        assert not Webhook.objects.exists()


def test_the_secret_is_shown_once_and_the_url_not_in_lists(alice):
    path, secret = made(alice)
    for page in (ALL, path, f"{path}settings/"):
        assert secret not in text(alice, page)
    assert "siem.example" in text(alice, ALL)
    assert "token=x" not in text(alice, ALL) + text(alice, path)


def test_what_is_ticked_is_kept_and_everything_forgets_it(alice):
    path, _secret = made(alice, which="chosen", event_groups=["sign_ins"], event_types=["user_create"])
    with in_tenant(alice.tenant):
        webhook = Webhook.objects.get()
        assert (webhook.event_groups, webhook.event_types) == (["sign_ins"], ["user_create"])
        assert EventType.SSO_AUTH in webhook.wanted
    alice.post(f"{path}settings/", NEW | {"name": "Splunk", "event_types": ["user_create"]})
    with in_tenant(alice.tenant):
        webhook = Webhook.objects.get()
        assert (webhook.name, webhook.wanted) == ("Splunk", None)


def test_a_second_secret_is_shown_once_and_the_first_ended(alice):
    path, first = made(alice)
    answer = alice.post(f"{path}secrets/").content.decode()
    second = re.search(r'data-copy="(whsec_[^"]+)"', answer)[1]
    assert second != first
    assert alice.post(f"{path}secrets/").status_code == 302  # two are enough
    with in_tenant(alice.tenant):
        old = WebhookSecret.objects.earliest("created_at")
    alice.post(f"{path}secrets/{old.pk}/removal/")
    with in_tenant(alice.tenant):
        assert [each.secret for each in WebhookSecret.objects.all()] == [second]


def test_a_test_leads_to_what_was_sent_and_what_came_back(alice, receiver):
    path, _secret = made(alice, url=receiver.url)
    answer = alice.post(f"{path}tests/")
    page = alice.client.get(answer["Location"]).content.decode()
    assert "200 in" in page
    assert receiver.ids[0] in page
    assert "v1,[hidden]" in page
    assert receiver.received[0].headers["webhook-signature"] not in page


def test_deliveries_show_their_state_and_are_tried_again_at_once(alice, receiver):
    path, _secret = made(alice, url=receiver.url, which="chosen", event_groups=["people"])
    receiver.answers(500)
    with in_tenant(alice.tenant):
        happen(1)
    work(alice)
    page = text(alice, path)
    assert "It answered 500." in page
    assert "Trying again" in page
    with in_tenant(alice.tenant):
        delivery = Delivery.objects.get(attempts__gt=0)
    assert "It answered 500." in text(alice, f"{path}deliveries/{delivery.pk}/")
    alice.post(f"{path}deliveries/{delivery.pk}/retries/")
    work(alice)
    assert "Delivered" in text(alice, f"{path}?state=delivered")
    assert "Nobody" not in text(alice, f"{path}?state=nonsense")


def test_pause_and_resumption(alice):
    path, _secret = made(alice)
    alice.post(f"{path}pause/")
    assert "Paused." in text(alice, path)
    assert "Nothing is sent while it is paused." in text(alice, path)
    alice.post(f"{path}resumption/", {"skip": "yes"})
    assert "Paused." not in text(alice, path)
    assert "appears here within seconds" in text(alice, path)
    assert "active already" in alice.post(f"{path}resumption/", follow=True).content.decode()


def test_a_replay_says_how_many_before_it_sends_them(alice, receiver):
    path, _secret = made(alice, url=receiver.url, which="chosen", event_groups=["people"])
    with in_tenant(alice.tenant):
        happen(3)
    work(alice)
    told = {"since": "2001-01-01T00:00", "until": "2999-01-01T00:00", "event_type": ""}
    answer = alice.get(f"{path}replays/", data=told)
    assert "4 events" in answer.content.decode()  # Alice, and the three
    with in_tenant(alice.tenant):
        assert not Replay.objects.exists()
    assert alice.get(f"{path}replays/", data=told | {"until": "2000-01-01T00:00"}).status_code == 422
    assert alice.post(f"{path}replays/", told).status_code == 302
    assert "0 of 4 events" in text(alice, path)
    assert alice.post(f"{path}replays/", told).status_code == 422  # one at a time
    work(alice)
    work(alice)
    assert "4 of 4 events" in text(alice, path)


def test_a_replay_is_cancelled(alice, receiver):
    path, _secret = made(alice, url=receiver.url)
    with in_tenant(alice.tenant):
        happen(3)
    work(alice)
    alice.post(f"{path}replays/", {"since": "2001-01-01T00:00", "until": "2999-01-01T00:00"})
    with in_tenant(alice.tenant):
        replay = Replay.objects.get()
    alice.post(f"{path}replays/{replay.pk}/cancellation/")
    assert "Cancelled" in text(alice, path)


def test_a_quarantine_stands_on_the_overview_and_on_its_page(alice):
    path, _secret = made(alice)
    with in_tenant(alice.tenant):
        Webhook.objects.update(state="quarantined", quarantine_reason="failures", last_problem="It answered 502.")  # fmt: skip
    assert "its endpoint takes nothing" in text(alice, "/console/")
    page = text(alice, path)
    assert "It answered 502." in page
    assert "Resume now" in page


def test_it_is_deleted(alice):
    path, _secret = made(alice)
    assert "Delete SIEM?" in text(alice, f"{path}removal/")
    alice.post(f"{path}removal/")
    assert alice.get(path).status_code == 404


def test_readers_look_and_change_nothing(alice, bob):
    path, _secret = made(alice)
    with in_tenant(bob.tenant):
        add_administrator(bob.user, actor=SYSTEM, role=Role.READ_ONLY)
    assert "/tests/" not in text(bob, path)
    for end in ("tests/", "pause/", "secrets/", "removal/", "settings/", "replays/"):
        assert bob.post(path + end, NEW).status_code == 403
    assert Client().get(bob.url(path)).status_code == 302
