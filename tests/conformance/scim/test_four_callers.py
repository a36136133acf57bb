"""
What Okta, Microsoft Entra ID, OneLogin and JumpCloud say to a service provider, in their own shapes, from the first connection to the last removal.
Written from their public documentation; docs/conformance.md says what is tried.
"""

from typing import Any
from urllib.parse import quote

import pytest

from apps.lib.scim.schemas import CONTENT_TYPE, ENTERPRISE_USER, GROUP, PATCH_OP, USER
from tests.scim.conftest import Caller

OKTA_AGENT = {"User-Agent": "Okta SCIM Client 1.0.0", "Accept": "application/scim+json"}
ENTRA_AGENT = {"ADSCIMVersion": "6.0"}
NOBODY = "7c1b8a0e-56f4-4b0e-9a7c-0f2f6b9d1c55"


def ops(*operations: Any) -> dict[str, Any]:
    return {"schemas": [PATCH_OP], "Operations": list(operations)}


def found(caller: Caller, kind: str, query: str, **headers: str) -> list[Any]:
    answer = caller("GET", f"/{kind}?filter={quote(query)}&startIndex=1&count=100", **headers)
    assert answer.status_code == 200, answer.content
    document = answer.json()
    assert all(type(document[name]) is int for name in ("totalResults", "startIndex", "itemsPerPage"))
    assert document["totalResults"] == len(document["Resources"])
    return list(document["Resources"])


# Okta --------------------------------------------------------------------------------------------------------------


def okta_person(name: str) -> dict[str, Any]:
    return {
        "schemas": [USER], "userName": f"{name}@acme.example", "name": {"givenName": name.title(), "familyName": "Okta"},
        "emails": [{"primary": True, "value": f"{name}@acme.example", "type": "work"}], "displayName": f"{name.title()} Okta",
        "locale": "en-US", "externalId": f"00u-{name}", "groups": [], "password": "s3cret-Passw0rd", "active": True,
    }  # fmt: skip


def test_okta_tests_the_connection_creates_updates_deactivates_and_returns(okta: Caller) -> None:
    assert okta("GET", "/Users?startIndex=1&count=2", **OKTA_AGENT).json()["itemsPerPage"] == 0
    assert found(okta, "Users", 'userName eq "ada@acme.example"', **OKTA_AGENT) == []
    sent = okta_person("ada")
    made = okta("POST", "/Users", sent, content_type="application/scim+json; charset=utf-8", **OKTA_AGENT)
    assert (made.status_code, made["Content-Type"]) == (201, CONTENT_TYPE)
    assert "password" not in made.content.decode()
    person = made.json()
    assert okta("POST", "/Users", sent).status_code == 409

    read = okta("GET", f"/Users/{person['id']}", **OKTA_AGENT).json()
    read["name"]["familyName"] = "Lovelace"
    del read["externalId"], read["active"]
    put = okta("PUT", f"/Users/{person['id']}", read, **OKTA_AGENT)
    assert put.status_code == 200
    assert (put.json()["name"]["familyName"], put.json()["externalId"], put.json()["active"]) == (
        "Lovelace",
        "00u-ada",
        True,
    )

    for active in (False, True):
        patched = okta("PATCH", f"/Users/{person['id']}", ops({"op": "replace", "value": {"active": active}}))
        assert (patched.status_code, patched.json()["active"]) == (200, active)
        assert found(okta, "Users", 'userName eq "ada@acme.example"')[0]["active"] is active


def test_okta_pushes_a_group(okta: Caller) -> None:
    ada, bea = (okta("POST", "/Users", okta_person(name)).json()["id"] for name in ("ada", "bea"))
    group = okta("POST", "/Groups", {"schemas": [GROUP], "displayName": "Okta Push", "members": []})
    assert group.status_code == 201
    path, key = f"/Groups/{group.json()['id']}", group.json()["id"]
    rename = {"op": "replace", "value": {"id": key, "displayName": "Okta Push"}}
    both = {
        "op": "add",
        "path": "members",
        "value": [{"value": ada, "display": "ada"}, {"value": bea, "display": "bea"}],
    }
    assert okta("PATCH", path, ops(rename)).status_code in {200, 204}
    assert okta("PATCH", path, ops(both)).status_code in {200, 204}
    swap = [
        {"op": "remove", "path": f'members[value eq "{ada}"]'},
        {"op": "add", "path": "members", "value": [{"value": bea}]},
    ]
    assert okta("PATCH", path, ops(*swap)).status_code in {200, 204}
    assert [each["value"] for each in okta("GET", path).json()["members"]] == [bea]
    assert okta(
        "PATCH", path, ops({"op": "replace", "path": "members", "value": [{"value": ada}]})
    ).status_code in {200, 204}
    wizard = okta(
        "PUT", path, {"schemas": [GROUP], "id": key, "displayName": "Okta Push", "members": [{"value": bea}]}
    )
    assert [each["value"] for each in wizard.json()["members"]] == [bea]
    assert [each["id"] for each in okta.list("/Groups", startIndex="1", count="100")["Resources"]] == [key]
    assert okta("DELETE", path).status_code == 204
    assert okta("GET", path).status_code == 404


# Microsoft Entra ID ------------------------------------------------------------------------------------------------


def entra_person(name: str) -> dict[str, Any]:
    return {
        "schemas": [USER, ENTERPRISE_USER, f"{ENTERPRISE_USER[:-5]}User:extra"],
        "externalId": name, "userName": f"{name}@acme.example", "active": "True", "displayName": name.title(),
        "emails": [{"primary": True, "type": "work", "value": f"{name}@acme.example"}], "meta": {"resourceType": "User"},
        "name": {"formatted": name.title(), "givenName": name.title(), "familyName": "Entra"}, "roles": [], "title": None,
        ENTERPRISE_USER: {"department": "Sales", "employeeNumber": "7", "manager": None},
    }  # fmt: skip


def test_entra_matches_creates_patches_disables_restores_and_deletes(entra: Caller) -> None:
    for query in (
        f'userName eq "{NOBODY}"',
        f'externalId eq "{NOBODY}"',
        f'emails[type eq "work"].value eq "{NOBODY}"',
    ):
        assert found(entra, "Users", query, **ENTRA_AGENT) == []
    boss = entra("POST", "/Users", entra_person("boss")).json()["id"]
    made = entra(
        "POST",
        "/Users",
        entra_person("ada"),
        content_type="application/scim+json; charset=utf-8",
        **ENTRA_AGENT,
    )
    assert (made.status_code, made.json()["active"]) == (201, True)
    assert made.json()[ENTERPRISE_USER] == {"department": "Sales", "employeeNumber": "7"}
    key = made.json()["id"]
    path = f"/Users/{key}"
    changed = entra("PATCH", path, ops(
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "ada.new@acme.example"},
        {"op": "Replace", "path": "name.familyName", "value": "Lovelace"},
        {"op": "Add", "path": 'phoneNumbers[type eq "mobile"].value', "value": "+1 (555) 0100"},
        {"op": "Replace", "path": f"{ENTERPRISE_USER}:department", "value": "R&D"},
        {"op": "Add", "path": "manager", "value": [{"$ref": f"https://x.example/Users/{boss}", "value": boss}]},
        {"op": "Add", "path": "nickName", "value": "not kept"},
        {"op": "Add", "path": "title", "value": None},
    )).json()  # fmt: skip
    assert changed["emails"] == [{"value": "ada.new@acme.example", "type": "work", "primary": True}]
    assert changed["phoneNumbers"] == [{"value": "+1 (555) 0100", "type": "mobile"}]
    assert changed[ENTERPRISE_USER] == {
        "department": "R&D",
        "employeeNumber": "7",
        "manager": {"value": boss},
    }
    assert "nickName" not in changed
    assert found(entra, "Users", f'id eq "{key}" and {ENTERPRISE_USER}:manager eq "{boss}"')
    assert [
        each["id"] for each in found(entra, "Users", 'emails[type eq "work"].value eq "ADA.new@acme.example"')
    ] == [key]

    flagged = {
        "name.givenName": "Augusta",
        f"{ENTERPRISE_USER}:employeeNumber": "8",
        "urn:example:unknown:2.0:User:x": "y",
    }
    with_flag = entra("PATCH", f"{path}?aadOptscim062020", ops({"op": "replace", "value": flagged})).json()
    assert (with_flag["name"]["givenName"], with_flag[ENTERPRISE_USER]["employeeNumber"]) == ("Augusta", "8")

    for sent, active in (("False", False), ("True", True), (False, False)):
        told = entra("PATCH", path, ops({"op": "Replace", "path": "active", "value": sent})).json()
        assert told["active"] is active
        assert found(entra, "Users", 'externalId eq "ada"')[0]["active"] is active
    assert entra("DELETE", path).status_code == 204
    assert entra("GET", path).status_code == entra("DELETE", path).status_code == 404
    assert found(entra, "Users", 'userName eq "ada@acme.example"') == []
    again = entra("POST", "/Users", entra_person("ada"))
    assert (again.status_code, again.json()["id"]) == (201, key)  # the same object


def test_entra_creates_another_object_of_a_name_that_it_deleted(entra: Caller) -> None:
    key = entra("POST", "/Users", entra_person("ada")).json()["id"]
    assert entra("DELETE", f"/Users/{key}").status_code == 204
    other = entra("POST", "/Users", entra_person("ada") | {"externalId": "another-object"})
    assert other.status_code == 201
    assert other.json()["id"] != key
    assert found(entra, "Users", 'userName eq "ada@acme.example"')[0]["id"] == other.json()["id"]


def test_entra_sends_two_people_with_one_mailbox(entra: Caller) -> None:
    desk = [{"primary": True, "type": "work", "value": "desk@acme.example"}]
    made = [entra("POST", "/Users", entra_person(name) | {"emails": desk}) for name in ("ada", "bea")]
    assert [each.status_code for each in made] == [201, 201]
    assert [each.json()["emails"] for each in made] == [desk, desk]
    assert len(found(entra, "Users", 'emails[type eq "work"].value eq "desk@acme.example"')) == 2


def test_entra_fills_a_group_without_ever_reading_its_members(entra: Caller) -> None:
    ada, bea = (entra("POST", "/Users", entra_person(name)).json()["id"] for name in ("ada", "bea"))
    listed = entra.list("/Groups", excludedAttributes="members", filter='displayName eq "Sales"')
    assert listed["totalResults"] == 0
    extra = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
    sent = {
        "schemas": [GROUP, extra],
        "externalId": "g1",
        "displayName": "Sales",
        "meta": {"resourceType": "Group"},
    }
    made = entra("POST", "/Groups", sent)
    assert made.status_code == 201
    assert entra("POST", "/Groups", sent).status_code == 409
    path = f"/Groups/{made.json()['id']}"
    for value in (
        [{"$ref": None, "value": ada}],
        [{"$ref": None, "value": ada}, {"$ref": None, "value": bea}],
    ):
        assert entra("PATCH", path, ops({"op": "Add", "path": "members", "value": value})).status_code == 204
    assert "members" not in entra("GET", f"{path}?excludedAttributes=members").json()
    assert (
        entra(
            "PATCH", path, ops({"op": "Remove", "path": "members", "value": [{"$ref": None, "value": ada}]})
        ).status_code
        == 204
    )
    key = made.json()["id"]
    assert found(entra, "Groups", f'id eq "{key}" and members eq "{ada}"') == []
    assert len(found(entra, "Groups", f'id eq "{key}" and members eq "{bea}"')) == 1
    assert (
        entra("PATCH", path, ops({"op": "Replace", "path": "displayName", "value": "Sales EMEA"})).status_code
        == 204
    )
    assert entra("PATCH", path, ops({"op": "Remove", "path": "members"})).status_code == 204
    assert "members" not in entra("GET", path).json()
    assert entra("DELETE", path).status_code == 204


# OneLogin ----------------------------------------------------------------------------------------------------------

ONELOGIN = {"Accept": "application/json"}


def onelogin_person(name: str, **more: Any) -> dict[str, Any]:
    """From a template: everything is text, one e-mail is an object, and the URNs are those of an early draft."""
    return {
        "schemas": ["urn:scim:schemas:core:2.0", "urn:scim:schemas:extension:enterprise:2.0"], "id": None, "externalId": f"ol-{name}",
        "userName": name, "active": "true", "name": {"givenName": name.title(), "familyName": "OneLogin", "formatted": ""},
        "emails": {"value": f"{name}@acme.example", "type": "work", "primary": True}, "phoneNumbers": [{"value": None, "type": "work"}],
        ENTERPRISE_USER: {"department": "Ops", "manager": {"managerId": "42", "displayName": None}},
    } | more  # fmt: skip


def test_onelogin_speaks_json_and_puts_what_its_template_says(okta: Caller) -> None:
    assert okta("GET", "/Users?filter=userName+eq+%22nobody%22&", **ONELOGIN).json()["totalResults"] == 0
    made = okta("POST", "/Users", onelogin_person("ada"), content_type="application/json", **ONELOGIN)
    assert (made.status_code, made["Content-Type"]) == (201, "application/json")
    person = made.json()
    assert (person["active"], person[ENTERPRISE_USER]) == (
        True,
        {"department": "Ops", "manager": {"value": "42"}},
    )
    path = f"/Users/{person['id']}?"
    for sent, active in (("false", False), ("true", True)):
        put = okta(
            "PUT", path, onelogin_person("ada", active=sent), content_type="application/json", **ONELOGIN
        )
        assert (put.status_code, put.json()["active"]) == (200, active)
    assert okta("GET", "/Groups", **ONELOGIN).json()["totalResults"] == 0
    group = okta(
        "POST", "/Groups", {"schemas": ["urn:scim:schemas:core:2.0"], "displayName": "Ops"}, **ONELOGIN
    ).json()
    value = {"members": [{"value": person["id"]}]}
    assert okta("PATCH", f"/Groups/{group['id']}", ops({"op": "add", "value": value})).status_code == 204
    assert okta("DELETE", f"/Users/{person['id']}").status_code == 204
    assert "members" not in okta("GET", f"/Groups/{group['id']}").json()


# JumpCloud ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["PUT", "PATCH"])
def test_jumpcloud_tries_a_test_account_and_then_pushes(okta: Caller, verb: str) -> None:
    sent = {
        "schemas": [USER], "userName": "ada@acme.example", "externalId": "5f1", "active": True, "displayName": "Ada",
        "name": {"givenName": "Ada", "familyName": "Jump"}, "emails": [{"value": "ada@acme.example", "type": "work", "primary": True}],
    }  # fmt: skip
    made = okta("POST", "/Users", sent)
    assert made.status_code == 201
    path = f"/Users/{made.json()['id']}"
    body = (
        sent | {"active": False}
        if verb == "PUT"
        else ops({"op": "replace", "path": "active", "value": False})
    )
    assert okta(verb, path, body).json()["active"] is False
    group = okta(
        "POST",
        "/Groups",
        {"schemas": [GROUP], "displayName": "Test", "members": [{"value": made.json()["id"]}]},
    )
    assert len(group.json()["members"]) == 1
    for address in (f"/Groups/{group.json()['id']}", path):
        assert okta("DELETE", address).status_code == 204
        assert okta("GET", address).status_code == 404
