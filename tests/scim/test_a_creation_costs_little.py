"""Whoever is created is asked for once and written once; what another request did meanwhile is found when the database refuses."""

from typing import Any

import pytest
from django.db import connection

from apps.directory.models import User
from apps.events.actors import Actor
from apps.events.models import Event
from apps.events.types import EventType
from apps.outbox.models import Entry
from apps.scim.actions import people
from apps.scim.actions.sources import update_source
from apps.scim.models import ExternalIdentity, ReceivedRequest
from apps.tenants.context import in_tenant
from tests.conftest import Person
from tests.scim.conftest import Caller


def kept(caller: Caller) -> list[int]:
    with in_tenant(caller.tenant):
        return list(ReceivedRequest.objects.order_by("created_at").values_list("status", flat=True))


@pytest.fixture
def blind(monkeypatch: pytest.MonkeyPatch) -> Any:
    """So many times nobody is seen, as if those who are here had come a moment later."""
    asking = people.arriving

    def look_away(times: int) -> None:
        left = [None] * times

        def arriving(*args: Any, **told: Any) -> set[str]:
            return set() if left and left.pop() is None else asking(*args, **told)

        monkeypatch.setattr(people, "arriving", arriving)

    return look_away


def test_somebody_who_came_a_moment_earlier_is_told_of(okta: Caller, bob: Person, blind: Any) -> None:
    blind(1)
    answer = okta("POST", "/Users", {"userName": "robert", "emails": [{"value": bob.user.email}]})
    assert answer.status_code == 409
    assert "Email exists" in answer.json()["detail"]
    assert kept(okta) == [409]


def test_a_name_that_was_given_a_moment_earlier_gets_a_number(okta: Caller, bob: Person, blind: Any) -> None:
    blind(1)
    made = okta.create("bob", emails=[{"value": "robert@acme.example"}])
    assert made["userName"] == "bob"
    with in_tenant(okta.tenant):
        assert User.objects.get(pk=made["id"]).username == "bob1"
        created = Event.objects.filter(type=EventType.USER_CREATE, target_id=made["id"])
        assert (created.count(), ExternalIdentity.objects.count()) == (1, 1)
    assert kept(okta) == [201]


def test_whoever_loses_twice_is_refused_and_has_written_nothing(
    okta: Caller, bob: Person, blind: Any
) -> None:
    blind(2)
    with in_tenant(okta.tenant):
        before = Event.objects.count(), Entry.objects.count(), User.objects.count()
    answer = okta("POST", "/Users", {"userName": "robert", "emails": [{"value": bob.user.email}]})
    assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")
    with in_tenant(okta.tenant):
        assert (Event.objects.count(), Entry.objects.count(), User.objects.count()) == before
    assert kept(okta) == [409]


def test_a_creation_takes_ten_statements_however_many_there_are(
    okta: Caller, django_assert_num_queries: Any
) -> None:
    """
    Tenant, token, one question who is there, and five rows: person, event, outbox entry, identity, request; two more are the
    transaction. Nobody is invited. PostgreSQL gets the five rows in one message.
    """
    statements = 6 if connection.vendor == "postgresql" else 10
    with in_tenant(okta.tenant):
        update_source(okta.source, actor=Actor.system(), invites=False)
    for number in range(3):
        okta.create(f"somebody{number}", externalId=f"00u{number}")
        with django_assert_num_queries(statements):
            okta.create(f"mia{number}", externalId=f"00m{number}")


def test_what_is_told_of_a_creation_is_what_is_stored(okta: Caller) -> None:
    emails = [{"value": "mia@acme.example"}]
    made = okta.create(" Mia ", externalId="00u1", title=" Lead ", displayName="Ｍｉａ", emails=emails)
    assert okta("GET", f"/Users/{made['id']}").json() == made


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "title", "value": " Lead "},
        {"op": "replace", "path": "active", "value": False},
        {"op": "replace", "path": "userName", "value": " Mia.Example "},
        {"op": "remove", "path": "externalId"},
        {"op": "replace", "path": "title", "value": "Engineer"},
    ],
    ids=str,
)
def test_what_is_told_of_a_change_is_what_is_stored(okta: Caller, operation: Any) -> None:
    made = okta.create("mia", externalId="00u1", title="Engineer")
    answer = okta.patch(made["id"], operation)
    read = okta("GET", f"/Users/{made['id']}")
    assert (answer.json(), answer["ETag"]) == (read.json(), read["ETag"])
