"""A request for SCIM does not pass what only pages need: no session is opened for it. What protects every answer protects its own."""

from typing import Any

import pytest
from django.test import Client

from apps.events.models import Event
from apps.events.types import EventType
from apps.scim.views.discovery import SchemasView
from apps.tenants.context import in_tenant
from tests.conftest import Person
from tests.scim.conftest import Caller, assert_scim_error

OF_PAGES = ("session", "user", "_messages", "htmx")  # what their middlewares leave at the request
PROTECTING = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@pytest.mark.parametrize("path", ["/Users", "/Users/nobody", "/Nothing", "/ServiceProviderConfig"])
def test_headers_that_protect_are_on_every_answer(okta: Caller, path: str) -> None:
    answer = okta("GET", path)
    assert PROTECTING.items() <= answer.headers.items()
    assert "camera=()" in answer["Permissions-Policy"]
    assert answer["Cache-Control"] == "no-store, private"
    assert not answer.cookies


def test_pages_keep_all_of_it(okta: Caller) -> None:
    page = Client().get("/t/acme/login/")
    assert PROTECTING.items() <= page.headers.items()
    assert all(hasattr(page.wsgi_request, name) for name in OF_PAGES)
    assert Client(enforce_csrf_checks=True).post("/t/acme/login/").status_code == 403
    asked = okta("GET", "/Users").wsgi_request
    assert not any(hasattr(asked, name) for name in OF_PAGES)


def test_a_session_is_not_even_read(okta: Caller, alice: Person, django_assert_num_queries: Any) -> None:
    made = okta.create("mia")
    okta("GET", f"/Users/{made['id']}")
    okta.client.cookies = alice.client.cookies
    with django_assert_num_queries(3):
        answer = okta("GET", f"/Users/{made['id']}")
    assert answer.status_code == 200
    assert "Cookie" not in answer.get("Vary", "")
    assert okta("GET", "/Users", Authorization="").status_code == 401


def test_the_tenant_and_the_requests_id_are_known(okta: Caller) -> None:
    made = okta.create("mia")
    assert made["meta"]["location"].startswith("http://127.0.0.1:8000/t/acme/scim/v2/Users/")
    with in_tenant(okta.tenant):
        assert Event.objects.get(type=EventType.USER_CREATE, target_id=made["id"]).correlation_id


def test_a_name_that_is_not_ours_is_refused(okta: Caller) -> None:
    answer = okta("GET", "/Users", Host="evil.example")
    assert answer.status_code == 400
    assert_scim_error(answer)


def test_what_nobody_expected_is_an_error_of_scim(okta: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing() -> Any:
        raise RuntimeError("nobody expected this")

    monkeypatch.setattr(SchemasView, "documents", failing)
    okta.client.raise_request_exception = False
    answer = okta("GET", "/Schemas")
    assert answer.status_code == 500
    assert "expected" not in answer.content.decode()
