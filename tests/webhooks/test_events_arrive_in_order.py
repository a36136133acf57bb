"""Owed from the transaction of the event on, sent after it, in order, one at a time, and once more when nobody knows."""

import json
import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from apps.events.actions import record
from apps.events.actors import Target
from apps.events.types import EventType
from apps.tenants.context import in_tenant
from apps.tenants.models import Tenant
from apps.webhooks import actions, engine, feed, health, queue, recording, replays
from apps.webhooks.models import Delivery, DeliveryAttempt, Webhook
from tests.api.conftest import script_of
from tests.fakes.receiver import Reply
from tests.webhooks.conftest import SYSTEM, Endpoint, happen, ids, later

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_is_never_sent(endpoint):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        happen()
        _ = 1 / 0
    endpoint.work()
    assert endpoint.receiver.received == []
    happen()  # the check can fail
    endpoint.work()
    assert len(endpoint.receiver.received) == 1


def test_what_was_before_the_webhook_is_not_sent(inside, receiver):
    happen(3)
    endpoint = Endpoint(receiver)
    after = happen(1)
    endpoint.work()
    assert receiver.ids == ids(after)


def test_what_it_did_not_ask_for_is_not_sent(inside, receiver):
    endpoint = Endpoint(receiver, event_types=["group_create"], event_groups=["sign_ins"])
    happen(2)
    wanted = happen(1, EventType.GROUP_CREATE) + happen(1, EventType.SSO_AUTH)
    endpoint.work()
    assert receiver.ids == ids(wanted)


def test_what_it_does_not_want_any_more_is_not_sent(endpoint):
    happen(2)
    (wanted,) = happen(1, EventType.GROUP_CREATE)
    endpoint.receiver.answers(503)
    endpoint.work()
    assert endpoint.states == ["pending"] * 3
    actions.update_webhook(endpoint.row, actor=SYSTEM, event_groups=[], event_types=["group_create"])
    with later(hours=1):
        endpoint.work()
    assert endpoint.receiver.ids[1:] == [str(wanted.pk)]
    assert endpoint.states == ["dropped", "dropped", "delivered"]


def test_a_replay_of_what_it_does_not_want_is_sent_whatever_changes(endpoint):
    wanted = happen(1, EventType.SSO_AUTH)
    endpoint.work()
    told = {"since": timezone.now() - timedelta(hours=1), "until": timezone.now() + timedelta(seconds=5)}
    replays.start_replay(endpoint.row, actor=SYSTEM, event_types=["sso_auth"], **told)
    endpoint.receiver.answers(503)
    endpoint.work()
    actions.update_webhook(endpoint.row, actor=SYSTEM, event_groups=[], event_types=["group_create"])
    with later(hours=1):
        endpoint.work()
    assert endpoint.receiver.ids == ids(wanted) * 2


def test_with_nothing_chosen_everything_is_sent(inside, receiver):
    endpoint = Endpoint(receiver, event_groups=[])
    events = [happen(1, each)[0] for each in EventType if each is not EventType.WEBHOOK_TEST]
    endpoint.work()
    while endpoint.work():
        continue
    assert receiver.ids[-len(events) :] == ids(events)


def test_an_endpoint_that_is_far_behind_costs_a_hundred_rows(endpoint):
    happen(queue.LINED_UP + 50)
    endpoint.receiver.always = Reply(503)
    endpoint.work()
    assert len(endpoint.deliveries) == queue.LINED_UP


def test_a_long_backlog_arrives_in_its_order(endpoint):
    events = happen(queue.LINED_UP + 20)
    while endpoint.work():
        continue
    assert endpoint.receiver.ids == ids(events)
    assert endpoint.receiver.most_at_once == 1
    assert set(endpoint.states) == {"delivered"}


def test_one_that_fails_holds_its_own_queue_and_nobody_elses(inside, receiver):
    sick, well = Endpoint(receiver, name="Sick", url=receiver.url + "/sick"), Endpoint(receiver, name="Well")
    events = happen(3)
    receiver.answers(500)
    assert not sick.work()
    assert [each.path for each in receiver.received] == ["/hooks/sick"]
    assert sick.states == ["pending"] * 3
    assert not sick.work()  # not before its time
    well.work()
    assert receiver.ids[1:] == ids(events)
    with later(minutes=1):
        sick.work()
    assert receiver.ids[4:] == ids(events)
    assert sick.states == ["delivered"] * 3


def test_the_body_is_the_event_as_the_rest_api_shows_it(alice, receiver):
    with in_tenant(alice.tenant):
        endpoint = Endpoint(receiver)
        (event,) = happen()
        endpoint.work()
    (received,) = receiver.received
    assert received.headers["content-type"] == "application/json"
    assert json.loads(received.body) == script_of(alice).get(f"/events/{event.pk}/")


def test_writers_pay_nothing_for_it(endpoint, django_assert_num_queries):
    with django_assert_num_queries(1):
        record(EventType.USER_CREATE, actor=SYSTEM, target=Target("user", "1", "mia"))


def test_a_worker_that_dies_with_a_request_on_its_way_loses_nothing(endpoint, monkeypatch):
    events = happen(2)

    class Killed(BaseException):
        pass

    def killed(*_):
        raise Killed

    monkeypatch.setattr(engine, "record_report", killed)
    monkeypatch.setattr(health, "free_turn", lambda *_: None)  # kill -9 gives nothing back
    with pytest.raises(Killed):
        endpoint.work()
    monkeypatch.undo()
    assert not endpoint.work()  # its turn is not over yet
    with later(seconds=health.TURN.total_seconds() + 1):
        endpoint.work()
    assert endpoint.receiver.ids == ids(events[:1] + events)  # once more, under the same id


def test_one_who_was_taken_for_dead_changes_nothing(endpoint, monkeypatch):
    happen(1)
    right = engine.send

    def slowly(*told):
        report = right(*told)
        Webhook.objects.update(busy_token=uuid.uuid4())  # somebody else has it by now
        return report

    monkeypatch.setattr(engine, "send", slowly)
    endpoint.work()
    assert endpoint.states == ["pending"]
    assert not DeliveryAttempt.objects.exists()


def test_without_the_token_it_would_be_written(endpoint, monkeypatch):
    """The negative control: the same worker, still in charge."""
    happen(1)
    endpoint.work()
    assert endpoint.states == ["delivered"]
    assert DeliveryAttempt.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_send_at_once(endpoint, tenant):
    happen(1)
    gate = threading.Event()
    endpoint.receiver.replies.append(Reply(wait=gate))

    def work():
        with in_tenant(tenant):
            engine.work(endpoint.row.pk)
        connection.close()

    first = threading.Thread(target=work)
    first.start()
    endpoint.receiver.arrived.acquire(timeout=20)
    assert not endpoint.work()
    gate.set()
    first.join()
    assert endpoint.receiver.most_at_once == 1
    assert len(endpoint.receiver.received) == 1


def test_the_sweeper_rings_for_what_is_due_and_for_nothing_else(endpoint, bell):
    me = (str(endpoint.row.tenant_id), str(endpoint.row.pk))
    while endpoint.work():
        continue
    feed.seal_now()
    endpoint.work()
    assert queue.webhooks_due() == []
    happen(1)
    assert queue.webhooks_due() == [me]  # not even sealed yet
    feed.seal_now()
    assert queue.webhooks_due() == [me]
    actions.update_webhook(endpoint.row, actor=SYSTEM, active=False)
    assert queue.webhooks_due() == []


def test_the_sweeper_rings_for_no_organisation_that_is_suspended(endpoint, tenant):
    happen(1)
    assert len(queue.webhooks_due()) == 1
    Tenant.objects.filter(pk=tenant.pk).update(active=False)
    assert queue.webhooks_due() == []


def test_a_turn_that_is_taken_is_not_rung_for(endpoint):
    happen(1)
    health.take_turn(endpoint.row, uuid.uuid4())
    assert queue.webhooks_due() == []
    with later(minutes=1):
        assert len(queue.webhooks_due()) == 1


def test_a_dropped_delivery_is_not_brought_back_by_a_late_answer(endpoint):
    happen(1)
    endpoint.receiver.always = Reply(500)
    endpoint.work()
    delivery = queue.head(endpoint.row)
    token = uuid.uuid4()
    Webhook.objects.update(busy_token=token)
    Delivery.objects.update(state="dropped")
    report = engine.send(endpoint.row.url, [endpoint.secret], delivery)
    assert recording.record_report(endpoint.now, token, delivery, report)
    assert endpoint.states == ["dropped"]
