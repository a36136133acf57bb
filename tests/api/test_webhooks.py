"""Webhooks as a script sets them up."""

import pytest

from apps.accounts.models import Role
from apps.events.models import Event
from apps.lib import event_loop
from apps.tenants.context import in_tenant
from apps.webhooks import engine, tasks
from apps.webhooks.models import Webhook
from tests.api.conftest import Script
from tests.fakes.receiver import Receiver
from tests.webhooks.conftest import happen

SIEM = {"name": "SIEM", "url": "https://siem.example/in"}


@pytest.fixture
def receiver():
    running = Receiver()
    yield running
    event_loop.close()
    running.stop()


@pytest.fixture(autouse=True)
def _silent_bell(monkeypatch):
    monkeypatch.setattr(tasks, "ring", lambda *_: None)


@pytest.mark.parametrize(
    ("body", "wrong"),
    [({}, {"name", "url"}), ({**SIEM, "url": "https://10.0.0.1/"}, {"url"}), ({**SIEM, "name": ""}, {"name"}), ({**SIEM, "secret": "x"}, {"secret"}),
     ({**SIEM, "event_types": ["nonsense"]}, {"event_types.0"}), ({**SIEM, "event_groups": ["nonsense"]}, {"event_groups.0"})],
)  # fmt: skip
def test_what_cannot_be_is_refused(api: Script, body, wrong):
    assert api.refused("POST", "/webhooks/", body).keys() == wrong


def test_readers_look_and_do_not_change(api: Script, reader: Script, with_role):
    made = api.post("/webhooks/", SIEM)
    path = f"/webhooks/{made['id']}/"
    assert reader.get(path)["name"] == "SIEM"
    for method, end in (("PATCH", ""), ("DELETE", ""), ("POST", "secrets/"), ("POST", "tests/"), ("POST", "replays/")):  # fmt: skip
        assert reader(method, path + end, {}).status_code == 403
    assert with_role(Role.HELP_DESK)("GET", path).status_code == 403


def test_the_secret_is_told_once(api: Script):
    made = api.post("/webhooks/", SIEM)
    assert made["secret"].startswith("whsec_")
    assert "secret" not in api.get(f"/webhooks/{made['id']}/")
    assert made["active"] is True
    assert (made["event_types"], made["event_groups"], made["state"]) == ([], [], "active")


def test_two_secrets_live_at_a_time_and_one_stays(api: Script):
    path = f"/webhooks/{api.post('/webhooks/', SIEM)['id']}/secrets/"
    (first,) = api.get(path)["results"]
    second = api.post(path, {})
    assert api.refused("POST", path, {})
    assert api("DELETE", f"{path}{first['id']}/").status_code == 204
    assert [each["id"] for each in api.get(path)["results"]] == [second["id"]]
    assert api.refused("DELETE", f"{path}{second['id']}/")


def test_it_is_changed_paused_and_deleted(api: Script):
    path = f"/webhooks/{api.post('/webhooks/', SIEM)['id']}/"
    changed = api("PATCH", path, {"active": False, "event_groups": ["sign_ins"], "name": "Splunk"}).json()
    assert (changed["state"], changed["pause_reason"]) == ("paused", "request")
    assert api("POST", f"{path}resumption/", {"skip": True}).json()["state"] == "active"
    assert api("DELETE", path).status_code == 204
    assert api("GET", path).status_code == 404
    with in_tenant(api.tenant):
        told = list(Event.objects.filter(type__startswith="webhook_").order_by("created_at").values_list("type", flat=True))  # fmt: skip
    assert told == ["webhook_create", "webhook_update", "webhook_resume", "webhook_delete"]


def test_another_organisations_are_not_there(api: Script, stranger: Script):
    path = f"/webhooks/{stranger.post('/webhooks/', {**SIEM, 'name': 'canary'})['id']}/"
    for end in ("", "secrets/", "deliveries/", "replays/"):
        assert api("GET", path + end).status_code == 404
    assert b"canary" not in api("GET", "/webhooks/").content


def test_a_test_and_what_became_of_each_delivery(api: Script, receiver: Receiver):
    made = api.post("/webhooks/", {"name": "Own", "url": receiver.url, "event_groups": ["people"]})
    path = f"/webhooks/{made['id']}/"
    receiver.answers(200, 500)
    tried = api.post(f"{path}tests/", {})
    assert (tried["state"], tried["tries"][0]["status"], tried["body"]) == ("delivered", 200, receiver.received[0].body.decode())  # fmt: skip
    with in_tenant(api.tenant):
        happen(1)
        engine.work(Webhook.objects.get().pk)
    (waiting,) = api.get(f"{path}deliveries/?state=pending")["results"]
    assert (waiting["attempts"], waiting["last_status"]) == (1, 500)
    assert api("POST", f"{path}deliveries/{waiting['id']}/retries/", {}).status_code == 202
    with in_tenant(api.tenant):
        engine.work(Webhook.objects.get().pk)
    one = api.get(f"{path}deliveries/{waiting['id']}/")
    assert [each["status"] for each in one["tries"]] == [200, 500]
    assert one["state"] == "delivered"


def test_a_range_is_counted_then_sent_again(api: Script, receiver: Receiver):
    path = f"/webhooks/{api.post('/webhooks/', {'name': 'Own', 'url': receiver.url})['id']}/"
    with in_tenant(api.tenant):
        happen(3)
        engine.work(Webhook.objects.get().pk)
    told = {"from": "2001-01-01T00:00:00Z", "to": "2999-01-01T00:00:00Z"}
    count = api.get(f"{path}replays/count/?from={told['from']}&to={told['to']}")["count"]
    assert count > 3
    assert api.refused("POST", f"{path}replays/", {"from": told["from"]}).keys() == {"to"}
    answer = api("POST", f"{path}replays/", {**told, "event_types": ["user_create"]})
    assert answer.status_code == 202
    replay = answer.json()
    assert (replay["total"], replay["state"]) == (4, "running")  # Alice, and the three
    with in_tenant(api.tenant):
        while engine.work(Webhook.objects.get().pk):
            continue
    assert api.get(f"{path}replays/{replay['id']}/")["delivered"] == 4
    assert api("DELETE", f"{path}replays/{replay['id']}/").status_code == 204
    assert api.get(f"{path}replays/")["results"][0]["state"] == "done"
