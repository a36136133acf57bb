"""A person who was here first is never taken over: an administrator says whether a source may have them."""

from typing import Any

import pytest

from apps.accounts.actions import add_administrator
from apps.directory.errors import FieldsInvalid
from apps.events.actors import Actor
from apps.events.models import Event
from apps.scim.actions.links import MOST_WAITING, accept_link, note_refusal, reject_link
from apps.scim.errors import EmailExists, NotYours
from apps.scim.models import ExternalIdentity, PendingLink
from apps.tenants.context import in_tenant
from tests.conftest import Person
from tests.scim.conftest import Caller

SYSTEM = Actor.system()


def refused(caller: Caller, bob: Person, external_id: str = "00u1", user_name: str = "robert") -> PendingLink:
    with in_tenant(caller.tenant):
        refusal = EmailExists().about(bob.user, external_id=external_id, user_name=user_name)
        note_refusal(caller.source, refusal, actor=SYSTEM)
        waiting: PendingLink = PendingLink.objects.get(user=bob.user)
        return waiting


def create(caller: Caller, **attributes: Any) -> Any:
    body = {
        "userName": "robert",
        "externalId": "00u1",
        "emails": [{"value": "bob@acme.example"}],
    } | attributes
    return caller("POST", "/Users", body)


def test_who_was_refused_waits_once_however_often_the_source_tries(okta: Caller, bob: Person) -> None:
    refused(okta, bob)
    waiting = refused(okta, bob, "00u2")
    assert (waiting.attempts, waiting.external_id) == (2, "00u2")
    with in_tenant(okta.tenant):
        assert Event.objects.filter(type="scim_link_waits").count() == 1


@pytest.mark.parametrize("bad", ["a\u202eb", "x" * 256])
def test_what_could_not_be_stored_is_not_shown_either(okta: Caller, bob: Person, bad: str) -> None:
    waiting = refused(okta, bob, bad, bad)
    assert (waiting.external_id, waiting.user_name) == ("", "")


def test_who_is_the_sources_own_does_not_wait(okta: Caller) -> None:
    okta.create("mia")
    with in_tenant(okta.tenant):
        user = ExternalIdentity.objects.get().user
        note_refusal(okta.source, NotYours().about(user, external_id="", user_name="mia"), actor=SYSTEM)
        assert not PendingLink.objects.exists()


def test_a_broken_source_does_not_fill_the_table(okta: Caller, bob: Person, monkeypatch: Any) -> None:
    from apps.scim.actions import links

    assert MOST_WAITING >= 1000
    monkeypatch.setattr(links, "MOST_WAITING", 0)
    with in_tenant(okta.tenant):
        note_refusal(okta.source, EmailExists().about(bob.user, external_id="", user_name=""), actor=SYSTEM)
        assert not PendingLink.objects.exists()


def test_after_linking_the_sources_next_attempt_finds_them(okta: Caller, bob: Person) -> None:
    assert create(okta).status_code == 409
    waiting = refused(okta, bob)
    assert okta.list(filter='userName eq "robert"')["totalResults"] == 0
    with in_tenant(okta.tenant):
        accept_link(waiting, actor=SYSTEM)
        assert not PendingLink.objects.exists()
    found = okta.list(filter='userName eq "robert"')["Resources"]
    assert [each["id"] for each in found] == [str(bob.user.pk)]
    made = create(okta, title="Lead")
    assert (made.status_code, made.json()["id"], made.json()["title"]) == (201, str(bob.user.pk), "Lead")
    assert create(okta).status_code == 409  # that was the one
    with in_tenant(okta.tenant):
        event = Event.objects.get(type="scim_link_accept")
        assert (event.target_id, event.details["source_name"]) == (str(bob.user.pk), "Okta")


def test_after_linking_a_patch_is_taken(okta: Caller, bob: Person) -> None:
    change = {"op": "replace", "path": "title", "value": "Lead"}
    assert okta.patch(str(bob.user.pk), change).status_code == 403
    with in_tenant(okta.tenant):
        accept_link(refused(okta, bob), actor=SYSTEM)
    assert okta.patch(str(bob.user.pk), change).status_code == 200
    assert create(okta).status_code == 409


def test_an_administrator_is_never_linked(okta: Caller, bob: Person) -> None:
    waiting = refused(okta, bob)
    with in_tenant(okta.tenant):
        administrator = add_administrator(bob.user, actor=SYSTEM)
        with pytest.raises(FieldsInvalid):
            accept_link(waiting, actor=SYSTEM)
        assert not ExternalIdentity.objects.exists()
        administrator.delete()
        assert accept_link(waiting, actor=SYSTEM)  # the control


@pytest.mark.parametrize(
    "sent", [{"userName": "robert", "externalId": "x"}, {"userName": "x", "externalId": "00u1"}]
)
def test_nobody_is_linked_under_a_name_or_id_that_somebody_has(
    okta: Caller, bob: Person, sent: dict[str, str]
) -> None:
    waiting = refused(okta, bob)
    assert create(okta, emails=[{"value": "x@acme.example"}], **sent).status_code == 201
    with in_tenant(okta.tenant), pytest.raises(FieldsInvalid):
        accept_link(waiting, actor=SYSTEM)


def test_who_was_rejected_does_not_wait_again(okta: Caller, bob: Person) -> None:
    waiting = refused(okta, bob)
    with in_tenant(okta.tenant):
        reject_link(waiting, actor=SYSTEM)
        reject_link(waiting, actor=SYSTEM)
        assert Event.objects.filter(type="scim_link_reject").count() == 1
    assert refused(okta, bob).rejected_at is not None
    assert create(okta).status_code == 409


def test_who_was_deleted_by_the_source_may_be_linked_to_it_again(okta: Caller, bob: Person) -> None:
    from apps.scim.actions.people import remove_person

    with in_tenant(okta.tenant):
        identity = accept_link(refused(okta, bob), actor=SYSTEM)
        remove_person(identity, actor=SYSTEM)
    assert create(okta).status_code == 201
    with in_tenant(okta.tenant):
        assert ExternalIdentity.objects.get().user == bob.user
