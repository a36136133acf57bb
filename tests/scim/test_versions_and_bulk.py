"""Versions, `.search`, Bulk and `/Me`: what the RFC has beside reading and writing one resource."""

from typing import Any

import pytest

from apps.directory.models import Group, User
from apps.lib.scim.schemas import BULK_REQUEST, BULK_RESPONSE, SEARCH_REQUEST
from apps.tenants.context import in_tenant
from tests.scim.conftest import Caller

TITLE = {"op": "replace", "path": "title", "value": "new"}


def test_a_version_changes_when_the_resource_does_and_only_then(okta: Caller) -> None:
    made = okta("POST", "/Users", {"userName": "mia@acme.example"})
    path, seen = f"/Users/{made.json()['id']}", [made["ETag"]]
    assert made["ETag"] == made.json()["meta"]["version"] == okta("GET", path)["ETag"]
    assert made["ETag"].startswith('W/"')
    for sent in (
        TITLE,
        {"op": "add", "path": "externalId", "value": "1"},
        {"op": "replace", "path": "active", "value": False},
    ):
        seen.append(okta("PATCH", path, {"Operations": [sent]})["ETag"])
    assert len(set(seen)) == 4
    assert okta("PATCH", path, {"Operations": [TITLE]})["ETag"] == seen[-1]  # nothing new


def test_a_groups_version_moves_with_its_members(okta: Caller) -> None:
    mia = okta.create("mia")["id"]
    path = f"/Groups/{okta('POST', '/Groups', {'displayName': 'x'}).json()['id']}"
    before = okta("GET", path)["ETag"]
    added = okta("PATCH", path, {"Operations": [{"op": "add", "path": "members", "value": [{"value": mia}]}]})
    assert (added.status_code, added.content) == (204, b"")
    assert added["ETag"] == okta("GET", path)["ETag"] != before


def test_a_read_tells_only_news(okta: Caller) -> None:
    path = f"/Users/{okta.create('mia')['id']}"
    tag = okta("GET", path)["ETag"]
    for header in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        answer = okta("GET", path, **{"If-None-Match": header})
        assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", tag)
    assert okta("GET", path, **{"If-None-Match": 'W/"other"'}).status_code == 200


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_write_happens_only_to_what_was_seen(okta: Caller, method: str) -> None:
    person = okta.create("mia")
    path, old = f"/Users/{person['id']}", person["meta"]["version"]
    current = okta("PATCH", path, {"Operations": [TITLE]})["ETag"]
    body = person if method == "PUT" else {"Operations": [TITLE | {"value": "newer"}]}
    before = okta("GET", path).json()
    for header in (old, "nonsense", ""):
        assert okta(method, path, body, **{"If-Match": header}).status_code == 412
    assert okta("GET", path).json() == before
    assert okta(method, path, body, **{"If-Match": current}).status_code in {200, 204}


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_group_is_read_and_written_by_its_version_too(okta: Caller, method: str) -> None:
    mia = {"value": okta.create("mia")["id"]}
    made = okta("POST", "/Groups", {"displayName": "x"})
    path, old = f"/Groups/{made.json()['id']}", made["ETag"]
    add = {"Operations": [{"op": "add", "path": "members", "value": [mia]}]}
    current = okta("PATCH", path, add)["ETag"]
    assert current != old
    assert okta("GET", path, **{"If-None-Match": current}).status_code == 304
    assert okta("GET", path, **{"If-None-Match": old}).status_code == 200
    body = {"displayName": "y"} if method == "PUT" else {"Operations": [{"op": "remove", "path": "members"}]}
    assert okta(method, path, body, **{"If-Match": old}).status_code == 412
    assert okta("GET", path).json()["members"][0]["value"] == mia["value"]
    assert okta(method, path, body, **{"If-Match": current}).status_code in {200, 204}


def test_pages_of_groups_in_any_order_hold_each_once(okta: Caller) -> None:
    made = {
        okta("POST", "/Groups", {"displayName": f"g{number % 3}{number}", "externalId": f"e{number}"}).json()[
            "id"
        ]
        for number in range(7)
    }
    for by in ({}, {"sortBy": "displayName"}, {"sortBy": "externalId", "sortOrder": "descending"}):
        seen: list[str] = []
        while page := okta.list("/Groups", startIndex=str(len(seen) + 1), count="2", **by)["Resources"]:
            seen += [each["id"] for each in page]
        assert len(seen) == 7
        assert set(seen) == made


def test_a_search_is_a_list_that_was_posted(okta: Caller) -> None:
    for name in ("mia", "noa", "ola"):
        okta.create(name)
    okta("POST", "/Groups", {"displayName": "mia's friends"})
    wanted = {
        "schemas": [SEARCH_REQUEST], "filter": 'userName ne "noa"', "attributes": ["userName"], "sortBy": "userName",
        "sortOrder": "descending", "startIndex": 2, "count": 1,
    }  # fmt: skip
    found = okta("POST", "/Users/.search", wanted).json()
    assert (found["totalResults"], found["startIndex"], found["itemsPerPage"]) == (2, 2, 1)
    assert [(each["userName"], set(each)) for each in found["Resources"]] == [
        ("mia", {"schemas", "id", "userName"})
    ]
    both = okta("POST", "/.search", {"filter": 'userName sw "mia" or displayName sw "mia"'}).json()
    assert {each["meta"]["resourceType"] for each in both["Resources"]} == {"User", "Group"}
    pages = [
        okta("GET", f"/?startIndex={number}&count=1").json()["Resources"][0]["id"] for number in range(1, 5)
    ]
    assert len(set(pages)) == 4
    assert okta("POST", "/Groups/.search", {}).json()["totalResults"] == 1
    for path, sent in (
        ("/.search", {"filter": "shoeSize pr"}),
        ("/Groups/.search", {"filter": "userName pr"}),
        ("/.search", {"sortBy": "id"}),
        ("/Users/.search", {"sortBy": "shoeSize"}),
        ("/Users/.search", {"count": "x"}),
        ("/Users/.search", {"schemas": ["x"]}),
    ):
        assert okta("POST", path, sent).status_code == 400  # fmt: skip


def bulk(caller: Caller, *operations: Any, **more: Any) -> list[Any]:
    answer = caller("POST", "/Bulk", {"schemas": [BULK_REQUEST], "Operations": list(operations)} | more)
    assert answer.status_code == 200, answer.content
    assert answer.json()["schemas"] == [BULK_RESPONSE]
    return list(answer.json()["Operations"])


def person(name: str, bulk_id: str) -> dict[str, Any]:
    return {
        "method": "POST",
        "path": "/Users",
        "bulkId": bulk_id,
        "data": {"userName": f"{name}@acme.example"},
    }


def test_operations_may_name_what_others_create(okta: Caller) -> None:
    team = {"displayName": "Team", "members": [{"value": "bulkId:mia"}]}
    more = {"Operations": [{"op": "add", "path": "members", "value": [{"value": "bulkId:noa"}]}]}
    told = bulk(
        okta,
        {"method": "post", "path": "/Groups", "bulkId": "team", "data": team},  # waits for mia
        person("mia", "mia"),
        {"method": "PATCH", "path": "/Groups/bulkId:team", "data": more},
        person("noa", "noa"),
    )
    assert {each["status"] for each in told} == {"201", "204"}
    assert {each["bulkId"] for each in told if each["method"] == "POST"} == {"team", "mia", "noa"}
    assert all(each["location"] and each["version"] for each in told)
    group = okta.list("/Groups", attributes="members.display")["Resources"][0]
    assert {each["display"] for each in group["members"]} == {"mia@acme.example", "noa@acme.example"}
    assert okta("GET", f"/Groups/{group['id']}")["ETag"] == told[-1]["version"]


def test_each_operation_succeeds_or_fails_by_itself(okta: Caller) -> None:
    mia = okta.create("mia")
    told = bulk(
        okta,
        person("noa", "1"),
        person("noa", "2"),
        {"method": "DELETE", "path": "/Users/nobody"},
        {
            "method": "PATCH",
            "path": f"/Users/{mia['id']}",
            "version": 'W/"old"',
            "data": {"Operations": [TITLE]},
        },
        {"method": "PUT", "path": "/Users", "data": {}},
        {"method": "DELETE", "path": "/Schemas/x"},
        {"method": "PATCH", "path": "/Users/bulkId:never", "data": {"Operations": [TITLE]}},
        {"method": "DELETE", "path": f"/Users/{mia['id']}"},
    )
    assert [each["status"] for each in told] == ["201", "409", "404", "412", "405", "400", "409", "204"]
    assert all(("response" in each) == (each["status"] >= "4") for each in told)
    with in_tenant(okta.tenant):
        assert User.objects.filter(email="noa@acme.example").count() == 1


def test_it_stops_after_as_many_errors_as_were_allowed(okta: Caller) -> None:
    told = bulk(okta, person("a", "1"), person("a", "2"), person("a", "3"), person("b", "4"), failOnErrors=2)
    assert [each["status"] for each in told] == ["201", "409", "409"]
    assert len(bulk(okta, person("a", "2"), person("a", "3"), person("b", "4"))) == 3


def test_operations_that_wait_for_each_other_are_refused(okta: Caller) -> None:
    def group(name: str, other: str) -> dict[str, Any]:
        data = {"displayName": name, "members": [{"value": f"bulkId:{other}"}]}
        return {"method": "POST", "path": "/Groups", "bulkId": name, "data": data}

    assert [each["status"] for each in bulk(okta, group("a", "b"), group("b", "a"))] == ["409", "409"]
    with in_tenant(okta.tenant):
        assert not Group.objects.exists()


BAD_BULKS: dict[str, tuple[Any, int]] = {
    "nothing": ({"Operations": []}, 400), "no list": ({"Operations": {}}, 400), "no objects": ({"Operations": [1]}, 400),
    "no method": ({"Operations": [{"path": "/Users"}]}, 400), "get": ({"Operations": [{"method": "GET", "path": "/Users"}]}, 400),
    "no bulkId": ({"Operations": [{"method": "POST", "path": "/Users", "data": {}}]}, 400),
    "twice": ({"Operations": [person("a", "1"), person("b", "1")]}, 400),
    "path is a number": ({"Operations": [{"method": "DELETE", "path": 5}]}, 400),
    "limit is text": ({"Operations": [person("a", "1")], "failOnErrors": "x"}, 400),
    "another message": ({"schemas": ["x"], "Operations": [person("a", "1")]}, 400),
    "schemas are a number": ({"schemas": 1, "Operations": [person("a", "1")]}, 400),
    "too many": ({"Operations": [{"method": "DELETE", "path": "/Users/x"}] * 1001}, 413),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD_BULKS)
def test_a_bulk_that_cannot_be_read_changes_nothing(okta: Caller, kind: str) -> None:
    sent, status = BAD_BULKS[kind]
    assert okta("POST", "/Bulk", sent).status_code == status
    with in_tenant(okta.tenant):
        assert not User.objects.exists()


def test_another_tenants_things_are_not_there_in_bulk_either(okta: Caller, stranger: Caller) -> None:
    theirs = stranger.create("canary")["id"]
    told = bulk(
        okta,
        {"method": "DELETE", "path": f"/Users/{theirs}"},
        {"method": "PATCH", "path": f"/Users/{theirs}", "data": {"Operations": [TITLE]}},
    )
    assert [each["status"] for each in told] == ["404", "404"]
    assert stranger("GET", f"/Users/{theirs}").status_code == 200


def test_a_token_is_no_person(okta: Caller) -> None:
    for method in ("GET", "PATCH", "PUT", "DELETE"):
        answer = okta(method, "/Me", {})
        assert (answer.status_code, answer.json()["status"]) == (501, "501")


def test_the_service_says_what_it_can(okta: Caller) -> None:
    config = okta("GET", "/ServiceProviderConfig").json()
    assert {name: config[name]["supported"] for name in ("patch", "bulk", "filter", "sort", "etag", "changePassword")} == {
        "patch": True, "bulk": True, "filter": True, "sort": True, "etag": True, "changePassword": False,
    }  # fmt: skip
    assert (config["bulk"]["maxOperations"], config["bulk"]["maxPayloadSize"]) == (1000, 1024 * 1024)
