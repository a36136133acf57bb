"""Thousands of hints in the queue would keep the workers from what they hint at."""

import datetime as dt
import uuid

import pytest
import time_machine
from django.db import DatabaseError, transaction
from django.utils import timezone

from apps.outbox import publish as publishing
from apps.outbox import relay, tasks
from apps.outbox.models import Entry, Topic
from apps.outbox.publish import publish

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("inside")]


@pytest.fixture
def rung(monkeypatch):
    rings: list[str] = []
    monkeypatch.setattr(publishing, "ring", rings.append)
    monkeypatch.setattr(tasks, "ring", rings.append)
    return rings


@pytest.fixture(autouse=True)
def served(monkeypatch):
    ids: list[uuid.UUID] = []
    monkeypatch.setitem(relay._subscribers, Topic.USER_CHANGED, [ids.extend])
    return ids


def change() -> uuid.UUID:
    subject = uuid.uuid4()
    with transaction.atomic():
        publish(Topic.USER_CHANGED, subject)
    return subject


def test_many_changes_ring_once_until_they_are_served(rung, inside):
    for _ in range(5):
        change()
    assert rung == [str(inside.pk)]
    tasks.relay(str(inside.pk))
    change()
    assert rung == [str(inside.pk)] * 2


def test_one_transaction_rings_once_however_much_it_publishes(rung):
    with transaction.atomic():
        for _ in range(3):
            publish(Topic.USER_CHANGED, uuid.uuid4())
    assert len(rung) == 1


def test_what_did_not_ring_is_served_by_the_relay_that_was_at_it(monkeypatch, rung, inside, served):
    """While it serves the first, a second is published, which sees the first still waiting."""
    second: list[uuid.UUID] = []

    def slowly(ids):
        served.extend(ids)
        if not second:
            second.append(uuid.uuid4())
            publish(Topic.USER_CHANGED, second[0])

    monkeypatch.setitem(relay._subscribers, Topic.USER_CHANGED, [slowly])
    first = change()
    tasks.relay(str(inside.pk))
    assert served == [first, *second]
    assert not Entry.objects.exists()


def test_behind_a_relay_with_much_to_do_another_is_rung(rung):
    change()
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=2), tick=False):
        change()
    assert len(rung) == 2


def test_a_change_is_rung_for_when_nobody_can_say_who_waits(monkeypatch, rung):
    def away(*_, **__):
        raise DatabaseError

    change()
    with monkeypatch.context() as patch:
        with transaction.atomic():
            publish(Topic.USER_CHANGED, uuid.uuid4())
            patch.setattr(type(publishing._WAITING), "exists", away)
        assert len(rung) == 2


def test_a_long_relay_gives_others_their_turn(monkeypatch, rung, inside):
    monkeypatch.setattr(tasks, "SLICE_SECONDS", -1.0)
    change()
    rung.clear()
    tasks.relay(str(inside.pk))
    assert rung == [str(inside.pk)]
    tasks.relay(str(inside.pk))
    assert rung == [str(inside.pk)]  # nothing was left
