"""Refusals first: what is not a live token of the tenant in the address sees nothing, and cannot tell why."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver
from django.utils import timezone

from apps.directory.errors import FieldsInvalid
from apps.events.actors import Actor
from apps.events.models import Event
from apps.scim.actions.sources import add_scim_token, revoke_scim_token
from apps.scim.models import ScimToken
from apps.tenants.context import in_tenant
from tests.conftest import Person
from tests.scim.conftest import Caller, assert_scim_error

PATHS = [
    "/", "/Users", "/Users/", "/Users/1", "/Users/.search", "/.search", "/Groups", "/Groups/1", "/Groups/.search", "/Me", "/Bulk",
    "/ServiceProviderConfig", "/Schemas", "/Schemas/x", "/ResourceTypes", "/ResourceTypes/User",
]  # fmt: skip
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", METHODS)
def test_nothing_answers_without_a_token(okta: Caller, path: str, method: str) -> None:
    answer = okta(method, path, {}, Authorization="")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_every_address_of_the_app_is_walked_above() -> None:
    from apps.scim import urls

    resolver = get_resolver("apps.scim.urls")
    for path in PATHS:
        resolver.resolve(path)
    matched = {p.name for p in urls.urlpatterns for path in PATHS if p.resolve(path[1:])}
    assert matched == {p.name for p in urls.urlpatterns}


@pytest.mark.parametrize("path", ["/Users", "/ServiceProviderConfig"])
def test_an_owners_session_is_not_a_token(alice: Person, okta: Caller, path: str) -> None:
    okta.client = alice.client
    assert okta("GET", path, Authorization="").status_code == 401
    assert okta("POST", "/Users", {"userName": "x"}, Authorization="").status_code == 401


def bad_secrets(okta: Caller, stranger: Caller) -> dict[str, str]:
    other_end = "0" if okta.secret[-1] != "0" else "1"
    return {
        "another tenant's": f"Bearer {stranger.secret}",
        "guessed": f"Bearer {okta.secret[:-1]}{other_end}",
        "key id only": f"Bearer gh_scim_{okta.token.key_id}",
        "digest": f"Bearer {okta.token.digest}",
        "basic": f"Basic {okta.secret}",
        "bare": okta.secret,
        "two": f"Bearer {okta.secret} {okta.secret}",
        "not ASCII": "Bearer gh_scim_é",
        "nothing": "Bearer ",
    }


@pytest.mark.parametrize("kind", ["another tenant's", "guessed", "key id only", "digest", "basic", "bare", "two", "not ASCII", "nothing"])  # fmt: skip
def test_anything_but_the_secret_is_refused(okta: Caller, stranger: Caller, kind: str) -> None:
    header = bad_secrets(okta, stranger)[kind]
    assert okta("GET", "/Users", Authorization=header).status_code == 401


def test_the_secret_is_accepted_however_the_scheme_is_spelt(okta: Caller) -> None:
    for scheme in ("Bearer", "bearer", "BEARER"):
        assert okta("GET", "/Users", Authorization=f"{scheme} {okta.secret}").status_code == 200


def test_a_revoked_token_is_refused_from_the_next_request_on(okta: Caller) -> None:
    assert okta("GET", "/Users").status_code == 200
    with in_tenant(okta.tenant):
        revoke_scim_token(okta.token, actor=Actor.system())
        revoke_scim_token(okta.token, actor=Actor.system())
        assert Event.objects.filter(type="scim_token_delete").count() == 1
    assert okta("GET", "/Users").status_code == 401


def test_a_token_ends_when_it_expires(okta: Caller) -> None:
    soon = timezone.now() + dt.timedelta(hours=1)
    with in_tenant(okta.tenant):
        okta.token, okta.secret = add_scim_token(actor=Actor.system(), name="short", expires_at=soon)
    assert okta("GET", "/Users").status_code == 200
    with time_machine.travel(soon + dt.timedelta(seconds=1)):
        assert okta("GET", "/Users").status_code == 401


def test_all_refusals_look_alike_and_cost_the_same(okta: Caller, stranger: Caller) -> None:
    with in_tenant(okta.tenant):
        revoked, secret = add_scim_token(actor=Actor.system(), name="old")
        revoke_scim_token(revoked, actor=Actor.system())
    headers = [*bad_secrets(okta, stranger).values(), f"Bearer {secret}"]
    seen = set()
    for header in headers:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = okta("GET", "/Users", Authorization=header)
        seen.add((answer.status_code, answer.content, len(queries)))
    assert len(seen) == 1


def test_an_unknown_tenant_and_an_unknown_address_answer_in_scim(okta: Caller) -> None:
    for path in ("/t/nobody/scim/v2/Users", "/t/acme/scim/v2/Nothing"):
        answer = okta.client.get(path, headers={"Authorization": f"Bearer {okta.secret}"})
        assert answer.status_code == 404
        assert_scim_error(answer)
    assert okta("OPTIONS", "/Users").status_code == 405


def test_the_secret_is_kept_as_a_hash_only(okta: Caller) -> None:
    with in_tenant(okta.tenant):
        row = ScimToken.objects.get()
        values = str([getattr(row, column.attname) for column in ScimToken._meta.concrete_fields])
        events = str(list(Event.objects.values()))
    assert okta.secret not in values + events
    assert okta.secret.rsplit("_", 1)[1] not in values + events


@pytest.mark.parametrize(("fields", "wrong"), [({"name": ""}, "name"), ({"name": "a\x00"}, "name"), ({"name": "x" * 121}, "name")])  # fmt: skip
def test_a_token_needs_a_name(inside: Any, fields: dict[str, str], wrong: str) -> None:
    with pytest.raises(FieldsInvalid) as refused:
        add_scim_token(actor=Actor.system(), **fields)
    assert wrong in refused.value.fields


def test_a_token_cannot_expire_before_it_exists(inside: Any) -> None:
    with pytest.raises(FieldsInvalid):
        add_scim_token(actor=Actor.system(), name="x", expires_at=timezone.now() - dt.timedelta(seconds=1))


def test_the_last_use_is_noted_once_a_minute(okta: Caller) -> None:
    start = timezone.now()
    seen = []
    for seconds in (0, 30, 61):
        with time_machine.travel(start + dt.timedelta(seconds=seconds), tick=False):
            okta("GET", "/Users")
        with in_tenant(okta.tenant):
            seen.append(ScimToken.objects.get().last_used_at)
    assert seen[0] == seen[1] < seen[2]


def test_answers_are_never_kept_by_a_cache(okta: Caller) -> None:
    assert okta("GET", "/Users")["Cache-Control"] == "no-store, private"
    assert okta("GET", "/Users", Authorization="")["Cache-Control"] == "no-store, private"
