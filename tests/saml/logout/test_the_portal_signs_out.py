"""Sign-out at the portal: its session ends at once, then every application with a logout address is asked, and nothing is claimed."""

import base64
import uuid

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from lxml import etree
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from apps.saml.actions.key_pairs import add_certificate, certificates_of, promote_certificate
from apps.saml.actions.settings import sso_of, update_sso
from apps.saml.logout.forgetting import MEMORY
from apps.saml.logout.runs import RUN_LIFETIME, begin
from apps.saml.models import KeyPair, LogoutRun, LogoutStep, PendingSignIn, SsoSession
from apps.saml.old_requests import tenants_with_old_requests
from apps.saml.tasks import forget_requests
from apps.tenants.context import in_tenant
from tests.conftest import sign_in
from tests.saml.logout.conftest import arrives, events, go_to, goes_on, is_signed_in, states
from tests.saml.logout.partner import fields, form_on, logout_response, query
from tests.saml.service_provider import posted, signed

pytestmark = pytest.mark.django_db


def launch(bob, *partners):
    for partner in partners:
        posted(bob.get(f"/launch/{partner.slug}"))


def sign_out(bob):
    """To the page that shows how far it has come."""
    response = bob.post("/logout/")
    assert response.status_code == 302
    return response.url, go_to(bob, response.url)


def asked(bob, page):
    """Where the page goes on by itself: the application's address with the LogoutRequest."""
    response = go_to(bob, goes_on(page))
    assert response.status_code == 302, response.content.decode()
    return response.url


# --- refusals first


def test_without_applications_nothing_is_asked(bob, wiki_sp):
    assert bob.post("/logout/").url == "/t/acme/login/"
    assert states(bob.tenant) == {}


def test_the_session_ends_before_anybody_is_asked(bob, wiki_sp):
    key = bob.client.cookies["gatehouse_session"].value
    launch(bob, wiki_sp)
    bob.post("/logout/")
    assert not Session.objects.filter(session_key=key).exists()
    assert not is_signed_in(bob)
    assert states(bob.tenant) == {"wiki": "waiting"}


def test_an_application_without_an_address_is_named_and_not_called_signed_out(bob, intranet_sp):
    launch(bob, intranet_sp)
    _, page = sign_out(bob)
    text = page.content.decode()
    assert goes_on(page) is None
    assert "You are not signed out everywhere" in text
    assert "Intranet" in text
    assert "It has no address at which it could be asked." in text
    assert 'href="https://intranet.example/in"' in text
    assert events(bob.tenant)[-1].error_message == "Not signed out: Intranet."


def test_an_application_that_never_answers_is_named_and_not_called_signed_out(bob, wiki_sp):
    launch(bob, wiki_sp)
    run, page = sign_out(bob)
    asked(bob, page)
    login = bob.get("/login/").content.decode()
    assert run in login  # stranded at the application, the person finds back from here
    back = go_to(bob, run)
    assert goes_on(back) is None
    assert "You are not signed out everywhere" in back.content.decode()
    assert "It was asked and has not confirmed." in back.content.decode()
    assert states(bob.tenant) == {"wiki": "asked"}


@pytest.mark.parametrize(
    "statuses", [("Success", "PartialLogout"), ("Responder",), ("Requester", "UnknownPrincipal"), ()]
)
def test_an_answer_other_than_success_is_not_called_signed_out(bob, wiki_sp, sp_keys, statuses):
    launch(bob, wiki_sp)
    run, page = sign_out(bob)
    asked(bob, page)
    xml = logout_response(wiki_sp, request_id(bob.tenant), statuses=statuses)
    response = arrives(bob, wiki_sp, query(xml, sp_keys, parameter="SAMLResponse"))
    assert (response.status_code, response.url) == (303, run)
    assert states(bob.tenant) == {"wiki": "failed"}
    assert "It answered that it could not sign you out" in go_to(bob, run).content.decode()


def request_id(tenant):
    with in_tenant(tenant):
        return LogoutStep.objects.get().request_id


@pytest.fixture
def forged(wiki_sp, blog_sp, sp_keys, strangers_keys):
    """name → (query of a LogoutResponse to this request, whether the way round goes on)."""

    def table(request_id):
        good = logout_response(wiki_sp, request_id)

        def with_(**changes):
            return query(logout_response(wiki_sp, request_id, **changes), sp_keys, parameter="SAMLResponse")

        return {
            "unsigned": (query(good, parameter="SAMLResponse"), True),
            "signed by another application": (query(good, strangers_keys, parameter="SAMLResponse"), False),
            "another application's Issuer": (with_(issuer=blog_sp.entity_id), True),
            "no Issuer": (with_(issuer=""), True),
            "for another address": (with_(destination="https://evil.example/"), True),
            "for no address": (with_(destination=None), True),
            "old": (with_(made="2020-01-01T00:00:00Z"), True),
            "not yet": (with_(made="2099-01-01T00:00:00Z"), True),
            "SAML 1": (with_(version="1.1"), True),
            "a sign-in response": (with_(root="Response"), True),
            "as a request": (query(good, sp_keys), False),
            "to another request": (
                query(logout_response(wiki_sp, "_other"), sp_keys, parameter="SAMLResponse"),
                False,
            ),
            "to none": (query(logout_response(wiki_sp, ""), sp_keys, parameter="SAMLResponse"), False),
        }

    return table


FORGERIES = [
    "unsigned",
    "signed by another application",
    "another application's Issuer",
    "no Issuer",
    "for another address",
    "for no address",
    "old",
    "not yet",
    "SAML 1",
    "a sign-in response",
    "as a request",
    "to another request",
    "to none",
]


@pytest.mark.parametrize("name", FORGERIES)
def test_no_forged_answer_is_called_signed_out(bob, wiki_sp, forged, name):
    launch(bob, wiki_sp)
    run, page = sign_out(bob)
    asked(bob, page)
    message, goes_round = forged(request_id(bob.tenant))[name]
    response = arrives(bob, wiki_sp, message)
    assert response.status_code == (303 if goes_round else 400), response.content.decode()
    assert states(bob.tenant) == {"wiki": "failed" if goes_round else "asked"}
    assert "You are not signed out everywhere" in go_to(bob, run).content.decode()
    assert not any(event.success for event in events(bob.tenant))


def test_the_table_of_forgeries_is_whole(forged):
    assert list(forged("_x")) == FORGERIES


def test_an_answer_to_one_application_is_none_of_another(bob, wiki_sp, blog_sp, strangers_keys):
    launch(bob, wiki_sp)
    _, page = sign_out(bob)
    asked(bob, page)
    xml = logout_response(blog_sp, request_id(bob.tenant))
    assert arrives(bob, blog_sp, query(xml, strangers_keys, parameter="SAMLResponse")).status_code == 400
    assert states(bob.tenant) == {"wiki": "asked"}


def test_an_answer_counts_once(bob, wiki_sp, sp_keys):
    launch(bob, wiki_sp)
    _, page = sign_out(bob)
    asked(bob, page)
    message = query(logout_response(wiki_sp, request_id(bob.tenant)), sp_keys, parameter="SAMLResponse")
    assert arrives(bob, wiki_sp, message).status_code == 303
    assert arrives(bob, wiki_sp, message).status_code == 400


def test_asked_again_only_the_latest_request_counts(bob, wiki_sp, sp_keys):
    launch(bob, wiki_sp)
    run, page = sign_out(bob)
    first = asked(bob, page)
    earlier = request_id(bob.tenant)
    with in_tenant(bob.tenant):
        step = LogoutStep.objects.get()
    again = go_to(bob, f"{run}/{step.pk}").url
    assert again != first
    message = query(logout_response(wiki_sp, earlier), sp_keys, parameter="SAMLResponse")
    assert arrives(bob, wiki_sp, message).status_code == 400
    assert states(bob.tenant) == {"wiki": "asked"}
    assert arrives(bob, wiki_sp, wiki_sp.takes(again)).status_code == 303  # negative control
    assert states(bob.tenant) == {"wiki": "confirmed"}


def test_without_its_key_the_portal_says_so(bob, wiki_sp, settings):
    launch(bob, wiki_sp)
    run, page = sign_out(bob)
    settings.ENCRYPTION_KEYS = ["q" * 42 + "8="]
    assert go_to(bob, goes_on(page)).url == run
    assert "cannot open its signing key" in go_to(bob, run).content.decode()


def test_another_organisation_finds_none_of_it(bob, charlie, wiki_sp):
    launch(bob, wiki_sp)
    run, page = sign_out(bob)
    for address in (run, goes_on(page), f"{run}/answer"):
        assert charlie.client.get(address.replace("acme", "globex")).status_code == 404
    assert charlie.client.get("/t/globex/saml2/wiki/slo").status_code == 404


def test_a_sign_out_is_not_followed_for_ever(bob, wiki_sp):
    launch(bob, wiki_sp)
    run, page = sign_out(bob)
    with in_tenant(bob.tenant):
        LogoutRun.objects.update(created_at=timezone.now() - RUN_LIFETIME)
    assert goes_on(go_to(bob, run)) is None
    assert go_to(bob, goes_on(page)).url == run
    assert states(bob.tenant) == {"wiki": "waiting"}
    with in_tenant(bob.tenant):
        LogoutRun.objects.update(created_at=timezone.now() - MEMORY)
        SsoSession.objects.update(ends_at=timezone.now() - MEMORY)
        begin(None, "")
        assert (LogoutRun.objects.count(), SsoSession.objects.count()) == (0, 0)


def test_where_nobody_signs_out_the_beat_forgets(bob, wiki_sp, monkeypatch):
    launch(bob, wiki_sp)
    sign_out(bob)
    tenant_id = str(bob.tenant.pk)
    forget_requests(tenant_id)
    with in_tenant(bob.tenant):
        assert (LogoutRun.objects.count(), SsoSession.objects.count()) == (1, 1)
        PendingSignIn.objects.all().delete()
        assert tenants_with_old_requests() == []
        SsoSession.objects.update(ends_at=timezone.now() - MEMORY)
    assert tenants_with_old_requests() == [tenant_id]
    with in_tenant(bob.tenant):
        LogoutRun.objects.update(created_at=timezone.now() - MEMORY)
        old = SsoSession.objects.get()
        for number in range(3):
            old.pk, old.session_handle, old._state.adding = uuid.uuid4(), f"other {number}", True
            old.save()
        monkeypatch.setattr("apps.saml.logout.forgetting.FORGOTTEN_AT_ONCE", 2)
    forget_requests(tenant_id)
    assert tenants_with_old_requests() == []
    with in_tenant(bob.tenant):
        assert (LogoutRun.objects.count(), SsoSession.objects.count()) == (0, 0)


def test_a_person_sees_what_was_not_signed_out(bob, intranet_sp):
    launch(bob, intranet_sp)
    sign_out(bob)
    sign_in(bob)
    page = bob.get("/me/activity").content.decode()
    assert "Single logout" in page
    assert "Not signed out" in page


# --- what works


def test_every_application_is_asked_and_confirms(bob, wiki_sp, blog_sp):
    launch(bob, wiki_sp, blog_sp)
    run, page = sign_out(bob)
    for partner in (blog_sp, wiki_sp):  # by name: neither has answered before
        url = asked(bob, page)
        response = arrives(bob, partner, partner.takes(url))
        assert (response.status_code, response.url) == (303, run)
        page = go_to(bob, run)
    text = page.content.decode()
    assert goes_on(page) is None
    assert "You are signed out" in text
    assert "not signed out" not in text.lower()
    assert run not in bob.get("/login/").content.decode()
    assert states(bob.tenant) == {"wiki": "confirmed", "blog": "confirmed"}
    blog, wiki, everywhere = events(bob.tenant)
    assert [(event.application_name, event.success) for event in (blog, wiki)] == [
        ("Blog", True),
        ("Wiki", True),
    ]
    assert everywhere.details["applications"] == {"Blog": "confirmed", "Wiki": "confirmed"}
    assert {event.actor_name for event in (blog, wiki, everywhere)} == {"bob"}


def test_who_answered_before_is_asked_first(bob, wiki_sp, blog_sp, intranet_sp):
    launch(bob, wiki_sp)
    _, page = sign_out(bob)
    arrives(bob, wiki_sp, wiki_sp.takes(asked(bob, page)))
    sign_in(bob)
    launch(bob, blog_sp, intranet_sp, wiki_sp)
    _, page = sign_out(bob)
    assert asked(bob, page).startswith(wiki_sp.slo)
    with in_tenant(bob.tenant):
        run = LogoutRun.objects.order_by("created_at").last()
        assert [step.session.application.slug for step in run.steps.all()] == ["wiki", "blog", "intranet"]


def test_by_post_both_ways(bob, wiki_sp, sp_keys, system):
    with in_tenant(bob.tenant):
        update_sso(sso_of(wiki_sp.application), actor=system, slo_binding="post")
    launch(bob, wiki_sp)
    run, page = sign_out(bob)
    response = go_to(bob, goes_on(page))
    address, form = form_on(response)
    assert address == wiki_sp.slo
    assert "form-action https:;" in response.headers["Content-Security-Policy"]
    auth = wiki_sp.auth(
        wantMessagesSigned=False
    )  # it looks for a Redirect's signature only; the XML's is verified below
    request = auth.logout_request_class(auth.get_settings(), form["SAMLRequest"])
    received = {"https": "on", "http_host": "wiki.example", "script_name": "/slo"}
    assert request.is_valid(received, raise_exceptions=True)
    assert OneLogin_Saml2_Utils.validate_sign(
        request.get_xml(), cert=wiki_sp.certificate, xpath="/*/ds:Signature"
    )
    answer = signed(logout_response(wiki_sp, request.id), sp_keys)
    stranger = Client()  # from another site: no Lax cookie
    response = stranger.post("/t/acme/saml2/wiki/slo", fields(answer, parameter="SAMLResponse"))
    assert (response.status_code, response.url) == (303, run)
    assert states(bob.tenant) == {"wiki": "confirmed"}


def test_the_request_says_what_the_assertion_said(bob, wiki_sp):
    made = posted(bob.get("/launch/wiki"))
    read = python3_saml_of(wiki_sp, made.xml)
    _, page = sign_out(bob)
    auth = wiki_sp.auth(asked(bob, page).partition("?")[2])
    encoded = auth._request_data["get_data"]["SAMLRequest"]
    xml = OneLogin_Saml2_Utils.decode_base64_and_inflate(encoded)
    request = auth.logout_request_class
    assert request.get_nameid(xml) == read.get_nameid()
    assert request.get_session_indexes(xml) == [read.get_session_index()]


def python3_saml_of(partner, xml):

    return OneLogin_Saml2_Response(partner.auth().get_settings(), base64.b64encode(xml).decode())


def test_a_fleeting_name_is_the_one_of_the_latest_sign_in(bob, wiki_sp, system):
    with in_tenant(bob.tenant):
        update_sso(sso_of(wiki_sp.application), actor=system, name_id_format="transient")
    launch(bob, wiki_sp)
    latest = python3_saml_of(wiki_sp, posted(bob.get("/launch/wiki")).xml)
    with in_tenant(bob.tenant):
        session = SsoSession.objects.get()
    assert (session.name_id, session.session_index) == (latest.get_nameid(), latest.get_session_index())


def test_applications_cannot_compare_session_indexes(bob, wiki_sp, blog_sp):
    launch(bob, wiki_sp, blog_sp)
    with in_tenant(bob.tenant):
        assert len(set(SsoSession.objects.values_list("session_index", flat=True))) == 2


def test_a_promoted_certificate_signs_the_request(bob, wiki_sp, system):
    launch(bob, wiki_sp)
    _, page = sign_out(bob)
    with in_tenant(bob.tenant):
        promote_certificate(add_certificate(wiki_sp.application, actor=system), actor=system)
        wiki_sp.certificate = certificates_of(wiki_sp.application)[0].certificate
        assert KeyPair.objects.count() == 2
    wiki_sp.takes(asked(bob, page))


def test_our_metadata_names_the_address(wiki_sp):
    root = etree.fromstring(Client().get("/t/acme/saml2/wiki/metadata").content)
    services = root.findall(".//{urn:oasis:names:tc:SAML:2.0:metadata}SingleLogoutService")
    assert [one.get("Location") for one in services] == [wiki_sp.idp_slo] * 2
    assert [one.get("Binding").rpartition("-")[2] for one in services] == ["Redirect", "POST"]


def test_an_address_with_a_query_of_its_own_keeps_it(bob, wiki_sp, system):
    with in_tenant(bob.tenant):
        update_sso(sso_of(wiki_sp.application), actor=system, slo_url="https://wiki.example/slo?tenant=7")
    launch(bob, wiki_sp)
    _, page = sign_out(bob)
    assert asked(bob, page).startswith("https://wiki.example/slo?tenant=7&SAMLRequest=")
