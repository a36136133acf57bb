"""Bodies, addresses, methods and parameters that make no sense: a problem document that says what, and nothing changed."""

import base64
import subprocess
import sys
import threading
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client

from apps.directory.models import Group, User
from apps.events.models import Event
from apps.tenants.context import in_tenant
from tests.api.conftest import Script, assert_problem

BODIES = {
    "not JSON": b"{'name': 1}",
    "empty": b"",
    "array": b"[]",
    "text": b'"x"',
    "null": b"null",
    "not UTF-8": b'{"name": "\xff"}',
    "not a number": b'{"name": NaN}',
    "a very long number": b'{"name": ' + b"9" * 5000 + b"}",
    "deep": b"[" * 100_000 + b"]" * 100_000,
    "NUL": b'{"name": "a\\u0000b"}',
    "half a surrogate": b'{"name": "a\\ud800b"}',
    "half a surrogate in a name": b'{"name": "x", "\\ud800": 1}',
    "right to left": b'{"name": "a\\u202eb"}',
    "nothing": b"{}",
    "blank": b'{"name": "  "}',
    "a list": b'{"name": ["x"]}',
    "an object": b'{"name": {"x": 1}}',
    "true": b'{"name": true}',
    "too long": b'{"name": "' + b"x" * 101 + b'"}',
    "unknown field": b'{"name": "x", "nmae": "y"}',
    "a field that is not the caller's": b'{"name": "x", "id": "00000000-0000-4000-8000-000000000000"}',
    "somebody else's tenant": b'{"name": "x", "tenant": "globex"}',
}


@pytest.mark.parametrize("kind", BODIES)
def test_a_body_that_cannot_be_used_changes_nothing(api: Script, kind: str) -> None:
    answer = api("POST", "/groups/", BODIES[kind])
    assert answer.status_code == 400, answer.content
    with in_tenant(api.tenant):
        assert not Group.objects.exists()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/webhooks/", {"name": "x", "url": "https://example.com/", "event_types": ["\ud800"]}),
        ("/applications/", {"connector": "\ud800", "display_label": "x"}),
        ("/applications/", {"connector": "custom_saml", "display_label": "x", "parameters": {"\ud800": "x"}}),
        ("/events/", {"service": ["\ud800"], "start_time": "2026-03-01T00:00:00Z"}),
    ],
    ids=str,
)
def test_half_a_character_is_a_problem_wherever_it_stands(api: Script, path: str, body: Any) -> None:
    assert api("POST", path, body).status_code == 400


def test_a_character_in_two_halves_is_a_character(api: Script) -> None:
    assert api.post("/groups/", {"name": "a\U0001f511b"})["name"] == "a\U0001f511b"


def test_unknown_fields_are_named_with_everything_else_that_is_wrong(api: Script) -> None:
    errors = api.refused("POST", "/users/", {"username": "", "emial": "x", "id": "1", "email": "nonsense"})
    assert errors.keys() == {"username", "emial", "id", "email"}


def test_a_body_may_not_be_larger_than_a_mebibyte(api: Script) -> None:
    assert api("POST", "/groups/", b'{"name": "' + b"x" * 1024 * 1024 + b'"}').status_code == 413


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", "multipart/form-data; boundary=x", "nonsense"])  # fmt: skip
def test_only_json_is_read(api: Script, content_type: str) -> None:
    assert api("POST", "/groups/", b'{"name": "x"}', content_type=content_type).status_code == 415


def test_only_json_is_written(api: Script) -> None:
    assert api("GET", "/users/", Accept="text/html").status_code == 406
    for accept in ("*/*", "application/json", "text/html, */*;q=0.1"):
        assert api("GET", "/users/", Accept=accept)["Content-Type"] == "application/json"


def test_methods_that_an_address_does_not_have_are_405(api: Script) -> None:
    answer = api("PUT", "/groups/", {})
    assert answer.status_code == 405
    assert "POST" in answer["Allow"]
    assert api("OPTIONS", "/groups/").status_code == 405


@pytest.mark.parametrize(
    "path", ["/nothing/", "/users", "/users/nothing/", "/users/00000000-0000-4000-8000-000000000000/", "/catalog/nothing/", "/users/%00/"]
)  # fmt: skip
def test_what_is_not_there_is_404(api: Script, path: str) -> None:
    assert api("GET", path).status_code == 404


def test_an_unknown_organisation_is_a_problem_too(api: Script) -> None:
    answer = Client().get("/t/nobody/api/v1/users/", headers={"Authorization": f"Bearer {api.secret}"})
    assert answer.status_code == 404
    assert_problem(answer)


@pytest.mark.parametrize("query", ["limit=0", "limit=000000001000", f"limit=000000001{'9' * 20}", f"limit=000000001{'9' * 5000}", "limit=-1", "limit=x", "limit=201", "limit=", "limit=²", "cursor=nonsense", "usrename=mia", "active=perhaps"])  # fmt: skip
def test_parameters_that_make_no_sense_are_refused(api: Script, query: str) -> None:
    assert api.refused("GET", f"/users/?{query}").keys() == {query.split("=", maxsplit=1)[0]}


def test_a_filter_that_is_given_twice_is_refused(api: Script) -> None:
    """The last one alone would be looked at, and half of the answer be missing."""
    twice = "event_type=user_create&event_type=group_create"
    for path in ("", "count/", "export/"):
        assert api.refused("GET", f"/events/{path}?{twice}").keys() == {"event_type"}
    assert api.get("/events/count/?event_type=user_create,group_create")["count"]


@pytest.mark.parametrize("position", ["yesterday", "2026-13-45T00:00:00Z", "\x00", "é", "9" * 5000])
@pytest.mark.parametrize("offset", ["0", "1001", "-1", "x"])
def test_a_cursor_written_by_hand_does_no_harm(api: Script, position: str, offset: str) -> None:
    cursor = base64.b64encode(urlencode({"p": position, "o": offset}).encode()).decode()
    assert api.refused("GET", f"/users/?{urlencode({'cursor': cursor})}").keys() == {"cursor"}


def test_every_page_walk_visits_each_row_once_both_ways(api: Script) -> None:
    names = [f"group {number}" for number in range(7)]
    for name in names:
        api.post("/groups/", {"name": name})
    for limit in (1, 2, 3, 7, 8):
        seen, page = [], api.get(f"/groups/?limit={limit}")
        assert page["previous"] is None
        while True:
            assert page.keys() == {"next", "previous", "results"}
            seen += [row["name"] for row in page["results"]]
            if page["next"] is None:
                break
            assert page["next"].startswith("http://127.0.0.1:8000/t/acme/api/v1/groups/?")
            page = api.get(page["next"].removeprefix("http://127.0.0.1:8000/t/acme/api/v1"))
        assert seen == names
        back = list(reversed(page["results"]))
        while page["previous"]:
            page = api.get(page["previous"].removeprefix("http://127.0.0.1:8000/t/acme/api/v1"))
            back += reversed(page["results"])
        assert [row["name"] for row in back] == names[::-1]


def test_the_next_page_is_not_chosen_by_the_host_header(api: Script) -> None:
    for number in range(2):
        api.post("/groups/", {"name": f"group {number}"})
    answer = api("GET", "/groups/?limit=1", Host="localhost", **{"X-Forwarded-Host": "evil.example"}).json()
    assert answer["next"].startswith("http://127.0.0.1:8000/")


def test_the_server_starts_in_a_process_of_its_own() -> None:
    """The REST framework imports our classes by name while it is imported itself: a cycle shows only in a fresh process."""
    done = subprocess.run(
        [sys.executable, "-c", "import portal.wsgi"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.django_db(transaction=True)
def test_of_many_who_write_the_same_at_once_one_succeeds_and_nobody_gets_a_500(api: Script) -> None:
    mia = api.post("/users/", {"username": "mia", "email": "mia@acme.example"})
    group = api.post("/groups/", {"name": "Engineering"})
    requests: list[tuple[str, str, Any, dict[int, int] | None]] = [
        ("POST", "/groups/", {"name": "Sales"}, {201: 1, 409: 5}),
        ("POST", f"/groups/{group['id']}/members/", {"user": mia["id"]}, {201: 6}),
        ("PATCH", f"/users/{mia['id']}/", {"active": False, "job_title": "x"}, {200: 6}),
        ("DELETE", f"/users/{mia['id']}/", None, {204: 1, 404: 5}),
        ("DELETE", f"/groups/{group['id']}/", None, None),
    ]
    for method, path, body, expected in requests:
        statuses: list[int] = []

        def ask(
            method: str = method, path: str = path, body: Any = body, statuses: list[int] = statuses
        ) -> None:
            try:
                statuses.append(Script(api.tenant, api.key, api.secret)(method, path, body).status_code)
            finally:
                connection.close()

        threads = [threading.Thread(target=ask) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if expected is None:
            assert set(statuses) <= {204, 404}
        else:
            assert {status: statuses.count(status) for status in statuses} == expected, (method, path)
    with in_tenant(api.tenant):
        assert not User.objects.filter(username="mia").exists()
        assert Event.objects.filter(type="user_delete").count() == 1
        assert Event.objects.filter(type="group_delete").count() == 1
