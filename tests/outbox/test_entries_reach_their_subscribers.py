import uuid

import pytest
from django.db import transaction

from apps.outbox import relay
from apps.outbox.models import Entry, Topic
from apps.outbox.publish import publish

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inside")]


@pytest.fixture
def heard(monkeypatch):
    calls: list[set[uuid.UUID]] = []
    monkeypatch.setitem(relay._subscribers, Topic.USER_CHANGED, [lambda ids: calls.append(set(ids))])
    return calls


@pytest.mark.django_db(transaction=True)
def test_publishing_outside_a_transaction_is_refused():
    with pytest.raises(RuntimeError):
        publish(Topic.USER_CHANGED, uuid.uuid4())


def test_five_changes_of_one_person_are_one_look(heard):
    one, other = uuid.uuid4(), uuid.uuid4()
    with transaction.atomic():
        for subject in (one, one, one, one, other):
            publish(Topic.USER_CHANGED, subject)
    assert relay.drain() == 5
    assert heard == [{one, other}]
    assert not Entry.objects.exists()


def test_a_subscriber_that_fails_leaves_the_entries_owed(monkeypatch):
    def fail(ids):
        raise ConnectionError

    monkeypatch.setitem(relay._subscribers, Topic.USER_CHANGED, [fail])
    with transaction.atomic():
        publish(Topic.USER_CHANGED, uuid.uuid4())
    with pytest.raises(ConnectionError):
        relay.drain()
    assert Entry.objects.count() == 1
