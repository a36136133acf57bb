from typing import Any

import pytest

from apps.directory.models import User
from apps.events.models import Event
from apps.lib.scim.schemas import CONTENT_TYPE, USER
from apps.tenants.context import in_tenant
from tests.conftest import Person
from tests.scim.conftest import Caller

DEEP = b'{"userName":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
BAD_BODIES: dict[str, tuple[bytes, int]] = {
    "blank": (b" ", 400),
    "empty object": (b"{}", 400),
    "array": (b"[]", 400),
    "text": (b'"x"', 400),
    "not JSON": (b"{'userName': 1}", 400),
    "not UTF-8": (b'{"userName": "\xff"}', 400),
    "not a number": (b'{"userName": NaN}', 400),
    "a very long number": (b'{"userName": ' + b"9" * 5000 + b"}", 400),
    "deep": (DEEP, 400),
    "33 deep": (b'{"x":' + b"[" * 32 + b"]" * 32 + b',"userName":"x"}', 400),
    "NUL": (b'{"userName": "a\\u0000b"}', 400),
    "half a surrogate": (b'{"userName": "a\\ud800b"}', 400),
    "NUL in a key": (b'{"userName": "ab", "\\u0000": 1}', 400),
    "empty name": (b'{"userName": ""}', 400),
    "empty name and address": (b'{"userName": "", "emails": [{"value": ""}]}', 400),
    "no name": (b'{"displayName": "x"}', 400),
    "blank name": (b'{"userName": "  ", "emails": [{"value": "x@acme.example"}]}', 400),
    "name is a list": (b'{"userName": ["x"]}', 400),
    "name is a number": (b'{"userName": 7}', 400),
    "too long": (b'{"userName": "' + b"x" * 5000 + b'"}', 400),
    "active is a word": (b'{"userName": "x", "active": "banana"}', 400),
    "active is a number": (b'{"userName": "x", "active": 1}', 400),
    "name parts are a list": (b'{"userName": "x@acme.example", "name": []}', 400),
    "emails are text": (b'{"userName": "x", "emails": "x@acme.example"}', 400),
    "no e-mail at all": (b'{"userName": "x"}', 400),
    "e-mail is none": (b'{"userName": "x", "emails": [{"value": "nonsense"}]}', 400),
    "time zone": (b'{"userName": "x@acme.example", "timezone": "Mars/Olympus"}', 400),
    "external id too long": (b'{"userName": "x@acme.example", "externalId": "' + b"x" * 300 + b'"}', 400),
    "external id is a number": (b'{"userName": "x@acme.example", "externalId": 5}', 400),
    "too large": (b'{"userName": "x@acme.example", "z": "' + b"x" * 1024 * 1024 + b'"}', 413),
}


@pytest.mark.parametrize("kind", BAD_BODIES)
def test_a_body_that_cannot_be_used_is_refused_and_changes_nothing(okta: Caller, kind: str) -> None:
    body, status = BAD_BODIES[kind]
    answer = okta("POST", "/Users", body)
    assert answer.status_code == status, answer.content
    with in_tenant(okta.tenant):
        assert not User.objects.exists()


def test_the_refusal_names_the_attribute_as_scim_spells_it(okta: Caller) -> None:
    answer = okta("POST", "/Users", {"userName": "x", "emails": [{"value": "nonsense"}]}).json()
    assert answer["scimType"] == "invalidValue"
    assert answer["detail"].startswith("emails.value: ")
    answer = okta("POST", "/Users", {"userName": "x", "active": "banana"}).json()
    assert "active" in answer["detail"]


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""]
)
def test_only_json_is_read(okta: Caller, content_type: str) -> None:
    assert (
        okta("POST", "/Users", {"userName": "x@acme.example"}, content_type=content_type).status_code == 415
    )


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/scim+json; charset=utf-8", "Application/SCIM+JSON"]
)
def test_json_is_read_under_both_names(okta: Caller, content_type: str) -> None:
    assert (
        okta("POST", "/Users", {"userName": "x@acme.example"}, content_type=content_type).status_code == 201
    )


def test_a_name_that_differs_only_in_case_or_width_is_taken(okta: Caller) -> None:
    okta.create("bob")
    for name in ("bob", "BOB", "ｂｏｂ"):
        answer = okta("POST", "/Users", {"userName": name, "emails": [{"value": "new@acme.example"}]})
        assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")
        assert answer.json()["detail"].startswith("userName: ")


def test_an_address_that_differs_only_in_case_is_somebody_elses(okta: Caller, bob: Person) -> None:
    answer = okta("POST", "/Users", {"userName": "new", "emails": [{"value": "BOB@acme.example"}]})
    assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")
    assert answer.json()["detail"].startswith("emails.value: ")


def test_the_same_name_in_another_tenant_is_somebody_else(okta: Caller, stranger: Caller) -> None:
    assert okta.create("mia")["id"] != stranger.create("mia")["id"]


def test_an_external_id_is_unique_within_its_token(okta: Caller, entra: Caller) -> None:
    okta.create("one", externalId="00u1")
    entra.create("two", externalId="00u1")
    email = [{"value": "three@acme.example"}]
    answer = okta("POST", "/Users", {"userName": "three", "emails": email, "externalId": "00u1"})
    assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")
    assert answer.json()["detail"].startswith("externalId: ")
    with in_tenant(okta.tenant):
        assert not User.objects.filter(username="three").exists()


def test_a_person_that_okta_creates_comes_back_as_it_was_sent(okta: Caller) -> None:
    sent = {
        "schemas": [USER],
        "userName": "test.user@okta.local",
        "name": {"givenName": "Test", "familyName": "User"},
        "emails": [{"primary": True, "value": "test.user@okta.local", "type": "work"}],
        "displayName": "Test User",
        "locale": "en-US",
        "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [],
        "password": "1mz050nq",
        "active": True,
    }
    answer = okta("POST", "/Users", sent, content_type="application/json")
    assert answer.status_code == 201
    assert answer["Content-Type"] == CONTENT_TYPE
    created = answer.json()
    for attribute in ("schemas", "userName", "displayName", "externalId", "active", "emails"):
        assert created[attribute] == sent[attribute]
    assert created["name"] == {"givenName": "Test", "familyName": "User"}
    assert "password" not in answer.content.decode()
    assert created["meta"]["resourceType"] == "User"
    assert created["meta"]["location"] == answer["Location"]
    assert answer["Location"] == f"http://127.0.0.1:8000/t/acme/scim/v2/Users/{created['id']}"
    assert okta("GET", f"/Users/{created['id']}").json() == created


def test_the_address_in_an_answer_is_not_chosen_by_the_host_header(okta: Caller) -> None:
    location = okta.create("mia")["meta"]["location"]
    assert okta("GET", "/Users", Host="localhost").json()["Resources"][0]["meta"]["location"] == location


def test_a_person_that_entra_creates_may_hold_nulls_and_foreign_schemas(entra: Caller) -> None:
    sent: dict[str, Any] = {
        "schemas": [USER, "urn:ietf:params:scim:schemas:extension:enterprise:2.0User"],
        "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
        "id": None,
        "userName": "Test_User_1",
        "active": "True",
        "emails": [{"primary": True, "type": "work", "value": "test_user_1@testuser.example"}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": "given family", "familyName": "family", "givenName": "given"},
        "roles": [],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": None},
        "addresses": None,
        "title": None,
    }
    created = entra("POST", "/Users", sent).json()
    assert created["active"] is True
    assert created["schemas"] == [USER]
    assert "title" not in created


def test_a_caller_cannot_choose_ids_or_anything_of_the_portals(okta: Caller, bob: Person) -> None:
    forbidden = {
        "id": str(bob.user.pk),
        "is_staff": True,
        "role": "owner",
        "roles": [{"value": "owner"}],
        "tenant": "x",
    }
    created = okta.create(
        "mia", groups=[{"value": "x"}], meta={"created": "2001-01-01T00:00:00Z"}, **forbidden
    )
    assert created["id"] != str(bob.user.pk)
    assert created["meta"]["created"] > "2020"
    with in_tenant(okta.tenant):
        mia = User.objects.get(username="mia")
        assert not hasattr(mia, "administrator")
        assert not mia.has_usable_password()


def test_a_one_element_object_is_read_as_a_list(okta: Caller) -> None:
    sent = {
        "userName": "mia",
        "emails": {"value": "mia@acme.example"},
        "schemas": ["urn:scim:schemas:core:2.0"],
        "active": "true",
    }
    assert okta("POST", "/Users", sent).status_code == 201


def test_somebody_may_arrive_deactivated(okta: Caller) -> None:
    assert okta.create("mia", active=False)["active"] is False


def test_whoever_has_no_mailbox_gets_the_user_name_as_address(entra: Caller) -> None:
    created = entra("POST", "/Users", {"schemas": [USER], "userName": "mia@acme.example"}).json()
    assert created["emails"] == [{"value": "mia@acme.example", "type": "work", "primary": True}]


@pytest.mark.parametrize("id_", ["nonsense", "00000000-0000-4000-8000-000000000000", "1", "%00", "..", "é"])
def test_an_unknown_id_is_not_found(okta: Caller, id_: str) -> None:
    for method in ("GET", "PUT", "PATCH"):
        assert okta(method, f"/Users/{id_}", {"userName": "x", "Operations": [{}]}).status_code == 404


def test_another_tenants_person_does_not_exist(okta: Caller, stranger: Caller) -> None:
    theirs = stranger.create("canary")
    for method in ("GET", "PUT", "PATCH"):
        answer = okta(method, f"/Users/{theirs['id']}", {"userName": "x", "Operations": [{}]})
        assert answer.status_code == 404
        assert b"canary" not in answer.content
    assert b"canary" not in okta("GET", "/Users").content
    assert stranger("GET", f"/Users/{theirs['id']}").status_code == 200  # the control


def test_other_spellings_of_an_id_are_other_ids(okta: Caller) -> None:
    id_ = okta.create("mia")["id"]
    for other in (id_.upper(), id_.replace("-", ""), f"{{{id_}}}"):
        if other != id_:
            assert okta("GET", f"/Users/{other}").status_code == 404


def test_the_log_names_the_token(okta: Caller) -> None:
    okta.create("mia")
    with in_tenant(okta.tenant):
        event = Event.objects.get(type="user_create")
    assert (event.actor_kind, event.actor_name, event.actor_id) == (
        "scim_source",
        "Okta",
        str(okta.source.pk),
    )
    assert event.client_ip == "127.0.0.1"


def test_attributes_can_be_chosen(okta: Caller) -> None:
    id_ = okta.create("mia")["id"]
    chosen = okta("GET", f"/Users/{id_}?attributes=userName,emails.value").json()
    assert chosen == {
        "schemas": [USER],
        "id": id_,
        "userName": "mia",
        "emails": [{"value": "mia@acme.example"}],
    }
    assert "emails" not in okta.list(excludedAttributes="emails")["Resources"][0]
    assert okta("GET", f"/Users/{id_}?attributes=((").status_code == 400
    assert okta("GET", f"/Users/{id_}?attributes=userName&excludedAttributes=name").status_code == 400


def test_whoever_asks_for_plain_json_gets_plain_json(okta: Caller) -> None:
    assert okta("GET", "/Users", Accept="application/json")["Content-Type"] == "application/json"
    for accept in ("*/*", "application/scim+json", "application/scim+json, application/json", ""):
        assert okta("GET", "/Users", Accept=accept)["Content-Type"] == CONTENT_TYPE


def test_a_slash_at_the_end_and_unknown_parameters_do_no_harm(okta: Caller) -> None:
    id_ = okta.create("mia")["id"]
    assert okta("GET", f"/Users/{id_}/?aadOptscim062020").status_code == 200
    assert okta("GET", f"/Users/{id_}?").status_code == 200
    assert okta("GET", "/Users/?filter=userName+eq+%22mia%22&").json()["totalResults"] == 1
