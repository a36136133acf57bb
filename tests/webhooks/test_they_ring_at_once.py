"""After the commit that wrote an event its endpoints are rung for: none too few while the sweeper is away, and none for nothing."""

from types import SimpleNamespace

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.events.actions import line, record_all
from apps.events.types import EventType
from apps.webhooks import actions, doorbell, feed, health, queue, tasks
from tests.fakes.receiver import Reply
from tests.queries import statements
from tests.webhooks.conftest import SYSTEM, Endpoint, happen, ids

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def forgetful():
    """What an earlier test's process knew."""
    doorbell._known.clear()


@pytest.fixture
def quiet(endpoint, bell):
    """An endpoint that has everything it was owed, and whose making rang."""
    while endpoint.work():
        continue
    bell.clear()
    return endpoint


def rings_for(*endpoints):
    return [(str(each.row.tenant_id), str(each.row.pk)) for each in endpoints]


def test_it_is_rung_for_after_the_commit_and_not_before(quiet, bell):
    with transaction.atomic():
        happen()
        assert bell == []
    assert bell == rings_for(quiet)


def test_many_events_of_one_transaction_ring_once(quiet, bell):
    with transaction.atomic():
        happen(3)
        record_all([line(EventType.GROUP_CREATE, actor=SYSTEM)])
    assert bell == rings_for(quiet)


def test_what_is_rolled_back_does_not_ring(quiet, bell):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        happen()
        _ = 1 / 0
    assert bell == []


def test_a_savepoint_that_is_taken_back_keeps_nobody_from_ringing(quiet, bell):
    with transaction.atomic():
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            happen()
            _ = 1 / 0
        happen()
    assert bell == rings_for(quiet)


def test_only_for_whom_it_concerns(quiet, bell, receiver):
    everything = Endpoint(receiver, name="Everything", event_groups=[])
    sign_ins = Endpoint(receiver, name="Sign-ins", event_groups=["sign_ins"])
    bell.clear()
    happen(1, EventType.SSO_AUTH)
    assert sorted(bell) == sorted(rings_for(everything, sign_ins))
    bell.clear()
    happen(1, EventType.WEBHOOK_TEST)
    assert bell == []


@pytest.mark.parametrize("state", ["paused", "in somebody's hand", "waiting"])
def test_nobody_is_rung_for_who_may_not_go_on_now(quiet, bell, state):
    if state == "paused":
        actions.update_webhook(quiet.row, actor=SYSTEM, active=False)
    elif state == "in somebody's hand":
        health.take_turn(quiet.row, quiet.row.pk)
    else:
        happen()
        quiet.receiver.always = Reply(503, {"Retry-After": "60"})
        quiet.work()
    bell.clear()
    happen()
    assert bell == []


def test_whoever_has_no_webhook_pays_no_statement(inside):
    happen()  # from here on it is known
    with CaptureQueriesContext(connection) as made:
        happen()
    assert len(statements(made)) == 1  # the event


def test_nor_does_whoever_wants_other_events_and_one_is_paid_for_asking_who_is_idle(quiet):
    happen()
    with CaptureQueriesContext(connection) as made:
        happen(1, EventType.SSO_AUTH)
    assert len(statements(made)) == 1
    with CaptureQueriesContext(connection) as made:
        happen()
    assert len(statements(made)) == 2


def test_a_new_endpoint_and_new_wishes_are_known_at_once_here(inside, bell, receiver):
    happen()
    endpoint = Endpoint(receiver)
    bell.clear()
    happen()
    assert bell == rings_for(endpoint)
    actions.update_webhook(endpoint.row, actor=SYSTEM, event_groups=["sign_ins"])
    bell.clear()
    happen()
    assert bell == []


def test_another_process_that_does_not_know_it_yet_loses_nothing(inside, receiver, bell, monkeypatch):
    """The sweeper is the net; and what another process knew is forgotten after a while."""
    happen()
    before = dict(doorbell._known)
    endpoint = Endpoint(receiver)
    while endpoint.work():
        continue
    bell.clear()
    doorbell._known.update(before)
    happen()
    assert bell == []
    assert queue.webhooks_due() == rings_for(endpoint)
    monkeypatch.setattr(doorbell, "time", SimpleNamespace(monotonic=lambda: before[inside.pk][0] + 1))
    happen()
    assert bell == rings_for(endpoint)


def test_what_was_written_while_somebody_was_at_it_is_sent_by_them(quiet, monkeypatch, bell):
    """It did not ring, since a worker had the turn; that worker had looked for more already."""
    happen()
    bell.clear()
    right = health.free_turn

    def write_first(*told):
        happen()
        right(*told)

    monkeypatch.setattr(health, "free_turn", write_first)
    assert quiet.work()  # there is more
    monkeypatch.undo()
    assert bell == []
    quiet.work()
    assert len(quiet.receiver.received) == 2


def test_without_a_second_look_it_would_wait_for_the_sweeper(quiet, monkeypatch, bell):
    """The negative control."""
    happen()
    right, seal = health.free_turn, feed.seal_now

    def write_first(*told):
        happen()
        monkeypatch.setattr(feed, "seal_now", lambda: None)
        right(*told)

    monkeypatch.setattr(health, "free_turn", write_first)
    assert not quiet.work()
    monkeypatch.setattr(feed, "seal_now", seal)


def test_a_database_or_a_broker_that_is_away_leaves_the_change_as_it_is(quiet, monkeypatch, bell):
    def away(*_, **__):
        raise DatabaseError

    with monkeypatch.context() as patch:
        patch.setattr(type(doorbell._IDLE), "rows", away)
        events = happen()
    assert bell == []
    quiet.work()
    assert quiet.receiver.ids == ids(events)


def test_the_ring_is_a_task_of_the_endpoints_own(quiet, monkeypatch):
    told = []
    monkeypatch.undo()
    monkeypatch.setattr(tasks.deliver, "delay", lambda *about: told.append(about))
    monkeypatch.setattr("apps.mail.tasks.ring", lambda tenant_id: None)
    happen()
    assert told == rings_for(quiet)
