"""GitLab self-managed SCIM where it differs from GitLab.com: existing accounts, and groups that attach to SAML group links."""

from collections.abc import Callable

import pytest

from apps.sandbox import actions
from tests.sandbox.conversation import MISSING, Row, Scim, Step, activity, patch_op, play, set_to
from tests.sandbox.test_gitlab_saas import MIA

GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
UID = "0b2c9c52-6d0b-4c36-9a53-3b1d2f0f7a01"
AT = f"/Groups/{UID}"
ENGINEERING = {"schemas": [GROUP], "displayName": "Engineering", "externalId": UID}
CREATED = Step("POST", "/Groups", 201, ENGINEERING)
MEMBER = [{"value": "mia@example.com"}]
JOINED = Step("PATCH", AT, 204, patch_op(set_to("members", MEMBER, "add")))
HAS_MIA = Step("GET", AT, 200, holds={"/members": MEMBER})
EMPTY = Step("GET", AT, 200, holds={"/members": []})
USER = Step("POST", "/Users", 201, MIA)

ROWS = [
    Row(
        "a group takes the externalId as its id, and members in the request are ignored",
        [
            USER,
            Step(
                "POST",
                "/Groups",
                201,
                ENGINEERING | {"members": MEMBER},
                holds={
                    "/schemas": [GROUP],
                    "/id": UID,
                    "/displayName": "Engineering",
                    "/members": [],
                    "/meta/resourceType": "Group",
                },
            ),
            EMPTY,
        ],
    ),
    Row(
        "a group without externalId gets a new UUID",
        [Step("POST", "/Groups", 201, {"displayName": "Engineering"}, says=r'"id": "[0-9a-f-]{36}"')],
    ),
    Row(
        "no SAML group link of that name: 412",
        [
            Step(
                "POST",
                "/Groups",
                412,
                ENGINEERING | {"displayName": "Sales"},
                holds={"/status": 412},
                says="No matching SAML group found",
            )
        ],
    ),
    Row(
        "an externalId that is no UUID: 412",
        [
            Step(
                "POST",
                "/Groups",
                412,
                ENGINEERING | {"externalId": "x"},
                says="Invalid UUID for scim_group_uid",
            )
        ],
    ),
    Row(
        "no displayName: 400 and not a SCIM error",
        [
            Step(
                "POST",
                "/Groups",
                400,
                {"externalId": UID},
                holds={"/error": "displayName is missing", "/schemas": MISSING},
            )
        ],
    ),
    Row(
        "groups are found by displayName, without members where excludedAttributes says so",
        [
            CREATED,
            Step(
                "GET",
                '/Groups?filter=displayName%20eq%20"Engineering"&excludedAttributes=members',
                200,
                holds={"/totalResults": 1, "/Resources/0/id": UID, "/Resources/0/members": MISSING},
            ),
            Step("GET", '/Groups?filter=displayName%20eq%20"Sales"', 200, holds={"/totalResults": 0}),
            Step("GET", '/Groups?filter=id%20eq%20"x"', 412, holds={"/detail": "Unsupported Filter"}),
        ],
    ),
    Row(
        "members are added and removed with a value array, op and path in any case",
        [
            USER,
            CREATED,
            Step("PATCH", AT, 204, patch_op(set_to("MEMBERS", MEMBER, "ADD"))),
            HAS_MIA,
            Step("PATCH", AT, 204, patch_op(set_to("members", MEMBER, "Remove"))),
            EMPTY,
        ],
    ),
    Row(
        "unknown members are ignored",
        [CREATED, Step("PATCH", AT, 204, patch_op(set_to("members", [{"value": "x"}], "add"))), EMPTY],
    ),
    Row(
        "externalId in a PATCH is accepted and ignored",
        [CREATED, Step("PATCH", AT, 204, patch_op(set_to("externalId", "x", "add"))), EMPTY],
    ),
    Row(
        "op replace is refused, and nothing of the request is applied",
        [
            USER,
            CREATED,
            Step(
                "PATCH",
                AT,
                400,
                patch_op(set_to("members", MEMBER, "add"), set_to("members", [])),
                holds={"/error": "Operations[1][op] does not have a valid value"},
            ),
            EMPTY,
        ],
    ),
    Row(
        "a PATCH needs schemas and operations",
        [
            CREATED,
            Step("PATCH", AT, 400, {"Operations": [set_to("members", [], "add")]}, {"/error": "schemas is missing"}),
            Step("PATCH", AT, 400, patch_op(), {"/error": "Operations is missing"}),
        ],
    ),
    Row(
        "PUT replaces the members, and its answer does not name them",
        [
            USER,
            CREATED,
            Step("PUT", AT, 200, ENGINEERING | {"members": MEMBER}, {"/id": UID, "/members": MISSING}),
            HAS_MIA,
            Step("PUT", AT, 200, ENGINEERING),
            EMPTY,
        ],
    ),
    Row(
        "PUT needs schemas and displayName",
        [
            CREATED,
            Step("PUT", AT, 400, {"displayName": "Engineering"}, {"/error": "schemas is missing"}),
            Step("PUT", AT, 400, {"schemas": [GROUP]}, {"/error": "displayName is missing"}),
        ],
    ),
    Row("DELETE is 204, then the group is gone", [CREATED, Step("DELETE", AT, 204), Step("GET", AT, 404)]),
    Row(
        "an unknown group is 404 by its name",
        [Step("GET", "/Groups/nope", 404, holds={"/detail": "Group nope not found"})],
    ),
    Row("an empty id is 405", [Step("PATCH", "/Users/", 405, activity(active=False))]),
    Row(
        "active=false blocks, and a user who is blocked stays linked and in the group",
        [
            USER,
            CREATED,
            JOINED,
            Step("PATCH", "/Users/mia@example.com", 204, patch_op(set_to("active", "False"))),
            Step("GET", "/Users/mia@example.com", 200, holds={"/active": False}),
            HAS_MIA,
        ],
    ),
    Row("an unknown endpoint is 404 and not a page", [Step("GET", "/Schemas", 404, holds={"/error": "404 Not Found"})]),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.because)
def test_it_answers_as_a_gitlab_of_ones_own_does(target_of: Callable[..., Scim], row: Row) -> None:
    play(target_of("gitlab_self_managed", group_links=["Engineering"]), row)


def test_an_existing_account_is_linked_whoever_it_belongs_to(target_of: Callable[..., Scim]) -> None:
    """201 with a new identity; GitLab.com would refuse somebody from outside the group."""
    caller = target_of("gitlab_self_managed")
    there = actions.add_account(caller.target, user_name="mimi", email="mia@example.com")
    there.active = False
    there.save()
    play(caller, Row("", [Step("POST", "/Users", 201, MIA, {"/userName": "mimi", "/active": True})]))


def test_a_wrong_token_is_401_and_the_right_one_is_not(target_of: Callable[..., Scim]) -> None:
    caller = target_of("gitlab_self_managed")
    assert Scim(caller.target, "wrong").send("GET", "/Groups").status_code == 401
    assert caller.send("GET", "/Groups").status_code == 200
