"""GitLab.com group SCIM, quirk by quirk. Each row is one sentence of what GitLab documents, or of its own tests."""

from collections.abc import Callable

import pytest

from apps.sandbox import actions
from tests.sandbox.conversation import MISSING, Row, Scim, Step, activity, patch_op, play, set_to

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
MIA = {
    "schemas": [USER],
    "externalId": "mia@example.com",
    "userName": "mia@example.com",
    "active": None,
    "emails": [{"primary": True, "type": "work", "value": "mia@example.com"}],
    "name": {"formatted": "Mia Example", "givenName": "Mia", "familyName": "Example"},
    "meta": {"resourceType": "User"},
}
AT = "/Users/mia%40example.com"
CREATED = Step("POST", "/Users", 201, MIA)
ACTIVE = Step("GET", AT, 200, holds={"/active": True})
INACTIVE = Step("GET", AT, 200, holds={"/active": False})
OFF = Step("PATCH", AT, 204, patch_op(set_to("active", "False", "Replace")))
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


def without(name: str) -> dict[str, object]:
    return {key: value for key, value in MIA.items() if key != name}


def found(filter_: str, total: int) -> Step:
    return Step("GET", f"/Users?filter={filter_}", 200, holds={"/totalResults": total})


ROWS = [
    Row(
        "create: the id is the externalId, the name one flat key, no externalId, displayName or location",
        [
            Step(
                "POST",
                "/Users",
                201,
                MIA,
                holds={
                    "/schemas": [USER],
                    "/id": "mia@example.com",
                    "/active": True,
                    "/name.formatted": "Mia Example",
                    "/userName": "mia",
                    "/emails": [{"type": "work", "value": "mia@example.com", "primary": True}],
                    "/externalId": MISSING,
                    "/name": MISSING,
                    "/displayName": MISSING,
                    "/meta": {"resourceType": "User"},
                },
            )
        ],
    ),
    Row("create: the same externalId again is 201", [CREATED, CREATED]),
    Row(
        "create: the same person under another externalId is 409, and the status is a number",
        [
            CREATED,
            Step(
                "POST",
                "/Users",
                409,
                MIA | {"externalId": "other"},
                holds={"/schemas": [ERROR], "/status": 409},
                says=r"Error saving user with .*: User has already been taken",
            ),
        ],
    ),
    Row(
        "errors echo the request, password and access_token as [FILTERED]",
        [
            CREATED,
            Step(
                "POST",
                "/Users",
                409,
                MIA | {"externalId": "o", "password": "hunter2", "access_token": "t0ken"},
                says=r"^(?!.*hunter2)(?!.*t0ken).*\[FILTERED\].*\[FILTERED\]",
            ),
        ],
    ),
    *(
        Row(
            f"create: without {name} it is 412",
            [Step("POST", "/Users", 412, without(name), says=f"Missing params: .*{name}")],
        )
        for name in ("externalId", "userName", "emails", "name")
    ),
    Row(
        "create: a blank e-mail is 412",
        [Step("POST", "/Users", 412, MIA | {"emails": [{"type": "work", "value": ""}]}, {"/status": 412})],
    ),
    Row(
        "create: a user name that is taken gets a number",
        [
            CREATED,
            Step(
                "POST",
                "/Users",
                201,
                MIA | {"externalId": "2", "userName": "mia", "emails": [{"value": "other@example.com"}]},
                holds={"/userName": "mia1"},
            ),
        ],
    ),
    Row(
        "create: without name.formatted the given and the family name",
        [
            Step(
                "POST",
                "/Users",
                201,
                MIA | {"name": {"givenName": "Mia", "familyName": "E"}},
                {"/name.formatted": "Mia E"},
            )
        ],
    ),
    Row("create: a removed member comes back (since 16.x)", [CREATED, OFF, INACTIVE, CREATED, ACTIVE]),
    Row(
        "list: id, externalId and userName with eq",
        [
            CREATED,
            found("id%20eq%20%22mia%40example.com%22", 1),
            found("externalId%20eq%20%22mia%40example.com%22", 1),
            found("userName+eq+%22mia%22&", 1),
            found("userName%20eq%20%22nobody%22", 0),
        ],
    ),
    Row(
        "list: userName also tries the external uid, the e-mail and its local part",
        [
            Step("POST", "/Users", 201, MIA | {"externalId": "uid-1"}),
            found("userName%20eq%20%22uid-1%22", 1),
            found("userName%20eq%20%22mia%40example.com%22", 1),
            found("userName%20eq%20%22mia%40elsewhere.example%22", 1),
        ],
    ),
    *(
        Row(
            f"list: the filter {text} is 412",
            [
                Step(
                    "GET",
                    f"/Users?filter={text}",
                    412,
                    holds={"/detail": "Unsupported Filter", "/status": 412},
                )
            ],
        )
        for text in (
            "id%20ne%20%22x%22",
            "displayName%20eq%20%22x%22",
            "emails.value%20eq%20%22x%22",
            "nonsense",
        )
    ),
    Row(
        "list: pages of 20; a count of 0 or less is the default; itemsPerPage is the page size",
        [
            CREATED,
            Step(
                "GET",
                "/Users?startIndex=1&count=0",
                200,
                holds={"/schemas": [LIST], "/itemsPerPage": 20, "/startIndex": 1, "/totalResults": 1},
            ),
            Step("GET", "/Users?startIndex=2&count=5", 200, holds={"/itemsPerPage": 5, "/Resources": []}),
        ],
    ),
    Row(
        "patch: anything but active and the id is 204 and changes nothing (since 15.0)",
        [
            CREATED,
            Step("PATCH", AT, 204, {"Operations": [set_to("name.formatted", "New", "Replace")]}),
            Step("PATCH", AT, 204, patch_op(set_to("userName", "new"))),
            Step("PATCH", AT, 204, patch_op({"op": "replace", "value": {"active": False}})),
            Step(
                "GET", AT, 200, holds={"/name.formatted": "Mia Example", "/userName": "mia", "/active": True}
            ),
        ],
    ),
    Row(
        "patch: whatever does not say active=false brings an inactive member back",
        [CREATED, OFF, INACTIVE, Step("PATCH", AT, 204, patch_op(set_to("title", "Boss"))), ACTIVE],
    ),
    *(
        Row(
            f"patch: active as {value!r} with op {op}",
            [CREATED, Step("PATCH", AT, 204, patch_op(set_to("active", value, op))), INACTIVE],
        )
        for value, op in ((False, "replace"), ("False", "Replace"), ("false", "Add"))
    ),
    Row(
        "patch: active=true brings the same identity back",
        [CREATED, OFF, Step("PATCH", AT, 204, patch_op(set_to("active", "true"))), ACTIVE],
    ),
    Row(
        "patch: active=false wins over whatever stands beside it",
        [
            CREATED,
            Step(
                "PATCH",
                AT,
                204,
                patch_op(set_to("externalId", "moved"), {"op": "replace", "path": "active", "value": False}),
            ),
            INACTIVE,
        ],
    ),
    *(
        Row(
            f"patch: {path} changes the external uid",
            [
                CREATED,
                Step("PATCH", AT, 204, patch_op(set_to(path, "a/b.c@d"))),
                Step("GET", AT, 404, holds={"/detail": "Resource mia@example.com not found", "/status": 404}),
                Step("GET", "/Users/a/b.c%40d", 200, holds={"/id": "a/b.c@d"}),
                Step("GET", "/Users/a%2Fb.c@d?", 200, holds={"/id": "a/b.c@d"}),
            ],
        )
        for path in ("id", "externalId")
    ),
    Row(
        "patch: without operations it is 400",
        [CREATED, Step("PATCH", AT, 400, {"schemas": []}, {"/error": "Operations is missing"})],
    ),
    Row(
        "delete: soft; the identity stays, inactive",
        [CREATED, Step("DELETE", AT, 204), INACTIVE, found("id%20eq%20%22mia%40example.com%22", 1)],
    ),
    Row("delete: an unknown id is 404", [Step("DELETE", "/Users/123", 404, holds={"/status": 404})]),
    Row("there is no PUT", [CREATED, Step("PUT", AT, 405, MIA), ACTIVE]),
    Row("there is no DELETE without an id", [Step("DELETE", "/Users/", 405)]),
    *(
        Row(
            f"{method} {path} ends on the sign-in page, as HTML",
            [Step(method, path, 404, says="<h1>Sign in</h1>")],
        )
        for method, path in (
            ("GET", "/Groups"),
            ("POST", "/Groups"),
            ("GET", "/Groups/1"),
            ("GET", "/ServiceProviderConfig"),
            ("GET", "/Schemas"),
            ("GET", "/ResourceTypes"),
        )
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.because)
def test_it_answers_as_gitlab_com_does(target_of: Callable[..., Scim], row: Row) -> None:
    play(target_of("gitlab_saas"), row)


def test_a_wrong_token_gets_gitlabs_own_error_and_the_right_one_does_not(
    target_of: Callable[..., Scim],
) -> None:
    caller = target_of("gitlab_saas")
    refused = Scim(caller.target, "wrong").send("GET", "/Users")
    assert (refused.status_code, refused.json()) == (401, {"message": "401 Unauthorized"})
    assert caller.send("GET", "/Users").status_code == 200


def test_the_last_owner_cannot_be_removed_and_the_last_but_one_can(target_of: Callable[..., Scim]) -> None:
    """412, "Error updating …", and the identity stays active."""
    caller = target_of("gitlab_saas")
    for name in ("ada", "mia"):
        actions.add_account(caller.target, user_name=name, email=f"{name}@example.com", owner=True)
    ada = MIA | {"externalId": "ada", "emails": [{"value": "ada@example.com"}]}
    gone = Step("DELETE", "/Users/ada", 204)
    kept = Step("PATCH", AT, 412, activity(active=False), {"/status": 412}, "Error updating mia")
    play(caller, Row("", [CREATED, Step("POST", "/Users", 201, ada), gone, kept, ACTIVE]))


def test_an_existing_member_is_linked_and_a_stranger_must_have_signed_in_first(
    target_of: Callable[..., Scim],
) -> None:
    caller = target_of("gitlab_saas")
    member = actions.add_account(caller.target, user_name="mimi", email="mia@example.com")
    play(caller, Row("not listed before", [found("userName%20eq%20%22mimi%22", 0), CREATED]))
    member.refresh_from_db()
    assert (member.linked, member.resource_id, member.user_name) == (True, "mia@example.com", "mimi")

    other = target_of("gitlab_saas", slug="other")
    outsider = actions.add_account(other.target, user_name="mimi", email="mia@example.com")
    outsider.active = False
    outsider.save()
    says = "not linked to a SAML account or has an inactive SCIM identity"
    play(other, Row("", [Step("POST", "/Users", 412, MIA, says=says)]))


def test_an_address_of_another_domain_is_412(target_of: Callable[..., Scim]) -> None:
    caller = target_of("gitlab_saas", email_domains=["acme.example"])
    says = "The member's email address is not allowed for this group"
    fine = MIA | {"emails": [{"value": "mia@ACME.example"}]}
    play(caller, Row("", [Step("POST", "/Users", 412, MIA, says=says), Step("POST", "/Users", 201, fine)]))
