from typing import Any

import pytest

from apps.accounts.actions import add_administrator
from apps.directory.models import User
from apps.events.actors import Actor
from apps.events.models import Event
from apps.lib.scim.schemas import GROUP, PATCH_OP, USER
from apps.tenants.context import in_tenant
from tests.conftest import Person
from tests.scim.conftest import Caller
from tests.security.walk import what_is_touched_is_gone


def stored(caller: Caller, user_id: str) -> User:
    with in_tenant(caller.tenant):
        user: User = User.objects.get(pk=user_id)
        return user


def test_a_token_reads_but_never_changes_whom_it_did_not_create(
    okta: Caller, entra: Caller, bob: Person
) -> None:
    theirs = entra.create("theirs")["id"]
    for user_id in (theirs, str(bob.user.pk)):
        before = okta("GET", f"/Users/{user_id}").json()
        assert okta.patch(user_id, {"op": "replace", "value": {"active": False}}).status_code == 403
        assert okta("PUT", f"/Users/{user_id}", before | {"active": False}).status_code == 403
        assert okta("GET", f"/Users/{user_id}").json() == before
    assert (
        entra.patch(theirs, {"op": "replace", "value": {"active": False}}).status_code == 200
    )  # the control


def test_an_administrators_account_can_be_closed_but_not_taken_over(okta: Caller) -> None:
    user_id = okta.create("boss")["id"]
    with in_tenant(okta.tenant):
        add_administrator(User.objects.get(pk=user_id), actor=Actor.system())
    for path, value in (("userName", "thief"), ('emails[type eq "work"].value', "thief@evil.example")):
        assert okta.patch(user_id, {"op": "replace", "path": path, "value": value}).status_code == 403
    assert stored(okta, user_id).email == "boss@acme.example"
    assert okta.patch(user_id, {"op": "replace", "path": "active", "value": False}).status_code == 200


BAD_PATCHES: dict[str, tuple[Any, str | None]] = {
    "no operations": ([], None),
    "not a list": ("x", None),
    "not objects": ([1], None),
    "unknown op": ([{"op": "frob", "path": "title", "value": "x"}], "invalidValue"),
    "no op": ([{"path": "title", "value": "x"}], "invalidValue"),
    "broken path": ([{"op": "replace", "path": "emails[", "value": "x"}], "invalidPath"),
    "remove without path": ([{"op": "remove"}], "noTarget"),
    "remove the name": ([{"op": "remove", "path": "userName"}], "mutability"),
    "remove the e-mail": ([{"op": "remove", "path": "emails"}], "mutability"),
    "another id": ([{"op": "replace", "value": {"id": "x"}}], "mutability"),
    "meta": ([{"op": "replace", "path": "meta.created", "value": "2001-01-01T00:00:00Z"}], "mutability"),
    "a word for active": ([{"op": "replace", "path": "active", "value": "banana"}], "invalidValue"),
    "a list for a name": ([{"op": "replace", "path": "userName", "value": ["x"]}], "invalidValue"),
    "a bad e-mail": ([{"op": "replace", "path": 'emails[type eq "work"].value', "value": "nonsense"}], "invalidValue"),
    "good, then bad": ([{"op": "replace", "path": "title", "value": "x"}, {"op": "replace", "path": "active", "value": 7}], "invalidValue"),
    "too many": ([{"op": "replace", "path": "title", "value": "x"}] * 1001, None),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD_PATCHES)
def test_a_patch_that_cannot_be_applied_changes_nothing(okta: Caller, kind: str) -> None:
    operations, scim_type = BAD_PATCHES[kind]
    user = okta.create("mia", title="before")
    answer = okta("PATCH", f"/Users/{user['id']}", {"Operations": operations})
    assert answer.status_code == (413 if kind == "too many" else 400), answer.content
    if scim_type:
        assert answer.json()["scimType"] == scim_type
    assert okta("GET", f"/Users/{user['id']}").json() == user


def test_a_name_that_is_taken_is_refused_in_patch_and_put(okta: Caller) -> None:
    """Of the source's own people: for somebody else's the portal finds a number."""
    okta.create("bob")
    user = okta.create("mia")
    for answer in (
        okta.patch(user["id"], {"op": "replace", "path": "userName", "value": "BOB"}),
        okta("PUT", f"/Users/{user['id']}", user | {"userName": "BOB"}),
    ):
        assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")


LEAVING = {
    "okta": {"op": "replace", "value": {"active": False}},
    "entra": {"op": "Replace", "path": "active", "value": "False"},
    "entra, newer": {"op": "replace", "path": "active", "value": False},
    "add": {"op": "Add", "path": "ACTIVE", "value": "false"},
    "urn": {"op": "replace", "path": "urn:ietf:params:scim:schemas:core:2.0:User:active", "value": False},
}


@pytest.mark.parametrize("kind", LEAVING)
def test_whoever_leaves_loses_access_however_the_caller_says_it(okta: Caller, kind: str) -> None:
    user_id = okta.create("mia")["id"]
    answer = okta.patch(user_id, LEAVING[kind])
    assert answer.status_code == 200
    assert answer.json()["active"] is False
    assert stored(okta, user_id).active is False
    with in_tenant(okta.tenant):
        assert Event.objects.filter(type="user_suspended", actor_name="Okta").count() == 1


def test_sessions_end_at_once_and_stay_dead_after_reactivation(okta: Caller) -> None:
    user_id = okta.create("mia")["id"]
    person = Person(stored(okta, user_id), okta.tenant, okta.client)
    with in_tenant(okta.tenant):
        person.client.force_login(person.user, backend="apps.accounts.backends.TenantBackend")

    def signed_in() -> bool:
        from django.contrib.auth import get_user
        from django.http import HttpRequest

        request = HttpRequest()
        request.session = person.client.session
        with in_tenant(okta.tenant):
            return get_user(request).is_authenticated

    assert signed_in()
    okta.patch(user_id, {"op": "replace", "value": {"active": False}})
    assert not signed_in()
    assert okta.patch(user_id, {"op": "replace", "value": {"active": True}}).json()["active"] is True
    assert not signed_in()


@pytest.mark.parametrize("given", [{}, {"active": None}], ids=["absent", "null"])
@pytest.mark.parametrize("active", [True, False])
def test_put_without_active_keeps_it(okta: Caller, given: Any, active: bool) -> None:
    user = okta.create("mia", active=active)
    assert okta("PUT", f"/Users/{user['id']}", {"userName": "mia"} | given).json()["active"] is active
    made = okta("POST", "/Users", {"userName": "noa@acme.example"} | given)
    assert (made.status_code, made.json()["active"]) == (201, True)


def test_active_cannot_be_removed(okta: Caller) -> None:
    user = okta.create("mia")
    refused = okta.patch(user["id"], {"op": "remove", "path": "active"})
    assert (refused.status_code, okta("GET", f"/Users/{user['id']}").json()["active"]) == (400, True)


FORMATTED = {
    "its path": {"op": "Add", "path": "name.formatted", "value": "whatever"},
    "with the URN": {"op": "replace", "path": f"{USER}:name.formatted", "value": "whatever"},
    "removal": {"op": "remove", "path": "NAME.Formatted"},
    "a key": {"op": "replace", "value": {"name.formatted": "whatever"}},
    "a key among others": {"op": "replace", "value": {"name.formatted": "whatever", "title": "Engineer"}},
    "an object": {"op": "replace", "value": {"name": {"formatted": "whatever", "familyName": "Stone", "givenName": "Mia"}}},
    "an object of nothing else": {"op": "Add", "value": {"name": {"formatted": "whatever"}}},
    "a name of nothing else": {"op": "replace", "path": "name", "value": {"formatted": "whatever"}},
    "the name": {"op": "replace", "path": "name", "value": {"formatted": "whatever", "familyName": "Stone", "givenName": "Mia"}},
}  # fmt: skip


@pytest.mark.parametrize("operation", FORMATTED.values(), ids=FORMATTED)
def test_the_whole_name_is_made_here_and_told_to_who_asks(entra: Caller, operation: Any) -> None:
    """Entra's standard mapping sends it; displayName is another attribute."""
    user = entra.create("mia", displayName="M.", name={"givenName": "Mia", "familyName": "Stone"})
    changed = entra.patch(user["id"], operation)
    assert changed.status_code == 200, changed.content
    assert changed.json()["name"] == {"givenName": "Mia", "familyName": "Stone"}
    assert changed.json().get("title") == ("Engineer" if "title" in str(operation) else None)
    asked = entra("GET", f"/Users/{user['id']}?attributes=name.formatted").json()
    assert asked["name"] == {"formatted": "Mia Stone"}


@pytest.mark.parametrize("active", [None, "absent"])
def test_nobody_leaves_because_active_was_left_out(okta: Caller, active: Any) -> None:
    user = okta.create("mia", externalId="00u1")
    sent = {name: value for name, value in user.items() if name not in {"active", "externalId"}}
    if active is None:
        sent["active"] = None
    changed = okta("PUT", f"/Users/{user['id']}", sent).json()
    assert (changed["active"], changed["externalId"]) == (True, "00u1")


def test_put_replaces_what_it_names_and_empties_what_it_does_not(okta: Caller) -> None:
    user = okta.create("mia", title="Engineer", name={"givenName": "Mia", "familyName": "Stone"})
    changed = okta(
        "PUT", f"/Users/{user['id']}", {"userName": "mia.stone", "name": {"givenName": "Mia"}}
    ).json()
    assert changed["userName"] == "mia.stone"
    assert changed["name"] == {"givenName": "Mia"}
    assert "title" not in changed
    assert changed["emails"] == user["emails"]
    assert (changed["id"], changed["meta"]["created"]) == (user["id"], user["meta"]["created"])


def test_what_okta_fetched_can_be_put_back(okta: Caller) -> None:
    user = okta.create("mia", externalId="00u1", title="Engineer")
    again = okta("PUT", f"/Users/{user['id']}", user).json()
    assert again == user
    with in_tenant(okta.tenant):
        assert not Event.objects.filter(type="user_update").exists()


def test_entras_patches_change_and_create_elements(entra: Caller) -> None:
    user_id = entra.create("mia")["id"]
    changed = entra.patch(
        user_id,
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "mia.new@acme.example"},
        {"op": "Add", "path": 'phoneNumbers[type eq "work"].value', "value": "+1 555 0100"},
        {"op": "Add", "path": 'phoneNumbers[type eq "mobile"].value', "value": "+1 555 0199"},
        {"op": "Replace", "path": "name.familyName", "value": "Stone"},
        {"op": "Add", "path": "name.formatted", "value": "whatever"},
        {"op": "Add", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "value": "R&D"},
        {"op": "Add", "path": "externalId", "value": "entra-1"},
    ).json()  # fmt: skip
    assert changed["emails"][0]["value"] == "mia.new@acme.example"
    assert changed["phoneNumbers"] == [
        {"value": "+1 555 0100", "type": "work"},
        {"value": "+1 555 0199", "type": "mobile"},
    ]
    enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    assert changed[enterprise] == {"department": "R&D"}
    assert changed["schemas"] == [USER, enterprise]
    assert changed["name"]["familyName"] == "Stone"
    assert changed["externalId"] == "entra-1"


def test_dotted_and_qualified_keys_without_a_path_are_read(entra: Caller) -> None:
    user_id = entra.create("mia")["id"]
    value = {
        "name.givenName": "Mia",
        "urn:ietf:params:scim:schemas:core:2.0:User:title": "Lead",
        "displayName": "M",
    }
    changed = entra.patch(user_id, {"op": "replace", "value": value}).json()
    assert (changed["name"]["givenName"], changed["title"], changed["displayName"]) == ("Mia", "Lead", "M")


def test_two_tokens_may_hold_the_same_external_id_but_one_token_may_not(okta: Caller) -> None:
    okta.create("one", externalId="a")
    two = okta.create("two", externalId="b")
    answer = okta.patch(two["id"], {"op": "replace", "path": "externalId", "value": "a"})
    assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")


def test_methods_that_an_address_does_not_have_are_405(okta: Caller) -> None:
    user_id = okta.create("mia")["id"]
    assert okta("POST", f"/Users/{user_id}", {"userName": "x"}).status_code == 405
    assert okta("POST", "/Schemas", {}).status_code == 405
    assert okta("PUT", "/Users", {"userName": "x"}).status_code == 404


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_group_that_is_deleted_while_it_is_changed_is_not_there(okta: Caller, method: str) -> None:
    there = okta("POST", "/Groups", {"schemas": [GROUP], "displayName": "Engineering"}).json()
    change = {"op": "replace", "path": "displayName", "value": "Another"}
    body = {"PUT": there, "PATCH": {"schemas": [PATCH_OP], "Operations": [change]}}[method]
    with what_is_touched_is_gone() as touched:
        answer = okta(method, f"/Groups/{there['id']}", body)
    assert touched
    assert answer.status_code == 404
    assert okta("GET", f"/Groups/{there['id']}").json()["displayName"] == "Engineering"
