"""Whatever schemathesis makes of the REST API's own description is answered, refused as a problem document, and never an error of ours."""

import re
from collections import Counter
from typing import Any

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client

from apps.api import urls
from apps.api.schema import described
from apps.tenants.addresses import tenant_path
from tests.api.conftest import assert_problem
from tests.conformance.openapi.described import Answer, as_described, ask_everything
from tests.security.rows import ROWS
from tests.security.world import World, make_world

EACH = 3
PROBLEM = "application/problem+json"
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.timeout(900),
]  # a few hundred requests; half a minute where nothing else runs
ROW_OF = {row.name: row for row in ROWS}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    cache.clear()
    monkeypatch.setattr("rest_framework.throttling.SimpleRateThrottle.allow_request", lambda *_: True)
    return make_world("acme")


class Addresses:
    """Where the things of a world are: each second request goes there, the others where schemathesis chose."""

    def __init__(self, world: World) -> None:
        self.world, self.number, self.names = world, 0, {}
        for pattern in urls.urlpatterns:
            path = re.sub(
                r"<\w+:(\w+)>", lambda name: "{" + name[1].replace("pk", "id") + "}", str(pattern.pattern)
            )
            self.names[f"/{path}"] = f"api:{pattern.name}"

    def __call__(self, case: Any) -> str:
        self.number += 1
        row = ROW_OF.get(self.names[case.path])
        if row is None or (self.number % 2 and not case.operation.body):
            return f"/t/{self.world.tenant.slug}/api/v1{case.formatted_path}"
        return tenant_path(self.world.tenant, row.name, **self.world.kwargs(row.things))


def client_of(world: World) -> Client:
    return Client(headers={"Authorization": f"Bearer {world.credentials['api_key']}"})


def judge(case: Any, answer: Answer) -> None:
    assert answer.status_code < 500, f"{case.method} {case.formatted_path}"
    if answer.status_code >= 400:
        assert_problem(answer)
    as_described(case, answer)


def test_every_operation_answers_as_it_is_described(world: World) -> None:
    statuses: Counter[int] = Counter()

    def counted(case: Any, answer: Answer) -> None:
        statuses[answer.status_code] += 1
        judge(case, answer)

    sent = ask_everything(described(), client_of(world), each=EACH, path=Addresses(world), judge=counted)
    assert sent > 2 * len(described()["paths"])
    assert {200, 201, 400, 404} <= statuses.keys()


def only(path: str) -> dict[str, Any]:
    return described() | {"paths": {path: described()["paths"][path]}}


@pytest.mark.parametrize(
    ("mistake", "found"),
    [
        (lambda *_, **__: 1 / 0, ZeroDivisionError),
        (lambda *_, **__: HttpResponse("Nope", status=500), AssertionError),
        (lambda *_, **__: HttpResponse('{"status": 400}', status=400, content_type=PROBLEM), KeyError),
        (lambda *_, **__: HttpResponse('{"next": 3}', content_type="application/json"), BaseExceptionGroup),
    ],
)
def test_a_view_that_fails_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch, mistake: Any, found: type[BaseException]
) -> None:
    """The control."""
    view = next(pattern.callback.view_class for pattern in urls.urlpatterns if pattern.name == "users")
    ask_everything(only("/users/"), client_of(world), each=1, path=Addresses(world), judge=judge)
    monkeypatch.setattr(view, "get", mistake)
    with pytest.raises(found):
        ask_everything(only("/users/"), client_of(world), each=1, path=Addresses(world), judge=judge)
