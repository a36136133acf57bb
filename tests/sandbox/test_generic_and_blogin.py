"""The two targets that go by the RFC: one stores every attribute, the other those of its table."""

from collections.abc import Callable

import pytest

from tests.sandbox.conversation import MISSING, Row, Scim, Step, activity, patch_op, play, set_to

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
NAME = {"givenName": "Mia", "familyName": "Example", "formatted": "Mia Example"}
MIA = {
    "schemas": [USER],
    "userName": "mia",
    "externalId": "e-1",
    "displayName": "Mia",
    "name": NAME,
    "emails": [{"type": "work", "primary": True, "value": "mia@example.com"}],
    "phoneNumbers": [{"type": "work", "value": "+44 1"}],
    "title": "Engineer",
    "timezone": "Europe/London",
    "active": True,
}
CREATED = Step("POST", "/Users", 201, MIA, keep="mia")
AT = "/Users/<mia>"
TEAM = Step(
    "POST", "/Groups", 201, {"displayName": "Engineering", "members": [{"value": "<mia>"}]}, keep="team"
)
AT_TEAM = "/Groups/<team>"

BOTH = [
    Row("every attribute of the table is stored and comes back", [
        Step("POST", "/Users", 201, MIA, {f"/{name}": value for name, value in MIA.items()}, keep="mia"),
        Step("GET", AT, 200, holds={"/name": NAME, "/phoneNumbers/0/value": "+44 1", "/meta/resourceType": "User"}),
    ]),
    Row("an attribute nobody knows is read and forgotten", [Step("POST", "/Users", 201, MIA | {"shoeSize": 9}, {"/shoeSize": MISSING})]),
    Row("a password is taken and never comes back", [Step("POST", "/Users", 201, MIA | {"password": "hunter2 hunter2"}, {"/password": MISSING})]),
    Row("without userName it is 400", [Step("POST", "/Users", 400, {"schemas": [USER], "title": "x"}, {"/status": "400", "/scimType": "invalidValue"})]),
    Row("a userName exists once, whatever its case", [CREATED, Step("POST", "/Users", 409, MIA | {"userName": "MIA"}, {"/status": "409", "/scimType": "uniqueness"})]),
    Row("PATCH: paths, value paths that create, no path at all, and active as a text", [
        CREATED,
        Step("PATCH", AT, 200, patch_op(set_to("title", "Boss"), set_to('emails[type eq "home"].value', "m@home.example", "Add")), {"/title": "Boss", "/emails/1/type": "home"}),
        Step("PATCH", AT, 200, patch_op({"op": "Replace", "value": {"active": "False", "name.familyName": "E"}}), {"/active": False, "/name/familyName": "E"}),
        Step("GET", '/Users?filter=userName%20eq%20"mia"', 200, holds={"/totalResults": 1, "/Resources/0/active": False}),
    ]),
    Row("PATCH is all or nothing", [
        CREATED,
        Step("PATCH", AT, 400, patch_op(set_to("title", "Boss"), set_to("active", "perhaps"))),
        Step("GET", AT, 200, holds={"/title": "Engineer", "/active": True}),
    ]),
    Row("PATCH without operations is 400", [CREATED, Step("PATCH", AT, 400, patch_op(), {"/status": "400"})]),
    Row("PUT replaces; what says nothing of active and externalId does not change them", [
        CREATED,
        Step("PATCH", AT, 200, activity(active=False)),
        Step("PUT", AT, 200, {"schemas": [USER], "userName": "mia"}, {"/title": MISSING, "/active": False, "/externalId": "e-1"}),
    ]),
    Row("filters: eq on the columns, and whatever else the RFC allows", [
        CREATED,
        *(Step("GET", f"/Users?filter={text}", 200, holds={"/totalResults": total}) for text, total in (
            ("userName%20eq%20%22MIA%22", 1), ("externalId%20eq%20%22e-1%22", 1), ("id+eq+%22<mia>%22", 1),
            ("title%20co%20%22gin%22%20and%20active%20eq%20true", 1), ("emails%5Btype%20eq%20%22work%22%5D", 1), ("title%20eq%20%22x%22", 0))),
        Step("GET", "/Users?filter=shoeSize%20eq%209", 400, holds={"/scimType": "invalidFilter"}),
        Step("GET", "/Users?filter=userName%20eq", 400, holds={"/scimType": "invalidFilter"}),
    ]),
    Row("pages: startIndex below 1 is 1, count 0 is only the total", [
        CREATED, Step("POST", "/Users", 201, {"userName": "ben"}),
        Step("GET", "/Users?startIndex=0&count=1", 200, holds={"/totalResults": 2, "/startIndex": 1, "/itemsPerPage": 1, "/Resources/0/userName": "mia"}),
        Step("GET", "/Users?startIndex=2&count=1", 200, holds={"/Resources/0/userName": "ben"}),
        Step("GET", "/Users?count=0", 200, holds={"/totalResults": 2, "/Resources": []}),
    ]),
    Row("groups: create, find, rename, replace and remove members, delete", [
        CREATED, TEAM,
        Step("GET", '/Groups?filter=displayName%20eq%20"engineering"', 200, holds={"/totalResults": 1, "/Resources/0/members/0/value": "<mia>"}),
        Step("GET", "/Groups?excludedAttributes=members", 200, holds={"/Resources/0/members": MISSING}),
        Step("GET", f"{AT_TEAM}?excludedAttributes=members", 200, holds={"/members": MISSING, "/displayName": "Engineering"}),
        Step("GET", f"{AT}?attributes=userName", 200, holds={"/userName": "mia", "/title": MISSING, "/id": "<mia>"}),
        Step("PUT", AT_TEAM, 200, {"displayName": "Everybody"}, {"/members": [], "/displayName": "Everybody"}),
        Step("DELETE", AT_TEAM, 204), Step("GET", AT_TEAM, 404),
    ]),
    Row("a group name exists once", [CREATED, TEAM, Step("POST", "/Groups", 409, {"displayName": "ENGINEERING"}, {"/scimType": "uniqueness"})]),
    Row("a member must exist", [Step("POST", "/Groups", 400, {"displayName": "E", "members": [{"value": "nope"}]}, {"/scimType": "invalidValue"}), Step("GET", "/Groups", 200, holds={"/totalResults": 0})]),
]  # fmt: skip
LEAVING = {
    "remove with a value array": {"op": "Remove", "path": "members", "value": [{"value": "<mia>"}]},
    "remove with a value path": {"op": "remove", "path": 'members[value eq "<mia>"]'},
    "replace with nobody": {"op": "replace", "path": "members", "value": []},
}


@pytest.mark.parametrize("kind", ["generic", "blogin"])
@pytest.mark.parametrize("row", BOTH, ids=lambda row: row.because)
def test_it_answers_by_the_rfc(target_of: Callable[..., Scim], kind: str, row: Row) -> None:
    play(target_of(kind), row)


@pytest.mark.parametrize(("kind", "status"), [("generic", 204), ("blogin", 200)])
@pytest.mark.parametrize("how", LEAVING)
def test_members_leave_however_they_are_removed(
    target_of: Callable[..., Scim], kind: str, status: int, how: str
) -> None:
    ben = Step("POST", "/Users", 201, {"userName": "ben"}, keep="ben")
    joins = Step("PATCH", AT_TEAM, status, patch_op(set_to("members", [{"value": "<ben>"}], "add")))
    leaves = Step("PATCH", AT_TEAM, status, patch_op(LEAVING[how]))
    left = [] if how == "replace with nobody" else ["<ben>"]
    rest = {f"/members/{number}/value": one for number, one in enumerate(left)} | {
        f"/members/{len(left)}": MISSING
    }
    play(
        target_of(kind), Row(how, [CREATED, TEAM, ben, joins, leaves, Step("GET", AT_TEAM, 200, holds=rest)])
    )


def test_blogin_forgets_what_is_not_in_its_table_and_generic_does_not(
    target_of: Callable[..., Scim],
) -> None:
    sent = MIA | {"nickName": "M", "locale": "en", "name": NAME | {"middleName": "X"}}
    gone = {"/nickName": MISSING, "/locale": MISSING, "/name/middleName": MISSING}
    play(target_of("blogin"), Row("", [Step("POST", "/Users", 201, sent, gone)]))
    there = {"/nickName": "M", "/locale": "en", "/name/middleName": "X"}
    play(target_of("generic"), Row("", [Step("POST", "/Users", 201, sent, there)]))


def test_only_generic_deletes_users_and_describes_itself(target_of: Callable[..., Scim]) -> None:
    described = ["/ServiceProviderConfig", "/ResourceTypes", "/Schemas"]
    deleted = [CREATED, Step("DELETE", AT, 204), Step("GET", AT, 404, holds={"/status": "404"})]
    play(target_of("generic"), Row("", deleted + [Step("GET", path, 200) for path in described]))
    kept = [CREATED, Step("DELETE", AT, 405), Step("GET", AT, 200)]
    play(target_of("blogin"), Row("", kept + [Step("GET", path, 404) for path in described]))


@pytest.mark.parametrize("kind", ["generic", "blogin"])
def test_a_wrong_token_is_401_and_the_right_one_is_not(target_of: Callable[..., Scim], kind: str) -> None:
    caller = target_of(kind)
    for authorization in ("", "Bearer", "Bearer wrong", f"Basic {caller.token}", caller.token):
        assert caller.send("GET", "/Users", None, Authorization=authorization).status_code == 401
    assert caller.send("GET", "/Users").status_code == 200
