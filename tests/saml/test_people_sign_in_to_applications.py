"""Journeys 2 and 3 over HTTP: launched from here, and sent here by the application."""

import re

import pytest
from django.test import Client

from apps.directory.actions import remove_member
from apps.events.models import Event
from apps.saml.actions.key_pairs import add_certificate, certificates_of, promote_certificate
from apps.saml.actions.settings import sso_of, update_sso
from apps.saml.models import PendingSignIn
from apps.tenants.context import in_tenant
from tests.conftest import PASSWORD
from tests.saml.conftest import ACS
from tests.saml.service_provider import authn_request, followed, form, posted, python3_saml, redirect

pytestmark = pytest.mark.django_db

NO_PASSIVE = "urn:oasis:names:tc:SAML:2.0:status:NoPassive"


@pytest.fixture
def certificate(wiki):
    with in_tenant(wiki.tenant):
        return certificates_of(wiki)[0].certificate


def events(tenant):
    with in_tenant(tenant):
        return list(Event.objects.filter(type="sso_auth"))


def sign_in(client, address):
    """Through the sign-in page that `address` led to."""
    response = client.post(address, {"username": "bob", "password": PASSWORD})
    assert response.status_code == 302, response.content.decode()
    return response.url


# --- refusals first


def test_nobody_is_launched_without_signing_in(wiki):
    response = Client().get("/t/acme/launch/wiki")
    assert (response.status_code, response.url) == (302, "/t/acme/login/?next=/t/acme/launch/wiki")


def test_without_a_group_the_page_says_why_and_what_would_help(bob, wiki):
    response = bob.get("/launch/wiki")
    page = response.content.decode()
    assert response.status_code == 403
    assert "SAMLResponse" not in page
    assert "None of your groups opens this application." in page
    assert "Engineering" in page
    event = events(bob.tenant)[0]
    assert (event.success, event.details["refusal"], event.details["idp_initiated"]) == (
        False,
        "not_assigned",
        True,
    )
    assert event.reference in page
    assert (event.actor_name, event.target_id) == ("bob", str(bob.user.pk))


def test_losing_the_group_between_request_and_answer_is_losing_the_answer(engineer, wiki, system):
    waiting = engineer.client.post("/t/acme/saml2/wiki", form(authn_request())).url
    with in_tenant(engineer.tenant):
        remove_member(wiki.groups.get(), engineer.user, actor=system)
    assert engineer.client.get(waiting).status_code == 403
    with in_tenant(engineer.tenant):
        assert PendingSignIn.objects.get().answered_at is None  # given the group back, the same page works


@pytest.mark.parametrize(
    "path", ["", "/metadata", "/certificate", "/requests/6f3a2b9e-0000-4000-8000-000000000000"]
)
def test_another_organisations_application_is_not_there(charlie, wiki, path):
    assert charlie.get(f"/saml2/wiki{path}").status_code == 404


def test_a_request_that_waits_for_one_application_is_unknown_to_another(engineer, charlie, wiki, system):
    from apps.applications.actions import add_application

    for tenant, slug in ((engineer.tenant, "other"), (charlie.tenant, "wiki")):
        with in_tenant(tenant):
            add_application(actor=system, connector="custom_saml", display_label="X", slug=slug)
    waiting = engineer.client.post("/t/acme/saml2/wiki", form(authn_request())).url
    assert engineer.client.get(waiting.replace("wiki", "other")).status_code == 400
    assert charlie.client.get(waiting.replace("acme", "globex")).status_code == 400
    assert engineer.client.get(waiting).status_code == 200  # negative control


def test_a_bookmark_and_an_unknown_name_have_no_endpoint(engineer, wiki, system):
    from apps.applications.actions import add_application

    with in_tenant(engineer.tenant):
        add_application(
            actor=system, connector="bookmark", display_label="Menu", bookmark_url="https://menu.example"
        )
    for slug in ("menu", "never-there"):
        for path in ("", "/metadata", "/certificate"):
            assert engineer.get(f"/saml2/{slug}{path}").status_code == 404
            assert Client().get(f"/t/acme/saml2/{slug}{path}").status_code == 404


def test_an_answer_is_given_once(engineer, wiki):
    waiting = engineer.client.post("/t/acme/saml2/wiki", form(authn_request())).url
    assert engineer.client.get(waiting).status_code == 200
    again = engineer.client.get(waiting)
    assert again.status_code == 400
    assert "SAMLResponse" not in again.content.decode()


def test_a_request_does_not_wait_for_ever(engineer, wiki):
    from django.utils import timezone

    from apps.saml.old_requests import PENDING_LIFETIME, forget_pending_sign_ins

    waiting = engineer.client.post("/t/acme/saml2/wiki", form(authn_request())).url
    with in_tenant(engineer.tenant):
        PendingSignIn.objects.update(created_at=timezone.now() - PENDING_LIFETIME)
    assert engineer.client.get(waiting).status_code == 400
    engineer.client.get("/t/acme/saml2/wiki", QUERY_STRING=redirect(authn_request()))
    with in_tenant(engineer.tenant):
        forget_pending_sign_ins()
        assert PendingSignIn.objects.count() == 1  # the old one is forgotten


def test_an_application_that_is_not_set_up_says_so(engineer, wiki, system):
    with in_tenant(engineer.tenant):
        update_sso(sso_of(wiki), actor=system, acs_urls=[])
    assert engineer.get("/launch/wiki").status_code == 403
    response = engineer.client.get("/t/acme/saml2/wiki", QUERY_STRING=redirect(authn_request()))
    assert response.status_code == 400
    assert "not set up yet" in response.content.decode()


# --- what works


def test_a_person_launches_an_application(engineer, wiki, certificate):
    made = posted(engineer.get("/launch/wiki"))
    assert made.action == ACS
    assert made.relay_state is None
    assert python3_saml(made.xml, certificate).get_nameid() == "bob@acme.example"
    event = events(engineer.tenant)[0]
    assert (event.success, event.details["idp_initiated"], event.details["acs_url"]) == (True, True, ACS)


def test_a_launch_takes_the_default_relay_state(engineer, wiki, system):
    state = "https://api.sp.example/login/acme/sso?x=1&y=ä\"'<"
    with in_tenant(engineer.tenant):
        update_sso(sso_of(wiki), actor=system, default_relay_state=state)
    assert posted(engineer.get("/launch/wiki")).relay_state == state


@pytest.mark.parametrize("binding", ["redirect", "post"])
@pytest.mark.parametrize("relay_state", [None, "/deep?a=1&b=ü", '"><script>alert(1)</script>', "x" * 1024])
def test_an_application_sends_a_person_who_is_signed_in(engineer, wiki, certificate, binding, relay_state):
    xml = authn_request(request_id="_asked")
    if binding == "redirect":
        page = engineer.client.get("/t/acme/saml2/wiki", QUERY_STRING=redirect(xml, relay_state=relay_state))
    else:
        response = engineer.client.post("/t/acme/saml2/wiki", form(xml, relay_state=relay_state))
        assert response.status_code == 303
        page = engineer.client.get(response.url)
    made = posted(page)
    assert made.relay_state == relay_state
    assert "<script>alert" not in page.content.decode()
    assert made.one("/samlp:Response").get("InResponseTo") == "_asked"
    python3_saml(made.xml, certificate, request_id="_asked")
    event = events(engineer.tenant)[0]
    assert (event.success, event.details["idp_initiated"], event.details["request_id"]) == (
        True,
        False,
        "_asked",
    )


@pytest.mark.parametrize("binding", ["redirect", "post"])
def test_an_application_sends_a_person_who_signs_in_on_the_way(engineer, wiki, certificate, binding):
    browser, xml = Client(), authn_request(request_id="_asked")
    if binding == "redirect":
        response = browser.get("/t/acme/saml2/wiki", QUERY_STRING=redirect(xml, relay_state="/deep"))
    else:
        response = browser.post("/t/acme/saml2/wiki", form(xml, relay_state="/deep"))
        assert (
            not response.cookies
        )  # a form from another site comes without cookies: a new one would replace the person's
    login = browser.get(response.url)
    assert login.status_code == 302
    assert "Wiki" in browser.get(login.url).content.decode()  # who asks
    made = posted(browser.get(sign_in(browser, login.url)))
    assert made.relay_state == "/deep"
    assert python3_saml(made.xml, certificate, request_id="_asked").get_nameid() == "bob@acme.example"


def test_the_first_request_needs_no_csrf_token(engineer, wiki):
    browser = Client(enforce_csrf_checks=True)
    assert browser.post("/t/acme/saml2/wiki", form(authn_request())).status_code == 303


def test_force_authn_asks_a_signed_in_person_for_the_password_again(engineer, wiki, certificate):
    query = redirect(authn_request(request_id="_asked", more='ForceAuthn="true"'))
    waiting = engineer.client.get("/t/acme/saml2/wiki", QUERY_STRING=query).url
    login = engineer.client.get(waiting)
    assert login.status_code == 302
    assert engineer.client.get(waiting).status_code == 302  # coming back without the password changes nothing
    assert "Wiki" in engineer.client.get(login.url).content.decode()
    made = posted(engineer.client.get(sign_in(engineer.client, login.url)))
    instant = made.one("//saml:AuthnStatement").get("AuthnInstant")
    assert instant >= made.root.get("IssueInstant")[:16]
    python3_saml(made.xml, certificate, request_id="_asked")


def test_without_force_authn_the_session_is_enough(engineer, wiki):  # negative control
    query = redirect(authn_request(more='ForceAuthn="false"'))
    assert engineer.client.get("/t/acme/saml2/wiki", QUERY_STRING=query).status_code == 200


@pytest.mark.parametrize("more", ['IsPassive="true"', 'IsPassive="1" ForceAuthn="1"'])
def test_is_passive_answers_no_passive_and_shows_no_sign_in_page(engineer, wiki, certificate, more):
    browser = engineer.client if "Force" in more else Client()
    query = redirect(authn_request(request_id="_asked", more=more), relay_state="/x")
    page = followed(browser, browser.get("/t/acme/saml2/wiki", QUERY_STRING=query))
    made = posted(page)
    assert made.one("//samlp:StatusCode/samlp:StatusCode").get("Value") == NO_PASSIVE
    assert not made.root.xpath("//*[local-name()='Assertion']")
    assert (made.action, made.relay_state, made.root.get("InResponseTo")) == (ACS, "/x", "_asked")
    from apps.lib.xml import parse, verify

    verify(parse(made.xml, max_bytes=65536), [certificate])
    assert events(engineer.tenant)[0].details["refusal"] == "no_passive"


def test_is_passive_with_a_session_is_an_ordinary_answer(engineer, wiki, certificate):
    query = redirect(authn_request(more='IsPassive="true"'))
    python3_saml(posted(engineer.client.get("/t/acme/saml2/wiki", QUERY_STRING=query)).xml, certificate)


def test_after_a_promotion_the_new_key_signs(engineer, wiki, certificate, system):
    with in_tenant(engineer.tenant):
        new = promote_certificate(add_certificate(wiki, actor=system), actor=system).certificate
    made = posted(engineer.get("/launch/wiki"))
    python3_saml(made.xml, new)
    with pytest.raises(Exception, match="Signature validation failed"):
        python3_saml(made.xml, certificate)


# --- the page that posts


def test_the_page_may_post_to_https_only_and_nothing_frames_it(engineer, wiki):
    response = engineer.get("/launch/wiki")
    policy = dict(part.strip().split(" ", 1) for part in response["Content-Security-Policy"].split(";"))
    assert policy["form-action"] == "https:"
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "strict-origin"
    assert {"no-store", "private"} <= {word.strip() for word in response["Cache-Control"].split(",")}


def test_plain_http_is_in_the_policy_of_a_loopback_application_alone(engineer, wiki, system):
    with in_tenant(engineer.tenant):
        update_sso(sso_of(wiki), actor=system, acs_urls=["http://127.0.0.1:9000/acs"])
    assert "form-action https: http:;" in engineer.get("/launch/wiki")["Content-Security-Policy"]


def test_the_page_sends_itself_and_has_a_button(engineer, wiki):
    page = engineer.get("/launch/wiki").content.decode()
    assert re.search(r"<form[^>]* data-autosubmit", page)
    assert re.findall(r"<script[^>]* src=\"([^\"]*)\"", page) == ["/static/js/autosubmit.js"]
    assert re.search(r"<button[^>]*type=\"submit\"[^>]*>\s*Continue", page)
