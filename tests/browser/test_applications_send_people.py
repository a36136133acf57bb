"""The pages between two sites in a real browser: the application on 127.0.0.1, the portal on localhost, so they are strangers."""

import base64
from typing import Any
from urllib.parse import parse_qs

import pytest
from werkzeug import Request, Response

from apps.applications.actions import add_application, assign_group
from apps.applications.models import Application
from apps.directory.actions import add_group, add_member
from apps.saml import responses
from apps.saml.actions.key_pairs import certificates_of
from apps.saml.actions.settings import sso_of, update_sso
from apps.tenants.context import in_tenant
from tests.browser.conftest import DARK, LIGHT, PHONE
from tests.browser.test_pages_are_accessible_and_quiet import overflow
from tests.browser.visitor import expect
from tests.saml.conftest import SP
from tests.saml.service_provider import authn_request, form, python3_saml

HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>&amp;\\ ü"


class ServiceProvider:
    """A start page that posts a request, an ACS that keeps what it gets, and a page on another origin where it ends."""

    def __init__(self, server: Any, portal: str) -> None:
        self.origin = f"http://127.0.0.1:{server.port}"
        self.acs = f"{self.origin}/acs"
        self.done = f"http://localhost:{server.port}/done"
        self.portal = portal
        self.sso = f"{portal}/t/acme/saml2/wiki"
        self.taken: list[dict[str, list[str]]] = []
        server.expect_request("/start").respond_with_handler(self._start)
        server.expect_request("/acs", method="POST").respond_with_handler(self._acs)
        server.expect_request("/favicon.ico").respond_with_data(status=204)
        server.expect_request("/done").respond_with_data("Welcome to the wiki", content_type="text/plain")

    def _start(self, _request: Request) -> Response:
        xml = authn_request(destination=self.sso, request_id="_asked")
        fields = form(xml, relay_state="/deep").items()
        inputs = "".join(f'<input type="hidden" name="{name}" value="{value}">' for name, value in fields)
        page = (
            f'<!doctype html><form method="post" action="{self.sso}">{inputs}<button>Sign in</button></form>'
        )
        return Response(page, content_type="text/html")

    def _acs(self, request: Request) -> Response:
        self.taken.append(parse_qs(request.get_data(as_text=True)))
        return Response(status=303, headers={"Location": self.done})


@pytest.fixture
def provider(httpserver, live_server, tenant, bob, system, settings):
    settings.PUBLIC_URL = live_server.url
    provider = ServiceProvider(httpserver, live_server.url)
    with in_tenant(tenant):
        wiki = add_application(actor=system, connector="custom_saml", display_label="Wiki <b>&'", slug="wiki")
        update_sso(sso_of(wiki), actor=system, sp_entity_id=SP, acs_urls=[provider.acs])
        assign_group(wiki, add_group(actor=system, name="Engineering"), actor=system)
        add_member(wiki.groups.get(), bob.user, actor=system)
    return provider


@pytest.fixture
def wiki(provider, tenant):
    with in_tenant(tenant):
        yield Application.objects.get()


def start(visitor, provider):
    visitor.page.goto(f"{provider.origin}/start")
    visitor.page.get_by_role("button", name="Sign in").click()


def arrived(visitor, provider):
    """The page goes on while its fonts may still be on their way: those are no complaint."""
    visitor.arrives(provider.done)
    assert [text for text in visitor.complaints if "/static/fonts/" not in text] == []
    return provider.taken[-1]


def test_a_policy_of_the_applications_origin_alone_would_strand_the_person(visit, provider, bob, monkeypatch):
    """Negative control of responses._policy: Chromium judges the redirect after the POST by form-action, too."""
    exact = responses._policy(provider.acs).replace("https: http:", provider.origin)
    monkeypatch.setattr(responses, "_policy", lambda _acs_url: exact)
    visitor = visit()
    visitor.be(bob)
    with visitor.page.expect_console_message(lambda message: "form-action" in message.text):
        # It has not loaded as long as it is about to send itself.
        visitor.page.goto(f"{provider.portal}/t/acme/launch/wiki", wait_until="commit")
    with pytest.raises(Exception, match="Timeout"):
        visitor.arrives(provider.done, timeout=1000)
    assert len(provider.taken) == 1


def test_a_person_launches_and_ends_at_another_origin(visit, provider, bob):
    visitor = visit()
    visitor.be(bob)
    visitor.page.goto(f"{provider.portal}/t/acme/launch/wiki")
    arrived(visitor, provider)


def test_a_form_from_another_site_finds_the_session(visit, provider, bob, tenant, wiki):
    """It arrives without the Lax cookie; the redirect to a page of our own brings it (threat S19)."""
    visitor = visit()
    visitor.be(bob)
    start(visitor, provider)
    taken = arrived(visitor, provider)
    assert taken["RelayState"] == ["/deep"]
    with in_tenant(tenant):
        certificate = certificates_of(wiki)[0].certificate
    xml = base64.b64decode(taken["SAMLResponse"][0])
    read = python3_saml(
        xml,
        certificate,
        acs=provider.acs,
        destination=provider.acs,
        request_id="_asked",
        idp=f"{provider.sso}/metadata",
    )
    assert read.get_nameid() == "bob@acme.example"


def test_a_person_signs_in_on_the_way(visit, provider, bob):
    visitor = visit()
    start(visitor, provider)
    expect(visitor.page.get_by_text("asks who you are")).to_have_text("Wiki <b>&' asks who you are.")
    visitor.sign_in(bob)
    arrived(visitor, provider)


def test_without_scripts_a_button_goes_on(visit, provider, bob):
    visitor = visit(java_script_enabled=False)
    start(visitor, provider)
    visitor.sign_in(bob)
    visitor.page.get_by_role("button", name="Continue").click()
    visitor.arrives(provider.done)
    assert provider.taken[-1]["RelayState"] == ["/deep"]


def test_a_hostile_relay_state_arrives_as_it_was_and_runs_nowhere(visit, provider, bob, wiki, tenant, system):
    with in_tenant(tenant):
        update_sso(sso_of(wiki), actor=system, default_relay_state=HOSTILE)
    visitor = visit()
    visitor.page.on("dialog", lambda dialog: visitor.complaints.append(f"dialog: {dialog.message}"))
    visitor.be(bob)
    visitor.page.goto(f"{provider.portal}/t/acme/launch/wiki")
    assert arrived(visitor, provider)["RelayState"] == [HOSTILE]


@pytest.mark.parametrize("window", [LIGHT, DARK, PHONE], ids=["light", "dark", "phone"])
@pytest.mark.parametrize("who", ["bob", "alice"])
def test_the_pages_open_without_a_complaint(visit, provider, window, who, request):
    """Bob's answer, held back from sending itself, and Alice's refusal."""
    visitor = visit(**window)
    visitor.page.route(
        "**/autosubmit.js", lambda route: route.fulfill(body="", content_type="text/javascript")
    )
    visitor.be(request.getfixturevalue(who))
    response = visitor.page.goto(f"{provider.portal}/t/acme/launch/wiki")
    assert response.status == (200 if who == "bob" else 403)
    expect(visitor.page.get_by_role("heading", level=1)).to_have_count(1)
    assert visitor.refusals() == []
    assert visitor.violations() == []
    assert overflow(visitor) <= 0
    expected = [] if who == "bob" else [text for text in visitor.complaints if "403" in text]
    assert visitor.complaints == expected


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_whoever_is_refused_goes_back_to_the_application(visit, provider, alice, scripts):
    """From a page whose policy lets forms go to ourselves alone, by one that may post to the application."""
    visitor = visit(java_script_enabled=scripts)
    visitor.be(alice)
    start(visitor, provider)
    visitor.page.get_by_role("button", name="Back to Wiki").click()
    if not scripts:
        visitor.page.get_by_role("button", name="Continue").click()
    visitor.arrives(provider.done)
    taken = provider.taken[-1]
    assert taken["RelayState"] == ["/deep"]
    assert b"status:RequestDenied" in base64.b64decode(taken["SAMLResponse"][0])
    cut_short = "failed: "  # the page goes on while its pictures may still be on their way
    assert [text for text in visitor.complaints if not text.startswith(cut_short) and "403" not in text] == []


@pytest.mark.parametrize("window", [LIGHT, DARK, PHONE], ids=["light", "dark", "phone"])
def test_the_refusal_of_a_request_opens_without_a_complaint(visit, provider, alice, window):
    visitor = visit(**window)
    visitor.be(alice)
    start(visitor, provider)
    expect(visitor.page.get_by_role("link", name="Try again")).to_have_count(1)
    assert visitor.refusals() == []
    assert visitor.violations() == []
    assert overflow(visitor) <= 0
