"""Groups as the callers really push them: created empty, filled by differences, renamed, emptied, deleted."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.directory.actions import add_group, add_members
from apps.directory.models import Group, User
from apps.events.actors import Actor
from apps.events.models import Event
from apps.lib.scim.schemas import GROUP, PATCH_OP
from apps.outbox.models import Entry
from apps.scim.actions.group_links import link_group
from apps.scim.membership import MOST_MEMBERS
from apps.tenants.context import in_tenant
from tests.scim.conftest import Caller


class Groups:
    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.people = {name: caller.create(name)["id"] for name in ("mia", "noa", "ola")}

    def create(self, name: str, *members: str, **attributes: Any) -> Any:
        sent = {"schemas": [GROUP], "displayName": name, "members": self.values(*members)} | attributes
        answer = self.caller("POST", "/Groups", sent)
        assert answer.status_code == 201, answer.content
        return answer.json()

    def values(self, *names: str) -> list[dict[str, str]]:
        return [{"value": self.people[name]} for name in names]

    def patch(self, group_id: str, *operations: Any) -> Any:
        return self.caller(
            "PATCH", f"/Groups/{group_id}", {"schemas": [PATCH_OP], "Operations": list(operations)}
        )

    def members(self, group_id: str) -> set[str]:
        shown = self.caller("GET", f"/Groups/{group_id}").json().get("members", [])
        names = {key: name for name, key in self.people.items()}
        assert len(shown) == len({each["value"] for each in shown})
        return {names[each["value"]] for each in shown}


@pytest.fixture
def groups(okta: Caller) -> Groups:
    return Groups(okta)


def test_a_group_comes_back_as_it_was_sent(okta: Caller, groups: Groups) -> None:
    sent = {
        "schemas": [GROUP, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
        "id": "chosen", "externalId": "g-1", "displayName": "Engineering", "meta": {"resourceType": "Group"},
        "members": [{"value": groups.people["mia"], "$ref": None, "display": "whoever", "type": "User"}],
    }  # fmt: skip
    answer = okta("POST", "/Groups", sent)
    made = answer.json()
    person = f"http://127.0.0.1:8000/t/acme/scim/v2/Users/{groups.people['mia']}"
    assert (answer.status_code, made["displayName"], made["externalId"]) == (201, "Engineering", "g-1")
    assert made["schemas"] == [GROUP]
    assert made["id"] != "chosen"
    assert made["members"] == [{"value": groups.people["mia"], "$ref": person, "type": "User"}]
    assert made["meta"]["location"] == answer["Location"]
    assert okta("GET", f"/Groups/{made['id']}").json() == made
    asked = okta("GET", f"/Groups/{made['id']}?attributes=members.value,members.display").json()
    assert asked["members"] == [{"value": groups.people["mia"], "display": "mia"}]


BAD_GROUPS: dict[str, tuple[dict[str, Any], int, str]] = {
    "nothing": ({}, 400, ""),
    "no name": ({"members": []}, 400, "invalidValue"),
    "empty name": ({"displayName": " "}, 400, "invalidValue"),
    "long name": ({"displayName": "x" * 101}, 400, "invalidValue"),
    "number": ({"displayName": 5}, 400, "invalidValue"),
    "unknown member": ({"displayName": "x", "members": [{"value": "nobody"}]}, 400, "invalidValue"),
    "member without id": ({"displayName": "x", "members": [{"display": "mia"}]}, 400, "invalidValue"),
    "group in a group": ({"displayName": "x", "members": [{"value": "1", "type": "Group"}]}, 400, "invalidValue"),
    "members are a number": ({"displayName": "x", "members": 5}, 400, "invalidValue"),
    "taken": ({"displayName": "TAKEN"}, 409, "uniqueness"),
    "too many": ({"displayName": "x", "members": [{"value": str(n)} for n in range(1001)]}, 413, ""),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD_GROUPS)
def test_a_group_that_cannot_be_is_refused_and_leaves_nothing(okta: Caller, kind: str) -> None:
    okta("POST", "/Groups", {"displayName": "taken"})
    sent, status, scim_type = BAD_GROUPS[kind]
    answer = okta("POST", "/Groups", sent)
    assert (answer.status_code, answer.json().get("scimType", "")) == (status, scim_type), answer.content
    with in_tenant(okta.tenant):
        assert Group.objects.count() == 1


def test_another_tenants_person_cannot_become_a_member(
    okta: Caller, stranger: Caller, groups: Groups
) -> None:
    theirs = stranger.create("canary")["id"]
    group = groups.create("Engineering", "mia")
    answer = groups.patch(group["id"], {"op": "add", "path": "members", "value": [{"value": theirs}]})
    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidValue")
    assert b"canary" not in answer.content
    assert okta("POST", "/Groups", {"displayName": "x", "members": [{"value": theirs}]}).status_code == 400
    assert groups.members(group["id"]) == {"mia"}


ADDING = {
    "entra": {"op": "Add", "path": "members", "value": [{"$ref": None, "value": "NOA"}]},
    "okta": {"op": "add", "path": "members", "value": [{"value": "NOA", "display": "noa"}]},
    "without a path": {"op": "add", "value": {"members": [{"value": "NOA"}]}},
    "an object": {"op": "add", "path": "members", "value": {"value": "NOA"}},
    "a bare id": {"op": "ADD", "path": "MEMBERS", "value": ["NOA"]},
    "one bare id": {"op": "add", "path": "members", "value": "NOA"},
    "urn": {"op": "add", "path": f"{GROUP}:members", "value": [{"value": "NOA"}]},
    "okta, with the name": {"op": "add", "value": {"displayName": "Engineering", "members": [{"value": "NOA"}]}},
}  # fmt: skip
REMOVING = {
    "entra": {"op": "Remove", "path": "members", "value": [{"value": "MIA"}]},
    "entra, a bare id": {"op": "Remove", "path": "members", "value": "MIA"},
    "rfc": {"op": "remove", "path": 'members[value eq "MIA"]'},
    "rfc, several": {"op": "remove", "path": 'members[value eq "MIA" or value eq "OLA"]'},
    "by name": {"op": "remove", "path": 'members[display sw "m" and type eq "User"]'},
    "onelogin's all others": {"op": "replace", "path": "members", "value": []},
    "put": None,
}


def filled(operation: Any, people: dict[str, str]) -> Any:
    import json

    text = json.dumps(operation)
    for name, key in people.items():
        text = text.replace(name.upper(), key)
    return json.loads(text)


@pytest.mark.parametrize("kind", ADDING)
def test_somebody_is_added_however_it_is_said(groups: Groups, kind: str) -> None:
    group = groups.create("Engineering", "mia")
    for _ in range(2):  # again is harmless
        answer = groups.patch(group["id"], filled(ADDING[kind], groups.people))
        assert (answer.status_code, answer.content) == (204, b"")
        assert groups.members(group["id"]) == {"mia", "noa"}


@pytest.mark.parametrize("kind", REMOVING)
def test_somebody_is_removed_however_it_is_said(okta: Caller, groups: Groups, kind: str) -> None:
    """A literal reader of the RFC empties the group on Entra's form."""
    group = groups.create("Engineering", "mia", "noa")
    if kind == "put":
        put = {"displayName": "Engineering", "members": groups.values("noa")}
        assert okta("PUT", f"/Groups/{group['id']}", put).status_code == 200
    else:
        for _ in range(2):
            assert groups.patch(group["id"], filled(REMOVING[kind], groups.people)).status_code == 204
    assert groups.members(group["id"]) == (set() if "all others" in kind else {"noa"})


def test_several_operations_are_one_change(okta: Caller, groups: Groups) -> None:
    group = groups.create("Engineering", "mia")
    answer = groups.patch(
        group["id"],
        {"op": "replace", "value": {"id": group["id"], "displayName": "Platform"}},
        {"op": "remove", "path": f'members[value eq "{groups.people["mia"]}"]'},
        {"op": "add", "path": "members", "value": groups.values("noa", "ola")},
        {"op": "remove", "path": "members", "value": groups.values("ola")},
        {"op": "Add", "path": "externalId", "value": "g-1"},
    )
    assert answer.status_code == 204
    shown = okta("GET", f"/Groups/{group['id']}").json()
    assert (shown["displayName"], shown["externalId"]) == ("Platform", "g-1")
    assert groups.members(group["id"]) == {"noa"}


@pytest.mark.parametrize(
    ("operation", "status", "scim_type"),
    [
        ({"op": "remove"}, 400, "noTarget"),
        ({"op": "remove", "path": "displayName"}, 400, "mutability"),
        ({"op": "replace", "path": "displayName", "value": "TAKEN"}, 409, "uniqueness"),
        ({"op": "replace", "value": {"id": "other"}}, 400, "mutability"),
        ({"op": "add", "path": "members", "value": [{"value": "nobody"}]}, 400, "invalidValue"),
        ({"op": "add", "path": "members", "value": [5]}, 400, "invalidValue"),
        ({"op": "frob", "path": "members", "value": []}, 400, "invalidValue"),
        ({"op": "replace", "path": 'members[value eq "x"].display', "value": "y"}, 400, "mutability"),
        ({"op": "replace", "path": "members.display", "value": "y"}, 400, "mutability"),
        ({"op": "remove", "path": "members[value eq"}, 400, "invalidPath"),
        ({"op": "remove", "path": 'members[shoeSize eq "9"]'}, 400, None),
        ({"op": "add", "path": "members", "value": [{"value": str(n)} for n in range(1001)]}, 413, None),
    ],
)  # fmt: skip
def test_a_patch_that_cannot_be_applied_changes_nothing_of_it(
    okta: Caller, groups: Groups, operation: Any, status: int, scim_type: str | None
) -> None:
    groups.create("taken")
    group = groups.create("Engineering", "mia")
    first = {"op": "add", "path": "members", "value": groups.values("noa")}
    answer = groups.patch(group["id"], first, operation)
    assert answer.status_code == status, answer.content
    if scim_type:
        assert answer.json()["scimType"] == scim_type
    assert okta("GET", f"/Groups/{group['id']}").json() == group


def test_put_replaces_and_what_it_leaves_out_of_the_id_stays(okta: Caller, groups: Groups) -> None:
    group = groups.create("Engineering", "mia", "noa", externalId="g-1")
    answer = okta(
        "PUT", f"/Groups/{group['id']}", {"displayName": "Platform", "members": groups.values("ola")}
    )
    assert answer.status_code == 200
    assert (answer.json()["displayName"], answer.json()["externalId"]) == ("Platform", "g-1")
    assert groups.members(group["id"]) == {"ola"}
    assert okta("PUT", f"/Groups/{group['id']}", {"displayName": "Platform"}).status_code == 200
    assert groups.members(group["id"]) == set()


def test_a_deleted_group_is_gone(okta: Caller, groups: Groups) -> None:
    group = groups.create("Engineering", "mia")
    answer = okta("DELETE", f"/Groups/{group['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        assert okta(method, f"/Groups/{group['id']}", {"displayName": "x"}).status_code == 404
    assert okta.list("/Groups")["totalResults"] == 0
    assert groups.create("Engineering")["id"] != group["id"]


def test_a_source_reads_but_never_changes_a_group_that_is_not_its_own(okta: Caller, groups: Groups) -> None:
    with in_tenant(okta.tenant):
        ours = add_group(actor=Actor.system(), name="Board")
    address = f"/Groups/{ours.pk}"
    assert okta("GET", address).json()["displayName"] == "Board"
    for answer in (
        groups.patch(str(ours.pk), {"op": "add", "path": "members", "value": groups.values("mia")}),
        okta("PUT", address, {"displayName": "x"}),
        okta("DELETE", address),
    ):
        assert answer.status_code == 403
    with in_tenant(okta.tenant):
        link_group(ours, source=okta.source, actor=Actor.system())
    assert (
        groups.patch(
            str(ours.pk), {"op": "add", "path": "members", "value": groups.values("mia")}
        ).status_code
        == 204
    )


def test_two_sources_hold_their_own_external_ids(okta: Caller, entra: Caller, groups: Groups) -> None:
    group = groups.create("Engineering", externalId="a")
    assert "externalId" not in entra("GET", f"/Groups/{group['id']}").json()
    assert entra.list("/Groups", filter='externalId eq "a"')["totalResults"] == 0
    assert okta.list("/Groups", filter='externalId eq "a"')["totalResults"] == 1
    answer = okta("POST", "/Groups", {"displayName": "x", "externalId": "a"})
    assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")


def test_groups_are_found_by_what_is_true_of_them(okta: Caller, groups: Groups) -> None:
    one = groups.create("Engineering", "mia", externalId="g-1")
    two = groups.create("Sales", "noa", "ola")
    groups.create("Empty")
    mia, noa = groups.people["mia"], groups.people["noa"]
    expected = {
        'displayName eq "ENGINEERING"': {"Engineering"}, 'displayName sw "s"': {"Sales"}, 'displayName gt "f"': {"Sales"},
        f'id eq "{one["id"]}" and members eq "{mia}"': {"Engineering"}, f'id eq "{two["id"]}" and members eq "{mia}"': set(),
        f'members.value eq "{noa}"': {"Sales"}, f'members[value eq "{noa}" and display eq "noa"]': {"Sales"},
        f'members[value eq "{noa}" and display eq "ola"]': set(), "members pr": {"Engineering", "Sales"},
        "not (members pr)": {"Empty"}, f'members ne "{mia}"': {"Sales", "Empty"}, 'members[type eq "Group"]': set(),
        "externalId pr": {"Engineering"}, 'meta.resourceType eq "Group"': {"Engineering", "Sales", "Empty"},
    }  # fmt: skip
    for query, names in expected.items():
        found = okta.list("/Groups", filter=query)
        assert {each["displayName"] for each in found["Resources"]} == names, query
        assert found["totalResults"] == len(names)
    for query in (
        'shoeSize eq "9"',
        'userName eq "mia"',
        'members.shoeSize eq "9"',
        'members co "x"',
        "displayName",
    ):
        answer = okta("GET", f"/Groups?filter={query}")
        assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidFilter"), query


def test_members_cost_nothing_where_nobody_asks_for_them(okta: Caller, groups: Groups) -> None:
    group = groups.create("Engineering", "mia", "noa")
    for path in (f"/Groups/{group['id']}?excludedAttributes=members", "/Groups?excludedAttributes=members"):
        with CaptureQueriesContext(connection) as queries:
            answer = okta("GET", path)
        assert b"members" not in answer.content
        assert not any("directory_membership" in each["sql"] for each in queries)


def test_one_more_member_costs_the_same_however_many_there_are(okta: Caller, groups: Groups) -> None:
    costs = []
    with in_tenant(okta.tenant):
        crowd = [User(username=f"u{n}", email=f"u{n}@acme.example") for n in range(300)]
        for each in crowd:
            each.fill_keys()
        User.objects.bulk_create(crowd)
    for size in (0, 10, 300):
        group = groups.create(f"Group of {size}")
        with in_tenant(okta.tenant):
            add_members(Group.objects.get(pk=group["id"]), crowd[:size], actor=Actor.system())
        with CaptureQueriesContext(connection) as queries:
            answer = groups.patch(
                group["id"], {"op": "add", "path": "members", "value": groups.values("mia")}
            )
        assert answer.status_code == 204
        costs.append(len(queries))
        assert all("u299" not in str(each) for each in queries)
    assert len(set(costs)) == 1, costs
    assert costs[0] <= 30


def test_five_thousand_members_come_in_five_requests_and_one_more_costs_what_one_costs(
    okta: Caller, groups: Groups
) -> None:
    with in_tenant(okta.tenant):
        crowd = [User(username=f"u{n}", email=f"u{n}@acme.example") for n in range(5000)]
        for each in crowd:
            each.fill_keys()
        User.objects.bulk_create(crowd)
    ids = [{"value": str(each.pk)} for each in crowd]
    group = groups.create("Everybody")
    assert groups.patch(group["id"], {"op": "add", "path": "members", "value": ids}).status_code == 413
    filled = []
    for start in range(0, 5000, MOST_MEMBERS):
        some = {"op": "add", "path": "members", "value": ids[start : start + MOST_MEMBERS]}
        with CaptureQueriesContext(connection) as queries:
            assert groups.patch(group["id"], some).status_code == 204
        filled.append(len(queries))
    assert len(set(filled)) == 1, filled  # the fifth thousand like the first
    costs = []
    for size, name in ((5000, group["id"]), (0, groups.create("Nobody")["id"])):
        for op in ("add", "remove"):
            with CaptureQueriesContext(connection) as queries:
                answer = groups.patch(name, {"op": op, "path": "members", "value": groups.values("mia")})
            assert answer.status_code == 204
            costs.append((op, len(queries)))
            assert sum(len(each["sql"]) for each in queries) < 20_000, size  # no list of everybody
    assert costs[:2] == costs[2:]
    with in_tenant(okta.tenant):
        assert Group.objects.get(pk=group["id"]).members.count() == 5000


def test_many_members_at_once_are_a_few_statements_and_one_event_each(okta: Caller, groups: Groups) -> None:
    names = [f"n{number}" for number in range(40)]
    groups.people |= {name: okta.create(name)["id"] for name in names}
    costs = []
    for some in (names[:2], names[2:40]):
        group = groups.create(f"Group {len(some)}")
        with in_tenant(okta.tenant):
            Entry.objects.all().delete()
        with CaptureQueriesContext(connection) as queries:
            groups.patch(group["id"], {"op": "add", "path": "members", "value": groups.values(*some)})
        costs.append(len(queries))
        with in_tenant(okta.tenant):
            told = Event.objects.filter(type="association_change", details__group=group["id"])
            assert {each.target_name for each in told} == set(some)
            assert {each.actor_name for each in told} == {"Okta"}
            owed = set(Entry.objects.values_list("topic", "subject_id"))
        assert owed == {("group_changed", group["id"])} | {
            ("user_changed", groups.people[name]) for name in some
        }
    assert costs[0] == costs[1]


def test_no_cookie_is_asked_for_where_programs_write(okta: Caller, groups: Groups) -> None:
    """Django's protection of forms would refuse every identity provider; the test client leaves it out unless it is told."""
    strict = Caller(okta.tenant, okta.token, okta.secret, Client(enforce_csrf_checks=True))
    group = Groups.create(groups, "Engineering")
    assert strict.create("pia")
    for method, path, body in (
        ("PUT", f"/Groups/{group['id']}", {"displayName": "x"}),
        ("POST", "/.search", {"filter": 'userName eq "mia"'}),
        ("POST", "/Bulk", {"Operations": [{"method": "DELETE", "path": f"/Groups/{group['id']}"}]}),
    ):
        assert strict(method, path, body).status_code == 200


def test_a_group_alone_is_told_as_in_a_list(okta: Caller, groups: Groups) -> None:
    """Its members are written another way there (GroupAdapter.written)."""
    made = groups.create('Über "alles"', "mia", "noa", externalId="g-1")
    empty = groups.create("Nobody")
    path = f"/Groups/{made['id']}"
    listed = {each["id"]: each for each in okta.list("/Groups")["Resources"]}
    for group in (made, empty):
        assert okta("GET", f"/Groups/{group['id']}").json() == listed[group["id"]] == group
    assert [each["value"] for each in made["members"]] == [groups.people["mia"], groups.people["noa"]]
    assert "members" not in okta("GET", f"{path}?excludedAttributes=members").json()
    asked = okta("GET", f"{path}?attributes=members").json()
    assert asked["members"] == made["members"]
