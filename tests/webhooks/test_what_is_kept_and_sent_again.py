"""The test button, replays of a range, and how long deliveries are kept."""

import json
from datetime import timedelta
from urllib.parse import urlencode

import pytest
import time_machine
from django.utils import timezone
from django.utils.formats import date_format

from apps.events import chain, checkpoints, counting
from apps.events.archiving.actions import set_retention
from apps.events.archiving.work import archive_one
from apps.events.models import Event
from apps.events.types import EventType
from apps.webhooks import actions, health, queue, replays, retention
from apps.webhooks.errors import Busy, WebhookInvalid
from apps.webhooks.models import Delivery, DeliveryAttempt, Replay
from apps.webhooks.trying import send_test
from tests.api.conftest import script_of
from tests.fakes.receiver import Reply
from tests.webhooks.conftest import SYSTEM, Endpoint, happen, ids, later

pytestmark = pytest.mark.django_db


def test_a_test_shows_what_was_sent_and_what_came_back(endpoint):
    endpoint.receiver.replies.append(Reply(201, body=b"thanks"))
    delivery = send_test(endpoint.row, actor=SYSTEM)
    attempt = delivery.tries.get()
    assert (delivery.state, delivery.kind, attempt.status, attempt.answer) == ("delivered", "test", 201, "thanks")  # fmt: skip
    (received,) = endpoint.receiver.received
    assert received.body.decode() == delivery.body
    assert json.loads(delivery.body)["event_type"] == "webhook_test"


def test_a_failed_test_judges_nobody(endpoint):
    endpoint.receiver.answers(410)
    delivery = send_test(endpoint.row, actor=SYSTEM)
    assert (delivery.state, delivery.last_status) == ("failed", 410)
    assert endpoint.now.state == "active"
    with pytest.raises(WebhookInvalid):
        actions.retry_delivery(delivery)


def test_a_test_goes_to_nobody_else(inside, receiver):
    one = Endpoint(receiver, event_groups=[])
    other = Endpoint(receiver, name="Other", event_groups=[])
    send_test(one.row, actor=SYSTEM)
    while one.work() or other.work():
        continue
    told = [json.loads(each.body)["event_type"] for each in receiver.received]
    assert told.count("webhook_test") == 1
    assert told.count("webhook_create") == 3  # one of its own, two of the other: everything else arrives


def test_a_test_waits_for_its_turn(endpoint, monkeypatch):
    monkeypatch.setattr("apps.webhooks.trying.PATIENCE_SECONDS", 0.0)
    health.take_turn(endpoint.row, endpoint.row.pk)
    with pytest.raises(Busy):
        send_test(endpoint.row, actor=SYSTEM)
    assert endpoint.receiver.received == []


def range_of(**hours):
    now = timezone.now()
    return {"since": now - timedelta(**hours), "until": now + timedelta(seconds=5)}


def test_a_replay_says_how_many_and_sends_them_in_their_order_again(endpoint):
    events = happen(queue.LINED_UP + 5)
    happen(3, EventType.SSO_AUTH)
    while endpoint.work():
        continue
    told = range_of(hours=1)
    assert replays.replayable(endpoint.row, told["since"], told["until"], []).count() == len(events)
    replay = replays.start_replay(endpoint.row, actor=SYSTEM, event_types=[], **told)
    assert replay.total == len(events)
    newer = happen(1)
    while endpoint.work():
        continue
    replay.refresh_from_db()
    assert (replay.state, replay.delivered, replay.failed) == ("done", len(events), 0)
    again = endpoint.receiver.ids[len(events) :]
    assert sorted(again) == sorted(ids(events) + ids(newer))
    assert [each for each in again if each not in ids(newer)] == ids(events)
    assert Event.objects.get(type=EventType.WEBHOOK_REPLAY).details["total"] == len(events)


@pytest.mark.parametrize("groups", [[], ["people"], ["people", "sign_ins", "provisioning"]])
def test_a_count_is_of_what_would_be_sent(inside, receiver, groups):
    """One way through the log, one for each type, or all lines: the same events."""
    one, other = Endpoint(receiver, event_groups=groups), Endpoint(receiver, name="Other")
    happen(4)
    happen(2, EventType.SSO_AUTH)
    happen(1, EventType.WEBHOOK_TEST)
    for each in (one, other):
        health.resume(each.row, actor=SYSTEM)
    chain.seal()
    told = [*range_of(hours=1).values()]
    sent = replays.replayable(one.row, *told, [])
    counted = replays.counted(one.row, *told, [])
    assert (counted.total, counted.since) == (sent.count(), None)
    assert sent.filter(type="webhook_resume").count() == (0 if groups else 1)
    assert replays.counted(one.row, *told, ["sso_auth"]).total == 2
    happen(1)  # not sealed yet
    assert replays.counted(one.row, *told, []).total == counted.total


def test_a_count_goes_no_further_than_the_logs_own(alice, endpoint, monkeypatch):
    happen(10)
    chain.seal()
    monkeypatch.setattr(counting, "COUNTED", 4)
    found = replays.counted(endpoint.row, *range_of(hours=1).values(), ["user_create"])
    assert found.since is not None
    assert 4 <= found.total < 10
    told = {"from": "2001-01-01T00:00:00Z", "to": "2999-01-01T00:00:00Z"}
    asked = f"/webhooks/{endpoint.row.pk}/replays/count/?{urlencode(told)}"
    answer = script_of(alice)("GET", asked).json()
    assert (answer["complete"], answer["counted_from"] is None) == (False, False)
    assert answer["count"] < 10
    since, until = "2001-01-01T00:00", "2999-01-01T00:00"
    path = f"/console/settings/webhooks/{endpoint.row.pk}/replays/"
    shown = {"since": since, "until": until, "event_type": "user_create"}
    assert f"At least {found.total} events" in alice.get(path, data=shown).content.decode()
    assert alice.post(path, shown).status_code == 302  # all of them are sent again
    assert Replay.objects.get().total >= 10


def test_a_replay_of_other_types_sends_those(endpoint):
    happen(2)
    wanted = happen(2, EventType.SSO_AUTH)
    endpoint.work()
    sent = len(endpoint.receiver.received)
    replays.start_replay(endpoint.row, actor=SYSTEM, event_types=["sso_auth"], **range_of(hours=1))
    while endpoint.work():
        continue
    assert endpoint.receiver.ids[sent:] == ids(wanted)


def test_a_replay_of_nothing_and_a_second_at_a_time_are_refused(endpoint):
    old = {"since": timezone.now() - timedelta(days=9), "until": timezone.now() - timedelta(days=8)}
    with pytest.raises(WebhookInvalid):
        replays.start_replay(endpoint.row, actor=SYSTEM, event_types=[], **old)
    happen(1)
    replays.start_replay(endpoint.row, actor=SYSTEM, event_types=[], **range_of(hours=1))
    with pytest.raises(WebhookInvalid):
        replays.start_replay(endpoint.row, actor=SYSTEM, event_types=[], **range_of(hours=1))


@pytest.fixture
def archived(endpoint, tmp_path, settings):
    """Of three events the first two are in a file alone. Returns when the second happened."""
    settings.EVENT_ARCHIVES = tmp_path
    for days in (400, 300, 1):
        with time_machine.travel(timezone.now() - timedelta(days=days), tick=False):
            (event,) = happen()
            chain.seal(1)  # what fixtures made is younger, and stays behind
            checkpoints.make_checkpoint()
        if days == 300:
            moment = event.created_at
    set_retention(6, actor=SYSTEM)
    while archive_one():
        continue
    return moment


def test_a_range_that_begins_in_the_archives_is_refused_with_the_moment_they_end(endpoint, archived):
    assert replays.archived_until() == archived
    told = {"since": archived, "until": timezone.now()}
    for ask in (
        lambda: replays.replayable(endpoint.row, *told.values(), []),
        lambda: replays.start_replay(endpoint.row, actor=SYSTEM, event_types=[], **told),
    ):
        with pytest.raises(WebhookInvalid) as refusal:
            ask()
        assert date_format(timezone.localtime(archived), "j M Y, H:i") in str(refusal.value.fields[""])
    told["since"] += timedelta(seconds=1)  # from there on it is whole
    assert replays.start_replay(endpoint.row, actor=SYSTEM, event_types=[], **told).total == 1


def test_nothing_is_refused_where_nothing_was_archived(endpoint):
    """The negative control: the same range."""
    for days in (400, 300, 1):
        with time_machine.travel(timezone.now() - timedelta(days=days), tick=False):
            happen()
            chain.seal()
    assert replays.archived_until() is None
    told = {"since": timezone.now() - timedelta(days=500), "until": timezone.now()}
    assert replays.replayable(endpoint.row, *told.values(), []).count() == 3


def test_page_and_rest_api_say_up_to_when(alice, endpoint, archived):
    path = f"/console/settings/webhooks/{endpoint.row.pk}/replays/"
    moment = date_format(timezone.localtime(archived), "j M Y, H:i")
    assert moment in alice.get(path).content.decode()
    since = (archived - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    until = timezone.now().strftime("%Y-%m-%dT%H:%M")
    page = alice.get(f"{path}?{urlencode({'since': since, 'until': until})}")
    assert page.content.decode().count(moment) == 1  # the refusal, in place of the rule
    asked = {"from": archived.isoformat(), "to": timezone.now().isoformat()}
    answer = script_of(alice)("GET", f"/webhooks/{endpoint.row.pk}/replays/count/?{urlencode(asked)}")
    assert answer.status_code == 400
    assert moment in answer.content.decode()


def test_a_replay_that_is_cancelled_sends_no_more(endpoint):
    happen(3)
    endpoint.work()
    replay = replays.start_replay(endpoint.row, actor=SYSTEM, event_types=[], **range_of(hours=1))
    endpoint.receiver.always = Reply(503)
    endpoint.work()
    replays.cancel_replay(replay)
    endpoint.receiver.always = Reply()
    with later(hours=1):
        endpoint.work()
    replay.refresh_from_db()
    assert (replay.state, replay.delivered) == ("cancelled", 0)
    assert endpoint.states == ["delivered"] * 3 + ["dropped"] * 3


def test_what_is_over_goes_after_its_days_and_what_waits_stays(endpoint, settings):
    happen(2)
    endpoint.work()
    endpoint.receiver.always = Reply(500)
    happen(1)
    endpoint.work()
    with later(days=settings.ATTEMPT_DAYS - 1):
        retention.forget_deliveries()
        assert Delivery.objects.count() == 3
    with later(days=settings.ATTEMPT_DAYS + 1):
        assert retention.tenants_with_old() == [str(endpoint.row.tenant_id)]
        retention.forget_deliveries()
    assert endpoint.states == ["pending"]
    assert Event.objects.filter(type=EventType.USER_CREATE).count() == 3


def test_more_than_enough_are_not_kept_however_young(endpoint, monkeypatch, settings):
    monkeypatch.setattr(retention, "DELIVERIES_KEPT", 4)
    events = happen(10)
    endpoint.work()
    retention.forget_deliveries()
    assert [str(each.event_id) for each in endpoint.deliveries] == ids(events)[-4:]


def test_of_one_that_fails_for_long_the_newest_attempts_stay(endpoint, settings):
    settings.ATTEMPTS_KEPT = 2
    endpoint.receiver.always = Reply(500)
    happen(1)
    for minutes in (0, 60, 120, 240):
        with later(minutes=minutes):
            endpoint.work()
    before = list(DeliveryAttempt.objects.values_list("pk", flat=True))
    assert len(before) == 4
    retention.forget_deliveries()
    assert list(DeliveryAttempt.objects.values_list("pk", flat=True)) == before[:2]


def test_replays_that_are_over_go_as_well(endpoint, settings):
    happen(1)
    replays.start_replay(endpoint.row, actor=SYSTEM, event_types=[], **range_of(hours=1))
    with later(days=settings.ATTEMPT_DAYS + 1):
        retention.forget_deliveries()
        assert Replay.objects.count() == 1
        while endpoint.work():
            continue
        retention.forget_deliveries()
    assert Replay.objects.count() == 0


def test_a_count_by_many_types_asks_no_more_of_the_database(
    alice, inside, receiver, django_assert_max_num_queries
):
    """Each type is a way of its own through the log; all of them are one statement."""
    types = [str(each) for each in EventType if each.startswith("user_")][:8]
    endpoint = Endpoint(receiver, event_groups=[], event_types=types)
    asked = {"since": "2001-01-01T00:00", "until": "2999-01-01T00:00", "event_type": ""}
    path = f"/console/settings/webhooks/{endpoint.row.pk}/replays/"
    alice.get(path)
    with django_assert_max_num_queries(12):
        assert alice.get(path, data=asked).status_code == 200
