"""Refusals first: every address of the API, every way of not being allowed in."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern

from apps.accounts.actions import remove_administrator
from apps.accounts.models import Role
from apps.api import urls
from apps.api.actions import revoke_api_key
from apps.api.models import ApiKey
from apps.api.throttling import PerKey
from apps.directory.actions import deactivate_user
from apps.events.actors import Actor
from apps.events.models import Event
from apps.tenants.context import in_tenant
from tests.api.conftest import Script, assert_problem
from tests.conftest import Person

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
FOR_ANYBODY = {"root", "schema", "docs"}


def addresses() -> Iterator[tuple[str, str, set[str]]]:
    """Name, path with made-up ids, methods: read from the URLconf, so a new address is asked as well."""
    for pattern in urls.urlpatterns:
        assert isinstance(pattern, URLPattern)
        if pattern.name in FOR_ANYBODY:
            continue
        path = str(pattern.pattern)
        for name, converter in pattern.pattern.converters.items():
            made_up = str(uuid4()) if "UUID" in type(converter).__name__ else "nothing"
            path = path.replace(
                f"<{'uuid' if 'UUID' in type(converter).__name__ else 'slug'}:{name}>", made_up
            )
        view = pattern.callback.view_class  # type: ignore[attr-defined]
        yield pattern.name or "", f"/{path}", {method for method in METHODS if hasattr(view, method.lower())}


def asking(name: str) -> Sequence[str]:
    """The methods of an address that change nothing, although others of their name do."""
    [asks] = {tuple(each.callback.view_class.asks) for each in urls.urlpatterns if each.name == name}  # type: ignore[union-attr]
    return asks


def test_only_the_log_is_asked_by_post() -> None:
    by_post = {name for name, _, _ in addresses() if asking(name)}
    assert by_post == {"events", "event-count", "event-distinct", "event-interval"}


def everywhere() -> Iterator[tuple[str, str]]:
    for _, path, _ in addresses():
        yield from ((method, path) for method in METHODS)


def test_there_are_addresses_to_ask() -> None:
    assert len(list(addresses())) >= 24


def test_every_view_says_who_may_open_it() -> None:
    for pattern in urls.urlpatterns:
        view = getattr(pattern.callback, "view_class", pattern.callback)
        assert view.access == ("public" if pattern.name in FOR_ANYBODY else "api_key"), pattern.name


def test_no_address_answers_without_a_key(tenant: Any) -> None:
    for method, path in everywhere():
        answer = Client().generic(method, f"/t/acme/api/v1{path}", b"{}", content_type="application/json")
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="API"'), (method, path)
        assert_problem(answer)


def test_an_owners_session_is_not_a_key(alice: Person) -> None:
    for method, path in everywhere():
        answer = alice.client.generic(method, f"/t/acme/api/v1{path}", b"{}", content_type="application/json")
        assert answer.status_code == 401, (method, path)


def test_another_tenants_key_is_not_a_key(api: Script, stranger: Script) -> None:
    for method, path in everywhere():
        assert api(method, path, {}, Authorization=f"Bearer {stranger.secret}").status_code == 401, (
            method,
            path,
        )
    assert stranger.get("/users/")["results"]  # the control: it is one at home


def test_the_reading_role_reads_everything_and_writes_nothing(with_role: Callable[[str], Script]) -> None:
    """What the help desk's keys may is in tests/security/roles.py."""
    script = with_role(Role.READ_ONLY)
    for name, path, methods in addresses():
        for method in methods:
            status = script(method, path, {}).status_code
            assert (status == 403) == (method not in {"GET", *asking(name)}), (name, method, status)
    with in_tenant(script.tenant):
        assert set(Event.objects.values_list("type", flat=True)) <= {
            "user_create",
            "admin_create",
            "api_key_create",
            "events_export",  # that somebody took the log with them is itself told,
            "access_export",  # and the access report
        }


def test_a_writing_role_is_not_stopped_at_those_addresses(with_role: Callable[[str], Script]) -> None:
    """The control of the test above."""
    script = with_role(Role.ADMINISTRATOR)
    statuses = {
        script(method, path, {}).status_code for _, path, methods in addresses() for method in methods
    }
    assert statuses <= {200, 400, 404}


def bad_headers(api: Script) -> dict[str, dict[str, str]]:
    other_end = "0" if api.secret[-1] != "0" else "1"
    guessed = api.secret[:-1] + other_end
    return {
        "guessed": {"Authorization": f"Bearer {guessed}"},
        "guessed in the other header": {"Authorization": "", "x-api-key": guessed},
        "basic": {"Authorization": f"Basic {api.secret}"},
        "digest": {"Authorization": f"Bearer {api.key.digest}"},
        "not ASCII": {"Authorization": "Bearer gh_api_é"},
        "empty": {"Authorization": "Bearer "},
        "one good, one bad": {"Authorization": f"Bearer {guessed}", "x-api-key": api.secret},
    }


def test_anything_but_the_secret_is_refused_alike(api: Script) -> None:
    seen = set()
    for headers in bad_headers(api).values():
        with CaptureQueriesContext(connection) as queries:
            answer = api("GET", "/users/", **headers)
        seen.add((answer.status_code, answer.content, len(queries)))
    assert len(seen) == 1
    assert seen.pop()[0] == 401


def test_both_headers_are_accepted(api: Script) -> None:
    assert api("GET", "/users/", Authorization=f"bearer {api.secret}").status_code == 200
    answer = Client().get("/t/acme/api/v1/users/", headers={"x-api-key": api.secret})
    assert answer.status_code == 200


def test_a_revoked_key_is_refused_from_the_next_request_on(api: Script) -> None:
    assert api("GET", "/users/").status_code == 200
    with in_tenant(api.tenant):
        revoke_api_key(api.key, actor=Actor.system())
    assert api("GET", "/users/").status_code == 401


def test_a_key_dies_with_its_owners_access(
    api: Script, alice: Person, with_role: Callable[[str], Script]
) -> None:
    owner, other = with_role(Role.OWNER), with_role(Role.ADMINISTRATOR)
    with in_tenant(api.tenant):
        deactivate_user(alice.user, actor=Actor.system())
    assert api("GET", "/users/").status_code == 401
    with in_tenant(api.tenant):
        remove_administrator(other.key.owner, actor=Actor.system())
    assert other("GET", "/users/").status_code == 401
    assert owner("GET", "/users/").status_code == 200  # the control


def test_the_secret_is_kept_as_a_hash_and_never_told_again(api: Script) -> None:
    made = api.post("/api-keys/", {"name": "Second"})
    assert Script(api.tenant, api.key, made["key"])("GET", "/users/").status_code == 200
    told = api("GET", "/api-keys/").content + api("GET", f"/api-keys/{made['id']}/").content
    told += api("GET", "/events/").content + api("GET", "/events/export/?format=jsonl").getvalue()
    with in_tenant(api.tenant):
        rows = str(
            [[getattr(key, f.attname) for f in ApiKey._meta.concrete_fields] for key in ApiKey.objects.all()]
        )
    for secret in (made["key"], api.secret):
        assert secret not in told.decode() + rows
        assert secret.rsplit("_", 1)[1] not in told.decode() + rows


def test_the_log_names_the_key_and_its_owner(api: Script) -> None:
    api.post("/groups/", {"name": "Engineering"})
    with in_tenant(api.tenant):
        event = Event.objects.get(type="group_create")
    assert (event.actor_kind, event.actor_id, event.actor_name) == (
        "api_key",
        str(api.key.pk),
        "Script (alice)",
    )


def test_a_script_gone_wild_is_told_to_wait(api: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PerKey, "THROTTLE_RATES", {"key": "3/min"})
    statuses = [api("GET", "/catalog/").status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    assert int(api("GET", "/catalog/")["Retry-After"]) <= 61
    cache.clear()


def test_answers_are_never_kept_by_a_cache(api: Script) -> None:
    assert api("GET", "/users/")["Cache-Control"] == "no-store, private"
    assert api("GET", "/users/", Authorization="")["Cache-Control"] == "no-store, private"
