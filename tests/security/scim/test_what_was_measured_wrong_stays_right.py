"""
B1 to B15: what django-scim2 was measured to do when it is wired as its README suggests (docs/decisions/0010). Each stands beside the same
request as it should be answered, so that a service which refuses everything would fail here too.
"""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import include, path

from apps.directory.actions import set_password
from apps.directory.models import Group, User
from apps.events.actors import Actor
from apps.lib.scim.schemas import PATCH_OP
from apps.tenants.context import in_tenant
from tests.conftest import PASSWORD, Person
from tests.scim.conftest import Caller

SYSTEM = Actor.system()
INNARDS = (
    "psycopg",
    "sqlite",
    "DETAIL",
    "UNIQUE",
    "Traceback",
    "IntegrityError",
    "constraint",
    "Key (",
    "directory_",
)

# The same addresses a second time, where nothing looks at a prefix.
urlpatterns = [path("scim/v2/", include("apps.scim.urls")), path("elsewhere/", include("apps.scim.urls"))]


def ids(document: Any) -> set[str]:
    return {each["id"] for each in document["Resources"]}


def patch(caller: Caller, address: str, *operations: Any) -> Any:
    return caller("PATCH", address, {"schemas": [PATCH_OP], "Operations": list(operations)})


def test_b1_no_prefix_opens_anything(okta: Caller, settings: Any) -> None:
    settings.TENANT_URLCONF = __name__
    for prefix in ("elsewhere", "scim/v2"):
        answers = [
            Client().get(f"/t/acme/{prefix}/Users", headers=headers).status_code
            for headers in ({}, {"Authorization": f"Bearer {okta.secret}"})
        ]
        assert answers == [401, 200], prefix


def test_b2_a_session_writes_nothing(okta: Caller, alice: Person) -> None:
    body = {"userName": "b2@acme.example"}
    for content_type in ("application/scim+json", "application/json", "text/plain"):
        answer = alice.client.post("/t/acme/scim/v2/Users", json.dumps(body), content_type=content_type)
        assert answer.status_code == 401
    assert okta("POST", "/Users", body, content_type="text/plain").status_code == 415
    assert okta("POST", "/Users", body).status_code == 201


@pytest.mark.parametrize("where", ["/.search", "/Users/.search", "/Groups/.search"])
def test_b3_a_search_ends_at_the_tenant(okta: Caller, stranger: Caller, where: str) -> None:
    made = {}
    for caller in (okta, stranger):
        person = caller.create("b3", title="canary")["id"]
        group = caller("POST", "/Groups", {"displayName": "b3", "members": [{"value": person}]}).json()["id"]
        made[caller.tenant.slug] = {person, group}
    ours, theirs = made.values()
    for wanted in ({}, {"filter": "id pr"}, {"filter": 'meta.resourceType pr or displayName eq "b3"'}):
        answer = okta("POST", where, wanted)
        assert answer.status_code == 200
        assert ids(answer.json()) & ours
        assert not ids(answer.json()) & theirs
        assert not any(key in answer.content.decode() for key in theirs)


def test_b4_a_group_takes_no_member_of_another_tenant(okta: Caller, stranger: Caller) -> None:
    theirs, own = stranger.create("b4")["id"], okta.create("b4")["id"]
    group = f"/Groups/{okta('POST', '/Groups', {'displayName': 'b4'}).json()['id']}"
    for op in ("add", "replace"):
        answer = patch(okta, group, {"op": op, "path": "members", "value": [{"value": theirs}]})
        assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidValue")
    refused = okta("PUT", group, {"displayName": "b4", "members": [{"value": own}, {"value": theirs}]})
    assert refused.status_code == 400
    assert "members" not in okta("GET", group).json()
    assert patch(okta, group, {"op": "add", "path": "members", "value": [{"value": own}]}).status_code == 204
    assert [each["value"] for each in okta("GET", group).json()["members"]] == [own]


def test_b5_a_delete_hits_whom_it_names(okta: Caller, stranger: Caller) -> None:
    theirs = stranger.create("b5")["id"]
    ours = okta.create("b5", externalId=theirs)["id"]
    assert okta("DELETE", f"/Users/{theirs}").status_code == 404
    assert stranger("GET", f"/Users/{theirs}").json()["active"] is True
    assert okta("DELETE", f"/Users/{ours}").status_code == 204
    with in_tenant(okta.tenant):
        assert not User.objects.get(pk=ours).active
    assert stranger("GET", f"/Users/{theirs}").json()["active"] is True


def test_b6_whoever_is_created_lands_in_the_tokens_tenant(okta: Caller, stranger: Caller) -> None:
    for caller in (okta, stranger):
        made = caller("POST", "/Users", {"userName": "b6@x.example", "tenant": 0, "tenant_id": None}).json()
        group = caller("POST", "/Groups", {"displayName": "b6", "tenant": 0}).json()
        with in_tenant(caller.tenant):
            assert User.objects.get(username="b6@x.example").pk.hex == made["id"].replace("-", "")
            assert Group.objects.get(name="b6").pk.hex == group["id"].replace("-", "")


def test_b7_a_clash_is_the_tenants_own_and_says_nothing_of_the_database(
    okta: Caller, stranger: Caller
) -> None:
    stranger.create("b7", externalId="b7")
    okta.create("b7", externalId="b7")  # nobody clashes with another tenant
    okta("POST", "/Groups", {"displayName": "b7"})
    clashes = [
        okta("POST", "/Users", {"userName": "b7", "emails": [{"value": "other@acme.example"}]}),
        okta(
            "POST", "/Users", {"userName": "x", "emails": [{"value": "x@acme.example"}], "externalId": "b7"}
        ),
        okta("POST", "/Groups", {"displayName": "B7"}),
    ]
    for answer in clashes:
        assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")
        assert not [word for word in INNARDS if word in answer.content.decode()]


def test_b8_case_makes_no_second_person(okta: Caller) -> None:
    okta.create("alice2")
    for name in ("ALICE2", "Alice2", "ａｌｉｃｅ２"):
        email = [{"value": "another@acme.example"}]
        assert okta("POST", "/Users", {"userName": name, "emails": email}).status_code == 409
    assert okta.list(filter='userName eq "ALICE2"')["totalResults"] == 1
    assert okta.create("alice3")


def test_b9_no_part_of_a_filter_is_dropped(okta: Caller) -> None:
    okta.create("alice2", externalId="00u1")
    for unknown in ("nonsense", "emails.nonsense", "urn:x:y:z", "password"):
        answer = okta("GET", f'/Users?filter=userName eq "alice2" and {unknown} eq "b"')
        assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidFilter"), unknown
    for value, total in (("nope", 0), ("00u1", 1)):
        found = okta.list(filter=f'userName eq "alice2" and externalId eq "{value}"')
        assert found["totalResults"] == total


@pytest.mark.parametrize("attribute", ["userName", "displayName", "externalId", "title"])
def test_b10_wildcards_stand_for_themselves(okta: Caller, attribute: str) -> None:
    plain = okta.create("plain", externalId="plain", displayName="plain", title="plain")["id"]
    for number, special in enumerate(("%", "_", "\\", '"', "*")):
        sent = {"externalId": f"x{special}y", "displayName": f"x{special}y", "title": f"x{special}y"}
        email = [{"value": f"n{number}@acme.example"}]
        made = okta("POST", "/Users", sent | {"userName": f"x{special}y", "emails": email}).json()["id"]
        for op in ("co", "eq", "sw"):
            value = json.dumps(special if op == "co" else f"x{special}" if op == "sw" else f"x{special}y")
            found = ids(okta.list(filter=f"{attribute} {op} {value}"))
            assert made in found
            assert plain not in found


def test_b11_filters_without_end_are_refused_and_long_ones_are_not(okta: Caller) -> None:
    okta.create("mia")
    term = 'userName eq "mia"'
    for written in (
        "(" * 1000 + term + ")" * 1000,
        " or ".join([term] * 100),
        "not (" * 60 + term + ")" * 60,
        "(" * 400,
        "emails[" * 40,
    ):
        answer = okta("POST", "/Users/.search", {"filter": written})
        assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidFilter")
    for written in ("(" * 7 + term + ")" * 7, " or ".join([term] * 20)):
        answer = okta("POST", "/Users/.search", {"filter": written}).json()
        assert answer.get("totalResults") == 1, answer


def test_b12_no_page_is_endless_and_each_costs_its_own_length(okta: Caller) -> None:
    with in_tenant(okta.tenant):
        crowd = [User(username=f"u{n}", email=f"u{n}@acme.example") for n in range(450)]
        for each in crowd:
            each.fill_keys()
        User.objects.bulk_create(crowd)
    page = okta.list(count="1000000000")
    assert (page["totalResults"], page["itemsPerPage"], len(page["Resources"])) == (450, 200, 200)
    with CaptureQueriesContext(connection) as queries:
        assert len(okta.list(count="1")["Resources"]) == 1
    people = [each["sql"] for each in queries if 'FROM "directory_user"' in each["sql"]]
    assert people
    assert all("LIMIT 1" in sql or "COUNT(" in sql for sql in people)


BAD: dict[str, tuple[str, bytes]] = {
    "name is a list": ("POST", b'{"userName": "x", "name": []}'),
    "name is text": ("POST", b'{"userName": "x", "name": "y"}'),
    "no op": ("PATCH", b'{"Operations": [{"path": "title", "value": "x"}]}'),
    "unknown op": ("PATCH", b'{"Operations": [{"op": "move", "path": "title", "value": "x"}]}'),
    "deep": ("POST", b'{"userName": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "long name": ("POST", b'{"userName": "' + b"x" * 5000 + b'"}'),
    "half a body": ("POST", b'{"userName": "x"'),
    "numbers": ("POST", b'{"userName": 5, "active": 7}'),
}


@pytest.mark.parametrize("kind", BAD)
def test_b13_what_cannot_be_read_is_the_callers_mistake(okta: Caller, kind: str) -> None:
    made = okta.create("mia")["id"]
    method, body = BAD[kind]
    answer = okta(method, f"/Users/{made}" if method == "PATCH" else "/Users", body)
    assert answer.status_code == 400
    assert patch(okta, f"/Users/{made}", {"op": "add", "path": "title", "value": "x"}).status_code == 200


def test_b14_entras_spelling_and_a_start_before_the_first(okta: Caller) -> None:
    made = f"/Users/{okta.create('mia')['id']}"
    for sent, active in (("False", False), ("True", True), ("false", False)):
        answer = patch(okta, made, {"op": "Replace", "path": "active", "value": sent})
        assert answer.json()["active"] is active
    assert patch(okta, made, {"op": "Replace", "path": "active", "value": "no"}).status_code == 400
    for start in ("0", "-3", "1"):
        page = okta.list(startIndex=start)
        assert (page["startIndex"], page["totalResults"]) == (1, 1)


@pytest.mark.parametrize("how", ["PATCH", "PUT", "DELETE"])
def test_b15_no_cookie_comes_back_to_life(okta: Caller, how: str) -> None:
    made = okta.create("mia", externalId="00u1")
    with in_tenant(okta.tenant):
        set_password(User.objects.get(pk=made["id"]), PASSWORD, actor=SYSTEM)
    old, address = Client(), f"/Users/{made['id']}"
    assert old.post("/t/acme/login/", {"username": "mia", "password": PASSWORD}).status_code == 302
    assert old.get("/t/acme/").status_code == 200
    if how == "PATCH":
        assert patch(okta, address, {"op": "replace", "value": {"active": False}}).status_code == 200
    elif how == "PUT":
        assert okta("PUT", address, made | {"active": False}).status_code == 200
    else:
        assert okta("DELETE", address).status_code == 204
    assert old.get("/t/acme/").status_code == 302
    if how == "DELETE":
        assert okta.create("mia", externalId="00u1")["id"] == made["id"]
    else:
        assert okta("PUT", address, made | {"active": True}).json()["active"] is True
    assert old.get("/t/acme/").status_code == 302
    new = Client()
    new.post("/t/acme/login/", {"username": "mia", "password": PASSWORD})
    assert new.get("/t/acme/").status_code == 200
