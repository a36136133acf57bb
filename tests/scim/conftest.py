"""Okta holds a token of acme's, Entra another one; each calls as it really calls."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client

from apps.events.actors import Actor
from apps.lib.scim.schemas import CONTENT_TYPE, PATCH_OP, USER
from apps.scim import throttle
from apps.scim.actions.sources import add_scim_token
from apps.scim.models import ScimToken, Source
from apps.tenants.context import in_tenant
from apps.tenants.models import Tenant


@dataclass
class Caller:
    tenant: Tenant
    token: ScimToken
    secret: str
    client: Client = field(default_factory=Client)

    @property
    def source(self) -> Source:
        return self.token.source

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """`body` is sent as it is when it is bytes, else as JSON."""
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        content_type = headers.pop("content_type", CONTENT_TYPE)
        headers.setdefault("Authorization", f"Bearer {self.secret}")
        answer = self.client.generic(
            method,
            f"/t/{self.tenant.slug}/scim/v2{path}",
            content,
            content_type=content_type,
            headers=headers,
        )
        if answer.status_code >= 400 and method != "HEAD":
            assert_scim_error(answer)
        return answer

    def list(self, path: str = "/Users", **query: str) -> Any:
        from urllib.parse import urlencode

        answer = self("GET", f"{path}?{urlencode(query)}")
        assert answer.status_code == 200, answer.content
        return answer.json()

    def create(self, user_name: str, **attributes: Any) -> Any:
        email = {"value": f"{user_name}@acme.example", "type": "work", "primary": True}
        body = {"schemas": [USER], "userName": user_name, "emails": [email]} | attributes
        answer = self("POST", "/Users", body)
        assert answer.status_code == 201, answer.content
        return answer.json()

    def patch(self, user_id: str, *operations: Any) -> Any:
        return self("PATCH", f"/Users/{user_id}", {"schemas": [PATCH_OP], "Operations": list(operations)})


def assert_scim_error(answer: Any) -> None:
    """RFC 7644 section 3.12."""
    assert answer["Content-Type"] == CONTENT_TYPE
    document = answer.json()
    assert document["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert document["status"] == str(answer.status_code)
    assert document["detail"]


def caller(tenant: Tenant, name: str) -> Caller:
    with in_tenant(tenant):
        token, secret = add_scim_token(actor=Actor.system(), name=name)
    return Caller(tenant, token, secret)


@pytest.fixture(autouse=True)
def nobody_pays(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Now and then a request pays for the next 25 (apps/scim/throttle.py), and which one is the clock's to say: statements could not be counted."""
    if not request.module.__name__.endswith("test_callers_are_slowed_down"):
        monkeypatch.setattr(throttle, "FREE_PER_SECOND", 1e6)


@pytest.fixture
def okta(tenant: Tenant) -> Caller:
    return caller(tenant, "Okta")


@pytest.fixture
def entra(tenant: Tenant) -> Caller:
    return caller(tenant, "Entra")


@pytest.fixture
def stranger(other_tenant: Tenant) -> Caller:
    """Another customer's identity provider."""
    return caller(other_tenant, "Okta of Globex")
