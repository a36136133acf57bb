"""
Threats V1, V2, V4, V7, V8, V9, V11 and V12 of the SCIM API, each beside the same request where it is allowed. V3, V5, V6 stand in
test_a_source_gains_nothing.py, V10 in test_two_requests_meet.py, V13 in test_a_broken_provider_removes_nobody_at_once.py.
"""

import datetime as dt
import json
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.events.actors import Actor
from apps.lib.scim.schemas import PATCH_OP
from apps.scim.actions.sources import add_scim_token, revoke_scim_token
from apps.scim.models import ExternalIdentity
from apps.tenants.context import in_tenant
from tests.conftest import PASSWORD, Person
from tests.saml.conftest import _keys_from_a_pool, _pool, engineer, wiki
from tests.scim.conftest import Caller

__all__ = ["_keys_from_a_pool", "_pool", "engineer", "wiki"]
SYSTEM = Actor.system()
PATHS = ["/Users", "/Users/ID", "/Groups", "/Groups/ID", "/.search", "/Users/.search", "/Groups/.search", "/Bulk", "/Me", "/ServiceProviderConfig", "/Schemas", "/ResourceTypes"]  # fmt: skip
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
INNARDS = (
    "psycopg",
    "sqlite",
    "DETAIL",
    "UNIQUE constraint",
    "Traceback",
    "IntegrityError",
    "django",
    "apps/",
    "SELECT ",
)


def patch_body(*operations: Any) -> dict[str, Any]:
    return {"schemas": [PATCH_OP], "Operations": list(operations)}


# --- V1: what the database holds is no token


def test_v1_no_table_holds_a_token(okta: Caller) -> None:
    okta.create("mia")
    okta("POST", "/Users", {"userName": okta.secret, "title": okta.secret})  # as somebody would by mistake
    told_so = {"User", "ExternalIdentity", "Event"}  # her name and title are what the source says
    held = ""
    for model in apps.get_models():
        columns = [column.attname for column in model._meta.concrete_fields]
        manager = getattr(model, "unscoped", model._default_manager)
        if model.__name__ not in told_so:
            with in_tenant(okta.tenant):
                held += str(list(manager.values_list(*columns)))
    assert okta.token.digest in held  # the control: the table of tokens was read
    assert okta.secret.rsplit("_", 1)[1] not in held


# --- V1, V2: who comes in


def test_v1_v2_every_address_answers_a_live_token_of_its_tenant_alone(
    okta: Caller, stranger: Caller, alice: Person
) -> None:
    soon = timezone.now() + dt.timedelta(hours=1)
    with in_tenant(okta.tenant):
        old, revoked = add_scim_token(actor=SYSTEM, name="old")
        revoke_scim_token(old, actor=SYSTEM)
        _, expired = add_scim_token(actor=SYSTEM, name="short", expires_at=soon)
    csrf = Client(enforce_csrf_checks=True)
    csrf.cookies.update(alice.client.cookies)
    token = csrf.get("/t/acme/").cookies.get("csrftoken")
    bad = {
        "none": (Client(), {}),
        "a session": (alice.client, {}),
        "a session and its CSRF token": (csrf, {"X-CSRFToken": token.value if token else ""}),
        "another tenant's": (Client(), {"Authorization": f"Bearer {stranger.secret}"}),
        "revoked": (Client(), {"Authorization": f"Bearer {revoked}"}),
        "expired": (Client(), {"Authorization": f"Bearer {expired}"}),
        "basic": (Client(), {"Authorization": f"Basic {okta.secret}"}),
        "unknown": (Client(), {"Authorization": f"Bearer {okta.secret[:-4]}0000"}),
    }
    good = (Client(), {"Authorization": f"Bearer {okta.secret}"})
    told = set()
    with time_machine.travel(soon + dt.timedelta(minutes=1), tick=False):
        for path in PATHS:
            for method in METHODS:
                for client, headers in bad.values():
                    answer = _sent(client, method, path, headers)
                    assert answer.status_code == 401, (method, path)
                    told.add(answer.content)
        for path in PATHS:
            assert {_sent(good[0], method, path, good[1]).status_code for method in METHODS} - {401}
    assert len(told) == 1  # nobody learns which of them it was


def _sent(client: Client, method: str, path: str, headers: dict[str, str]) -> Any:
    address = f"/t/acme/scim/v2{path}"
    return client.generic(method, address, b"{}", content_type="application/scim+json", headers=headers)


def test_v1_a_refusal_costs_the_same_whatever_was_wrong(okta: Caller, stranger: Caller) -> None:
    costs = set()
    for secret in (stranger.secret, okta.secret[:-4] + "0000", "gh_scim_0000000000000000_" + "0" * 64):
        with CaptureQueriesContext(connection) as queries:
            assert okta("GET", "/Users", Authorization=f"Bearer {secret}").status_code == 401
        costs.add(len(queries))
    assert len(costs) == 1


# --- V4: what is another tenant's is not there


def test_v4_nothing_of_another_tenant_is_there_by_any_method(okta: Caller, stranger: Caller) -> None:
    own, theirs = (_furnished(caller) for caller in (okta, stranger))
    for ids, there in ((theirs, False), (own, True)):
        for kind, key in ids.items():
            body = {"userName": "v4", "displayName": "v4", "emails": [{"value": "v4@x.example"}]}
            tries = [
                okta("GET", f"/{kind}/{key}"),
                okta("GET", f"/{kind}/{key}", **{"If-None-Match": "*"}),
                okta(
                    "PATCH", f"/{kind}/{key}", patch_body({"op": "add", "path": "externalId", "value": "e"})
                ),
                okta("PUT", f"/{kind}/{key}", body),
                okta("DELETE", f"/{kind}/{key}"),
            ]
            found = {answer.status_code != 404 for answer in tries}
            assert found == {there}, kind
    for kind, key in theirs.items():
        assert stranger("GET", f"/{kind}/{key}").status_code == 200
        assert okta.list(f"/{kind}", filter=f'id eq "{key}"')["totalResults"] == 0
        assert key not in okta("POST", "/.search", {}).content.decode()
    assert okta.list("/Groups", filter=f'members.value eq "{theirs["Users"]}"')["totalResults"] == 0
    told = okta("POST", "/Bulk", {"Operations": [{"method": "DELETE", "path": f"/Users/{theirs['Users']}"}]})
    assert told.json()["Operations"][0]["status"] == "404"


def _furnished(caller: Caller) -> dict[str, str]:
    person = caller.create("v4")["id"]
    group = caller("POST", "/Groups", {"displayName": "v4", "members": [{"value": person}]}).json()["id"]
    return {"Groups": group, "Users": person}


# --- V7: the costliest filter is no costlier than the limits say


def test_v7_the_longest_filter_takes_no_more_questions_than_the_shortest(okta: Caller) -> None:
    okta.create("mia")
    costs = []
    terms = ['emails[type eq "work" and value co "%"]', 'not (displayName ew "_")', "members.value pr"]
    longest = " or ".join(['userName co "m"'] * 16 + terms[:2])
    for written in ('(userName eq "mia")', longest):
        with CaptureQueriesContext(connection) as queries:
            assert okta("POST", "/Users/.search", {"filter": written}).status_code == 200
        costs.append(len([each for each in queries if "directory_user" in each["sql"]]))
    assert costs[0] == costs[1]


# --- V8: the limits, and what is just within them


def members(number: int) -> dict[str, Any]:
    return patch_body(
        {"op": "remove", "path": "members", "value": [{"value": f"nobody-{n}"} for n in range(number)]}
    )


def nested(depth: int) -> bytes:
    return b'{"userName": "x@acme.example", "x": ' + b"[" * (depth - 2) + b"1" + b"]" * (depth - 2) + b"}"


LIMITS: dict[str, tuple[str, str, Any, Any, int]] = {
    "bytes": ("POST", "/Users", {"userName": "x@acme.example", "x": "y" * 1_000_000}, {"userName": "x", "x": "y" * 1_100_000}, 413),
    "operations": ("PATCH", "/Groups/ID", patch_body(*[{"op": "add", "path": "displayName", "value": "x"}] * 1000), patch_body(*[{"op": "add", "path": "displayName", "value": "x"}] * 1001), 413),
    "members": ("PATCH", "/Groups/ID", members(1000), members(1001), 413),
    "depth": ("POST", "/Users", nested(32), nested(34), 400),
    "filter": ("POST", "/Users/.search", {"filter": f'title eq "{"x" * 1010}"'}, {"filter": f'title eq "{"x" * 1020}"'}, 400),
    "terms": ("POST", "/Users/.search", {"filter": " or ".join(["title pr"] * 20)}, {"filter": " or ".join(["title pr"] * 21)}, 400),
    "bulk": ("POST", "/Bulk", {"Operations": [{"method": "DELETE", "path": "/Users/x"}] * 100}, {"Operations": [{"method": "DELETE", "path": "/Users/x"}] * 1001}, 413),
}  # fmt: skip


@pytest.mark.parametrize("kind", LIMITS)
def test_v8_each_limit_holds_where_it_is_said_to(okta: Caller, kind: str) -> None:
    method, path, within, beyond, status = LIMITS[kind]
    path = path.replace("ID", okta("POST", "/Groups", {"displayName": "v8"}).json()["id"])
    assert okta(method, path, beyond).status_code == status
    assert okta(method, path, within).status_code < 300


# --- V9: a sign-on that is under way


@pytest.mark.parametrize("how", ["PATCH", "DELETE"])
def test_v9_a_sign_on_that_has_begun_ends_without_an_assertion(
    okta: Caller, engineer: Person, how: str
) -> None:
    person = engineer.user
    with in_tenant(okta.tenant):
        ExternalIdentity.objects.create(source=okta.source, user=person, user_name="bob", user_name_key="bob")
    begun = Client()
    waiting = begun.get("/t/acme/launch/wiki")
    assert b"SAMLResponse" in engineer.get("/launch/wiki").content  # the control
    if how == "PATCH":
        body = patch_body({"op": "replace", "path": "active", "value": False})
        assert okta("PATCH", f"/Users/{person.pk}", body).status_code == 200
    else:
        assert okta("DELETE", f"/Users/{person.pk}").status_code == 204
    answer = engineer.get("/launch/wiki")
    assert answer.status_code == 302
    assert b"SAMLResponse" not in answer.content
    refused = begun.post(waiting.url, {"username": "bob", "password": PASSWORD})
    assert refused.status_code == 422
    assert b"SAMLResponse" not in begun.get("/t/acme/launch/wiki").content


# --- V11: names that look alike

SAME = ["admin", "ADMIN", "Admin", "ａｄｍｉｎ", "ＡＤＭＩＮ", " admin ", "aDmIn", "ⓐⓓⓜⓘⓝ", "𝐚𝐝𝐦𝐢𝐧"]
FOLDED = [("straße", "STRASSE"), ("strasse", "straße"), ("ﬁn", "FIN"), ("é", "e\u0301"), ("Å", "\u212b"), ("Σας", "ΣΑΣ"), ("x²", "x2"), ("ﷺ", "صلى الله عليه وسلم")]  # fmt: skip
DISTINCT = [
    ("dotless", "dotle\u0131s"),
    ("admin", "\u0430dmin"),
    ("i", "ı"),
    ("o", "0"),
    ("l", "1"),
    ("e", "é"),
    ("rn", "m"),
]
REFUSED = ["a\u200bb", "a\u202eb", "a\u00adb", "a\u0000b", "a\u0007b", "a\u2028b", "a\u2066b", "a\ufeffb", "a\nb", "a\tb", "\u200d", "a\x85b", "a\U000e0041b", "\ud800"]  # fmt: skip


def create(caller: Caller, number: int, name: str) -> Any:
    return caller("POST", "/Users", {"userName": name, "emails": [{"value": f"v11.{number}@acme.example"}]})


@pytest.mark.parametrize("pairs", [[(SAME[0], other) for other in SAME[1:]], FOLDED], ids=["admin", "folded"])
def test_v11_names_that_are_one_are_taken(okta: Caller, entra: Caller, pairs: list[tuple[str, str]]) -> None:
    for number, (one, other) in enumerate(pairs):
        create(okta, 2 * number, one)
        assert create(okta, 2 * number + 1, other).status_code == 409, (one, other)
        assert okta.list(filter=f"userName eq {json.dumps(other)}")["totalResults"] == 1, (one, other)


def test_v11_names_that_are_two_are_two(okta: Caller) -> None:
    """The control. What looks alike in another script is another name, as for every directory; nobody gains anything by it."""
    for number, (one, other) in enumerate(DISTINCT):
        create(okta, 2 * number, one)
        assert create(okta, 2 * number + 1, other).status_code in {201, 409}
        found = [okta.list(filter=f"userName eq {json.dumps(each)}")["Resources"] for each in (one, other)]
        assert [len(each) for each in found] == [1, 1], (one, other)
        assert found[0][0]["id"] != found[1][0]["id"]


@pytest.mark.parametrize("name", REFUSED)
def test_v11_what_cannot_be_seen_is_refused(okta: Caller, name: str) -> None:
    assert create(okta, 0, name).status_code == 400
    assert create(okta, 0, "ab").status_code == 201


# --- V12: a refusal tells nothing of what is behind it


def test_v12_no_refusal_shows_what_is_behind_it(okta: Caller, stranger: Caller) -> None:
    made = okta.create("mia", externalId="00u1")
    stranger.create("canary-of-globex")
    wrong = [
        okta("POST", "/Users", {"userName": "mia", "emails": [{"value": "x@acme.example"}]}),
        okta("POST", "/Users", {"userName": "x" * 400}),
        okta("POST", "/Users", {"userName": ["x"], "emails": 5}),
        okta("POST", "/Users", b"{"),
        okta("PUT", f"/Users/{made['id']}", {"userName": ""}),
        okta("PATCH", f"/Users/{made['id']}", patch_body({"op": "x"})),
        okta("PATCH", f"/Users/{made['id']}", patch_body({"op": "add", "path": "a[b", "value": 1})),
        okta("GET", "/Users/none"),
        okta("GET", "/Users?filter=x"),
        okta("GET", "/Users?count=x"),
        okta("GET", "/Nothing"),
        okta("POST", "/Groups", {"displayName": "x", "members": [{"value": "x"}]}),
        okta("POST", "/Bulk", {"Operations": [{"method": "POST"}]}),
        okta("GET", "/Users", Authorization="Bearer x"),
    ]
    for answer in wrong:
        assert 400 <= answer.status_code < 500
        told = answer.content.decode()
        assert not [word for word in (*INNARDS, "globex", okta.secret, okta.token.key_id) if word in told], (
            told
        )
