"""Alice's key writes; others read, or belong to somebody else. `api("GET", "/users/")` asks as a script does."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from apps.accounts.models import Administrator, Role
from apps.api.actions import add_api_key
from apps.api.models import ApiKey
from apps.events.actors import Actor
from apps.tenants.context import in_tenant
from apps.tenants.models import Tenant
from tests.conftest import Person, person


@dataclass
class Script:
    tenant: Tenant
    key: ApiKey
    secret: str
    client: Client = field(default_factory=Client)

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """`body` is sent as it is when it is bytes, else as JSON. Refusals are checked to be problem documents."""
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        content_type = headers.pop("content_type", "application/json")
        headers.setdefault("Authorization", f"Bearer {self.secret}")
        address = f"/t/{self.tenant.slug}/api/v1{path}"
        answer = self.client.generic(method, address, content, content_type=content_type, headers=headers)
        if answer.status_code >= 400 and method != "HEAD":
            assert_problem(answer)
        return answer

    def get(self, path: str) -> Any:
        answer = self("GET", path)
        assert answer.status_code == 200, answer.content
        return answer.json()

    def post(self, path: str, body: Any) -> Any:
        answer = self("POST", path, body)
        assert answer.status_code == 201, answer.content
        assert answer["Location"].startswith(f"http://127.0.0.1:8000/t/{self.tenant.slug}/api/v1/")
        return answer.json()

    def refused(self, method: str, path: str, body: Any = None, status: int = 400) -> dict[str, list[str]]:
        """The fields that the problem names."""
        answer = self(method, path, body)
        assert answer.status_code == status, answer.content
        errors: dict[str, list[str]] = answer.json().get("errors", {})
        return errors


def assert_problem(answer: Any) -> None:
    """RFC 9457."""
    assert answer["Content-Type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == answer.status_code
    assert document["type"]
    assert document["title"]
    for name, texts in document.get("errors", {}).items():
        assert isinstance(name, str)
        assert texts
        assert all(isinstance(text, str) for text in texts)


def script_of(who: Person, name: str = "Script") -> Script:
    with in_tenant(who.tenant):
        owner = Administrator.objects.get(user=who.user)
        key, secret = add_api_key(actor=Actor.system(), owner=owner, name=name)
    return Script(who.tenant, key, secret)


@pytest.fixture(autouse=True)
def _no_requests_counted_yet() -> None:
    cache.clear()


@pytest.fixture
def api(alice: Person) -> Script:
    return script_of(alice)


@pytest.fixture
def stranger(charlie: Person) -> Script:
    """Another customer's script."""
    return script_of(charlie)


@pytest.fixture
def with_role(tenant: Tenant) -> Callable[[str], Script]:
    def make(role: str) -> Script:
        return script_of(person(tenant, f"the-{role}".replace("_", "-"), role=role))

    return make


@pytest.fixture
def reader(with_role: Callable[[str], Script]) -> Script:
    return with_role(Role.READ_ONLY)
