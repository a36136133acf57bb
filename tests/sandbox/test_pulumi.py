"""Pulumi Cloud's SCIM API, refusal by refusal, in the words of its documentation."""

from collections.abc import Callable

import pytest

from tests.sandbox.conversation import MISSING, Row, Scim, Step, activity, patch_op, play, set_to

MIA = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
    "userName": "mia",
    "displayName": "Mia Example",
    "name": {"givenName": "Mia", "familyName": "Example"},
    "emails": [{"type": "work", "primary": True, "value": "mia@example.com"}],
    "active": True,
}
BEN = MIA | {"userName": "ben", "emails": [{"type": "work", "primary": True, "value": "ben@example.com"}]}
CREATED = Step("POST", "/Users", 201, MIA, keep="mia")
BEN_CREATED = Step("POST", "/Users", 201, BEN, keep="ben")
AT = "/Users/<mia>"
OFF = Step("PATCH", AT, 200, activity(active=False), holds={"/active": False})
WITH_MIA = {"displayName": "Engineering", "members": [{"value": "<mia>"}]}
TEAM = Step("POST", "/Groups", 201, WITH_MIA, keep="team")
AT_TEAM = "/Groups/<team>"
INVALID = "Cannot add invalid members to team. Invalid member ids: "


def unknown(body: object, path: str, method: str = "POST", at: str = "/Users") -> Step:
    detail = f"Unknown path: {path}."
    return Step(method, at, 400, body, {"/status": "400", "/scimType": "invalidPath", "/detail": detail})


def adds(*ids: str) -> dict[str, object]:
    return patch_op({"op": "add", "path": "members", "value": [{"value": one} for one in ids]})


ROWS = [
    Row(
        "the six attributes are stored and come back",
        [
            Step("POST", "/Users", 201, MIA, holds={f"/{name}": value for name, value in MIA.items()}, keep="mia"),
            Step("GET", AT, 200, holds={"/name": {"givenName": "Mia", "familyName": "Example"}, "/active": True}),
        ],
    ),
    Row("externalId on a user is accepted and not stored", [Step("POST", "/Users", 201, MIA | {"externalId": "e"}, {"/externalId": MISSING})]),
    Row("create: name.formatted is unknown", [unknown(MIA | {"name": {"formatted": "Mia"}}, "name.formatted")]),
    *(Row(f"create: {name} is unknown", [unknown(MIA | {name: value}, name)]) for name, value in (
        ("title", "Boss"), ("timezone", "UTC"), ("roles", []), ("nickName", "M"), ("phoneNumbers", [{"type": "work", "value": "1"}]),
        ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", {"department": "R"}),
    )),
    Row("create: an e-mail that is not for work is unknown", [unknown(MIA | {"emails": [{"type": "home", "value": "m@example.com"}]}, 'emails[type eq "home"].value')]),
    Row("PUT: unknown attributes", [CREATED, unknown(MIA | {"title": "Boss"}, "title", "PUT", AT)]),
    Row("PATCH: unknown paths, and nothing of the request is applied", [
        CREATED,
        unknown(patch_op(set_to("displayName", "M"), set_to("title", "Boss")), "title", "PATCH", AT),
        unknown(patch_op(set_to("name.formatted", "M")), "name.formatted", "PATCH", AT),
        unknown(patch_op({"op": "replace", "value": {"displayName": "M", "title": "Boss"}}), "title", "PATCH", AT),
        Step("GET", AT, 200, holds={"/displayName": "Mia Example"}),
    ]),
    Row("PATCH: each of the six but userName", [
        CREATED,
        Step("PATCH", AT, 200, patch_op(
            set_to("displayName", "M"), set_to("name.givenName", "M"), set_to("name.familyName", "E"),
            set_to('emails[type eq "work"].value', "m@example.com"), set_to("active", "False", "Replace"),
        ), holds={"/displayName": "M", "/name": {"givenName": "M", "familyName": "E"}, "/emails/0/value": "m@example.com", "/active": False}),
    ]),
    Row("userName is immutable, in PUT and in PATCH; the same one is fine", [
        CREATED,
        Step("PATCH", AT, 400, patch_op(set_to("userName", "m")), {"/scimType": "immutability", "/detail": "Attribute 'userName' is immutable."}),
        Step("PUT", AT, 400, MIA | {"userName": "m"}, {"/scimType": "immutability"}),
        Step("PUT", AT, 200, MIA | {"displayName": "M"}, {"/displayName": "M", "/userName": "mia"}),
        Step("PATCH", AT, 200, patch_op(set_to("userName", "mia"))),
    ]),
    Row("a userName that is taken", [CREATED, Step("POST", "/Users", 409, BEN | {"userName": "mia"},
        {"/status": "409", "/scimType": "uniqueness", "/detail": "User with userName mia already exists."})]),
    Row("an e-mail of another account", [CREATED, Step("POST", "/Users", 409, MIA | {"userName": "m"},
        {"/status": "409", "/scimType": "uniqueness", "/detail": "Email mia@example.com already in use by another Pulumi account."})]),
    Row("deactivation is reversible, and the inactive user stays visible", [
        CREATED, OFF,
        Step("GET", '/Users?filter=userName%20eq%20"MIA"', 200, holds={"/totalResults": 1, "/Resources/0/active": False}),
        Step("PATCH", AT, 200, activity(active=True), holds={"/active": True}),
    ]),
    Row("there is no DELETE of users", [CREATED, Step("DELETE", AT, 405, holds={"/status": "405"}), Step("GET", AT, 200)]),
    Row("a count above 100 is 400, 100 is fine", [Step("GET", "/Users?count=101", 400, holds={"/status": "400"}), Step("GET", "/Users?count=100", 200)]),
    Row("users: only userName eq", [Step("GET", f"/Users?filter={text}", 400, holds={"/scimType": "invalidFilter"}) for text in
        ("userName%20co%20%22m%22", "displayName%20eq%20%22m%22", "nonsense", "userName%20eq%20%22m%22%20and%20active%20eq%20true")]),
    Row("users: a filter for nobody finds nobody", [CREATED, Step("GET", '/Users?filter=userName%20eq%20""', 200, holds={"/totalResults": 0})]),
    Row("teams: only displayName eq, every team of that name", [
        CREATED, TEAM,
        Step("GET", '/Groups?filter=displayName%20eq%20"Engineering"', 200, holds={"/totalResults": 1}),
        Step("GET", '/Groups?filter=displayName%20eq%20"Sales"', 200, holds={"/totalResults": 0}),
        Step("GET", '/Groups?filter=id%20eq%20"x"', 400, holds={"/scimType": "invalidFilter"}),
    ]),
    Row("an externalId on a team is an error", [
        unknown({"displayName": "E", "externalId": "e"}, "externalId", "POST", "/Groups"),
        Step("POST", "/Groups", 201, {"displayName": "E"}, keep="team"),
        unknown(patch_op(set_to("externalId", "e")), "externalId", "PATCH", AT_TEAM),
    ]),
    Row("a name of more than 100 characters, and one of 100", [
        Step("POST", "/Groups", 400, {"displayName": "x" * 101}, {"/scimType": "invalidValue", "/detail": "Display name is too long. It must be 100 characters or less"}),
        Step("POST", "/Groups", 201, {"displayName": "x" * 100}),
    ]),
    Row("create with an unknown or inactive member is refused as a whole", [
        CREATED, BEN_CREATED, OFF,
        Step("POST", "/Groups", 400, {"displayName": "E", "members": [{"value": "<ben>"}, {"value": "<mia>"}, {"value": "nope"}]},
            {"/scimType": "invalidValue", "/detail": f"{INVALID}<mia>, nope"}),
        Step("GET", "/Groups", 200, holds={"/totalResults": 0}),
    ]),
    Row("adding an inactive member applies nothing, not even the other one", [
        CREATED, BEN_CREATED, OFF,
        Step("POST", "/Groups", 201, {"displayName": "E"}, keep="team"),
        Step("PATCH", AT_TEAM, 400, adds("<ben>", "<mia>"), {"/detail": f"{INVALID}<mia>"}),
        Step("GET", AT_TEAM, 200, holds={"/members": []}),
        Step("PATCH", AT_TEAM, 204, adds("<ben>")),
        Step("GET", AT_TEAM, 200, holds={"/members/0/value": "<ben>"}),
    ]),
    Row("a replacement that names an inactive member is refused, even one who is there", [
        CREATED, TEAM, OFF,
        Step("PATCH", AT_TEAM, 400, patch_op(set_to("members", [{"value": "<mia>"}])), {"/scimType": "invalidValue"}),
        Step("PUT", AT_TEAM, 400, WITH_MIA, {"/scimType": "invalidValue"}),
    ]),
    *(Row(f"an inactive member can be removed by {name}", [CREATED, TEAM, OFF, Step("PATCH", AT_TEAM, 204, patch_op(operation)), Step("GET", AT_TEAM, 200, holds={"/members": []})])
        for name, operation in (
            ("a value array", {"op": "remove", "path": "members", "value": [{"value": "<mia>"}]}),
            ("a value path", {"op": "remove", "path": 'members[value eq "<mia>"]'}),
        )),
    Row("teams are renamed and deleted", [
        CREATED, TEAM,
        Step("PATCH", AT_TEAM, 204, patch_op({"op": "replace", "value": {"displayName": "E"}})),
        Step("GET", AT_TEAM, 200, holds={"/displayName": "E", "/members/0/value": "<mia>"}),
        Step("DELETE", AT_TEAM, 204),
        Step("GET", AT_TEAM, 404, holds={"/status": "404"}),
    ]),
    Row("no discovery", [Step("GET", "/ServiceProviderConfig", 404)]),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.because)
def test_it_answers_as_pulumi_does(target_of: Callable[..., Scim], row: Row) -> None:
    play(target_of("pulumi"), row)


def test_user_names_exist_once_in_all_of_pulumi(target_of: Callable[..., Scim]) -> None:
    play(target_of("pulumi"), Row("", [CREATED]))
    other = target_of("pulumi", slug="other-organization")
    play(other, Row("", [Step("POST", "/Users", 409, MIA), BEN_CREATED]))
    play(target_of("blogin"), Row("another product has names of its own", [Step("POST", "/Users", 201, MIA)]))


def test_a_wrong_token_is_401_and_the_right_one_is_not(target_of: Callable[..., Scim]) -> None:
    caller = target_of("pulumi")
    refused = Scim(caller.target, "wrong").send("GET", "/Users")
    assert (refused.status_code, refused.json()["status"]) == (401, "401")
    assert caller.send("GET", "/Users").status_code == 200
