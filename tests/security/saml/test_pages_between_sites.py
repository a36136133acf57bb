"""S8, S19, S20: nothing frames a page, nobody is led elsewhere, and the session's cookie stays Lax."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from apps.saml.actions.settings import sso_of, update_sso
from apps.tenants.context import in_tenant
from tests.conftest import PASSWORD
from tests.saml.conftest import ACS
from tests.saml.service_provider import authn_request, form, posted, redirect
from tests.security.walk import Worlds, openable
from tests.security.world import ask

pytestmark = pytest.mark.django_db

# --- frames


def framed(worlds: Worlds, addresses: Any) -> tuple[list[str], int]:
    """Pages that a frame could show, and how many were looked at; of the owner and of nobody."""
    found, looked, acme = [], 0, worlds.acme
    for address, things in addresses:
        path = address.path(acme.tenant, acme.kwargs(things))
        for client in (acme.owner, Client()):
            answer = ask(client, "GET", path)
            if answer.headers.get("Content-Type", "").startswith("text/html"):
                looked += 1
                policy = answer.headers.get("Content-Security-Policy", "")
                if "frame-ancestors 'none'" not in policy or answer.headers.get("X-Frame-Options") != "DENY":
                    found.append(f"{address}: {answer.status} {policy[-60:]}")
    return found, looked


def test_no_page_can_be_framed(worlds: Worlds) -> None:
    found, looked = framed(worlds, openable())
    assert found == []
    assert looked > 60  # negative control: there was something to look at


def test_a_page_that_could_be_framed_is_found(worlds: Worlds, monkeypatch) -> None:
    """Negative control."""
    from django.middleware.clickjacking import XFrameOptionsMiddleware

    monkeypatch.setattr(
        XFrameOptionsMiddleware, "process_response", lambda _self, _request, response: response
    )
    assert framed(worlds, openable()[:12])[0]


# --- cookies


def test_the_sessions_cookie_is_lax_and_never_none(bob):
    answer = Client().post("/t/acme/login/", {"username": "bob", "password": PASSWORD})
    cookie = answer.cookies[settings.SESSION_COOKIE_NAME]
    assert (cookie["samesite"], bool(cookie["httponly"])) == ("Lax", True)
    assert settings.CSRF_COOKIE_SAMESITE in {"Lax", "Strict"}


def test_a_posted_request_is_answered_with_a_303_to_a_page_of_our_own(engineer, wiki):
    """So that a Lax cookie arrives. In a browser: tests/browser/test_applications_send_people.py."""
    answer = Client().post("/t/acme/saml2/wiki", form(authn_request()))
    assert answer.status_code == 303
    assert answer.url.startswith("/t/acme/saml2/wiki/requests/")
    assert not answer.cookies


# --- elsewhere

ELSEWHERE = [
    "https://evil.example/", "//evil.example", "/\\evil.example", "https:evil.example", "javascript:alert(1)", "data:text/html,x",
    "\thttps://evil.example", "https://sp.example@evil.example/", "https://sp.example.evil.example/", "https://sp。example/", "/t/globex/",
    "https://sp.example%2eevil.example/", "http://127.0.0.1/", "\\\\evil.example",
]  # fmt: skip


@pytest.mark.parametrize("state", ELSEWHERE)
def test_relay_state_is_given_back_and_never_followed(engineer, wiki, state):
    for fields in ({}, {"relay_state": state}):
        answer = engineer.client.get("/t/acme/saml2/wiki", QUERY_STRING=redirect(authn_request(), **fields))
        page = answer if answer.status_code == 200 else engineer.client.get(answer.url)
        made = posted(page)
        assert made.action == ACS
        assert made.relay_state == fields.get("relay_state")
        assert "Location" not in page
        assert "Refresh" not in page


@pytest.mark.parametrize(
    "name", ["RelayState", "relay_state", "next", "TargetResource", "target", "acs", "url"]
)
def test_a_launch_takes_its_target_from_the_administrator_alone(engineer, wiki, system, name):
    with in_tenant(engineer.tenant):
        update_sso(sso_of(wiki), actor=system, default_relay_state="/start")
    made = posted(engineer.get(f"/launch/wiki?{name}=https://evil.example/"))
    assert (made.action, made.relay_state) == (ACS, "/start")


@pytest.mark.parametrize("wanted", ELSEWHERE)
def test_signing_out_leads_to_the_sign_in_page(bob, wanted):
    """`next`, RelayState and the like of a sign-out lead nowhere; of a sign-in: tests/accounts/test_where_a_sign_in_leads.py."""
    answer = bob.post("/logout/", {"next": wanted, "RelayState": wanted})
    assert answer.status_code in {302, 303}
    assert answer.url.startswith("/t/acme/")
    assert "evil" not in answer.url
