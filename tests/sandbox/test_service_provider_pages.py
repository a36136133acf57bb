"""The service provider over HTTP: metadata, both ways to begin, the session of the sandbox, and who may see the page."""

import base64
import re
import zlib
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from lxml import etree
from pytest_httpserver import HTTPServer

from apps.sandbox import actions
from apps.sandbox.models import SandboxServiceProvider
from apps.tenants.context import in_tenant
from tests.conftest import Person
from tests.sandbox.identity_provider import MD, NS, IdentityProvider, encoded

PAGE, ACS = "/sandbox/sp/app/", "/sandbox/sp/app/acs"
SHOWN = "Signed in as mia@example.com"


@pytest.fixture
def respond(service_provider: SandboxServiceProvider, idp: IdentityProvider) -> Callable[..., Any]:
    """Posts a signed response as a browser would that comes from the identity provider."""

    def post(client: Client, relay_state: str = "", **changes: Any) -> Any:
        body = {"SAMLResponse": encoded(idp.signed(service_provider, **changes)), "RelayState": relay_state}
        return client.post(f"/t/acme{ACS}", body)

    return post


def test_strangers_sign_in_first_and_other_tenants_find_nothing(
    service_provider: SandboxServiceProvider, bob: Person, charlie: Person
) -> None:
    answer = Client().get(bob.url(PAGE))
    assert (answer.status_code, "/login/" in answer.headers["Location"]) == (302, True)
    for page in (PAGE, f"{PAGE}metadata", f"{PAGE}login"):
        assert charlie.get(page).status_code == 404, page
    assert charlie.post(ACS).status_code == 404
    assert bob.get(PAGE).status_code == 200


def test_the_metadata_is_public_and_names_itself(service_provider: SandboxServiceProvider) -> None:
    answer = Client().get(f"/t/acme{PAGE}metadata")
    assert answer.headers["Content-Type"] == "application/samlmetadata+xml"
    root = etree.fromstring(answer.content)
    assert root.get("entityID") == service_provider.entity_id
    assert root.get("entityID").endswith("/t/acme/sandbox/sp/app/metadata")
    service = root.find(f"{{{MD}}}SPSSODescriptor/{{{MD}}}AssertionConsumerService")
    assert service.get("Location") == service_provider.acs_url
    assert service.get("Binding").endswith("HTTP-POST")


def test_sign_in_begins_by_redirect(service_provider: SandboxServiceProvider, idp: IdentityProvider) -> None:
    address = urlsplit(Client().get(f"/t/acme{PAGE}login").headers["Location"])
    assert address._replace(query="").geturl() == idp.sso_url
    query = parse_qs(address.query)
    assert query["RelayState"] == ["/t/acme/sandbox/sp/app/"]
    root = etree.fromstring(zlib.decompress(base64.b64decode(query["SAMLRequest"][0]), -zlib.MAX_WBITS))
    assert root.get("AssertionConsumerServiceURL") == service_provider.acs_url
    assert root.get("Destination") == idp.sso_url
    assert root.find("a:Issuer", NS).text == service_provider.entity_id
    assert service_provider.requests.get().request_id == root.get("ID")


def test_sign_in_begins_by_post_with_a_form_that_the_policy_lets_go_there(
    service_provider: SandboxServiceProvider, idp: IdentityProvider
) -> None:
    answer = Client().get(f"/t/acme{PAGE}login?binding=post")
    page = answer.content.decode()
    assert f'action="{idp.sso_url}"' in page
    assert "data-autosubmit" in page
    assert "https://idp.example" in answer.headers["Content-Security-Policy"].split("form-action", 1)[1]
    value = re.search(r'name="SAMLRequest" value="([^"]+)"', page)
    assert value
    assert (
        etree.fromstring(base64.b64decode(value[1])).get("ID") == service_provider.requests.get().request_id
    )


def test_without_an_identity_provider_nobody_is_sent_anywhere(inside: object, db: None) -> None:
    actions.add_service_provider(slug="new", label="New")
    answer = Client().get("/t/acme/sandbox/sp/new/login")
    assert answer.status_code == 403
    assert "<code>trust</code>" in answer.content.decode()


def test_the_page_shows_who_came_and_who_began(
    service_provider: SandboxServiceProvider, bob: Person, respond: Callable[..., Any]
) -> None:
    assert SHOWN not in bob.get(PAGE).content.decode()
    answer = respond(bob.client)
    assert (answer.status_code, answer.headers["Location"]) == (302, bob.url(PAGE))
    page = bob.get(PAGE).content.decode()
    for part in (SHOWN, "emailAddress", "_s1", "IdP-initiated", "response + assertion", "&lt;saml:Assertion"):
        assert part in page, part
    (when,) = re.findall(r"<dt>When</dt><dd>(.*?)</dd>", page)
    assert when.count("<time") == 1
    respond(bob.client, asked=actions.add_authn_request(service_provider).request_id)
    assert "(SP-initiated)" in bob.get(PAGE).content.decode()


def test_a_refusal_names_the_check_and_signs_nobody_in(
    service_provider: SandboxServiceProvider, bob: Person, respond: Callable[..., Any]
) -> None:
    answer = respond(bob.client, audience="https://other.example/")
    assert answer.status_code == 403
    assert "<code>audience</code>" in answer.content.decode()
    assert "gatehouse_sandbox" not in answer.cookies
    assert SHOWN not in bob.get(PAGE).content.decode()
    assert respond(bob.client).status_code == 302


def test_the_two_sessions_leave_each_other_alone(
    service_provider: SandboxServiceProvider, bob: Person, respond: Callable[..., Any]
) -> None:
    portal = bob.client.cookies["gatehouse_session"].value
    cookie = respond(bob.client).cookies["gatehouse_sandbox"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (bob.url(PAGE), True, "Lax")
    assert bob.client.cookies["gatehouse_session"].value == portal
    assert SHOWN in bob.get(PAGE).content.decode()
    assert bob.post("/sandbox/sp/app/logout").status_code == 302
    assert SHOWN not in bob.get(PAGE).content.decode()
    bob.client.cookies["gatehouse_sandbox"] = cookie.value
    assert SHOWN not in bob.get(PAGE).content.decode(), "the old cookie is worth nothing"
    assert bob.get(PAGE).status_code == 200, "still signed in to the portal"


def test_a_cookie_of_another_service_provider_or_tenant_is_worth_nothing(
    service_provider: SandboxServiceProvider,
    idp: IdentityProvider,
    bob: Person,
    charlie: Person,
    respond: Callable[..., Any],
) -> None:
    cookie = respond(bob.client).cookies["gatehouse_sandbox"].value
    actions.add_service_provider(slug="other", label="Other")
    with in_tenant(charlie.tenant):
        actions.add_service_provider(slug="app", label="Theirs")
    for person, page in ((bob, "/sandbox/sp/other/"), (charlie, PAGE)):
        person.client.cookies["gatehouse_sandbox"] = cookie
        assert SHOWN not in person.get(page).content.decode()
    assert SHOWN in bob.get(PAGE).content.decode()


RELAY_STATES = [
    ("/t/acme/sandbox/", "/t/acme/sandbox/"),
    ("/t/acme/sandbox/sp/app/?x=1", "/t/acme/sandbox/sp/app/?x=1"),
    *(
        (bad, "/t/acme/sandbox/sp/app/")
        for bad in (
            "",
            "https://evil.example/",
            "//evil.example/",
            "/\\evil.example/",
            "javascript:alert(1)",
            "/t/acme/console/",
            "/t/globex/sandbox/",
            "/t/acme/sandbox/../console/",
            "/t/acme/sandbox/%2e%2e/console/",
            "/t/acme/sandbox/\\..\\console",
            "http://testserver/t/acme/sandbox/",
            "/t/acme/sandbox\n/",
        )
    ),
]


@pytest.mark.parametrize(("relay_state", "landing"), RELAY_STATES)
def test_relay_state_leads_below_the_sandbox_or_nowhere(
    bob: Person, respond: Callable[..., Any], relay_state: str, landing: str
) -> None:
    assert respond(bob.client, relay_state).headers["Location"] == landing


def test_the_identity_provider_is_set_from_pasted_metadata(
    inside: object, idp: IdentityProvider, bob: Person
) -> None:
    there = actions.add_service_provider(slug="app", label="App")
    for xml in (
        "",
        "<x/>",
        "no xml",
        idp.metadata(IDPSSODescriptor="SPSSODescriptor"),
        idp.metadata(https="javascript"),
    ):
        answer = bob.post("/sandbox/sp/app/identity-provider", {"xml": xml})
        assert answer.status_code == 422, xml
        assert "Nothing was saved yet" in answer.content.decode()
    expired = re.sub(r'validUntil="[^"]+"', 'validUntil="2020-01-01T00:00:00Z"', idp.metadata())
    answer = bob.post("/sandbox/sp/app/identity-provider", {"xml": expired})
    assert "expired" in answer.content.decode()
    there.refresh_from_db()
    assert not there.is_connected
    assert bob.post("/sandbox/sp/app/identity-provider", {"xml": idp.metadata()}).status_code == 302
    there.refresh_from_db()
    assert (there.idp_entity_id, there.idp_redirect_url) == (idp.entity_id, idp.sso_url)
    assert there.idp_certificates == [idp.keys.certificate]


def test_the_identity_provider_is_set_from_its_address(
    inside: object, idp: IdentityProvider, bob: Person, httpserver: HTTPServer
) -> None:
    there = actions.add_service_provider(slug="app", label="App")
    httpserver.expect_request("/gone").respond_with_data("no", status=404)
    httpserver.expect_request("/metadata").respond_with_data(idp.metadata())
    refused = bob.post("/sandbox/sp/app/identity-provider", {"url": httpserver.url_for("/gone")})
    assert refused.status_code == 422
    assert "status 404" in refused.content.decode()
    forbidden = bob.post("/sandbox/sp/app/identity-provider", {"url": "http://192.168.0.1/metadata"})
    assert forbidden.status_code == 422
    url = httpserver.url_for("/metadata")
    assert bob.post("/sandbox/sp/app/identity-provider", {"url": url}).status_code == 302
    there.refresh_from_db()
    assert (there.idp_metadata_url, there.idp_entity_id) == (url, idp.entity_id)


def test_adding_it_again_keeps_what_is_there(service_provider: SandboxServiceProvider) -> None:
    again = actions.add_service_provider(slug="app", label="Another", kind="pulumi")
    assert (again.pk, again.kind, again.is_connected) == (service_provider.pk, "generic", True)
