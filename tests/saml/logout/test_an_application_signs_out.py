"""SP-initiated: a signed LogoutRequest for the session of this very browser ends it, goes round the others, and is answered."""

import base64
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone
from lxml import etree
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from apps.directory.actions import add_member, deactivate_user
from apps.saml.actions.settings import sso_of, update_sso
from apps.saml.authn_request import TOLERANCE
from apps.saml.models import LogoutRun, SsoSession
from apps.tenants.context import in_tenant
from tests.conftest import person
from tests.saml.logout.conftest import arrives, events, go_to, goes_on, is_signed_in, states
from tests.saml.logout.partner import fields, form_on, logout_request, query
from tests.saml.service_provider import NS, instant, posted, signed

pytestmark = pytest.mark.django_db

NAME = "bob@acme.example"
RELAY_STATES = ["/after?a=1&b=ü", '"><script>alert(1)</script>', "x" * 1024]


@pytest.fixture
def at_wiki(bob, wiki_sp):
    """Bob, signed in to the wiki from here."""
    posted(bob.get("/launch/wiki"))
    return bob


def index_of(tenant, slug="wiki"):
    with in_tenant(tenant):
        return SsoSession.objects.get(application__slug=slug).session_index


def follow(who, response):
    """From the SLO address over our own pages to the first address of an application."""
    while response.status_code in {302, 303} and response.url.startswith("/"):
        response = go_to(who, response.url)
        if response.status_code == 200 and goes_on(response):
            response = go_to(who, goes_on(response))
    return response


def answered(partner, url, request_id):
    return partner.is_told(url, request_id)


def nobody_was_signed_out(who):
    assert is_signed_in(who)
    with in_tenant(who.tenant):
        assert not SsoSession.objects.exclude(ended_at=None).exists()
    assert events(who.tenant, "user_logout") == []


# --- refusals first


def table(wiki_sp, blog_sp, sp_keys, strangers_keys, index):
    def request(**changes):
        return logout_request(wiki_sp, NAME, session_index=index, **changes)

    good = request()
    return {
        "unsigned": query(good),
        "signed by another application": query(good, strangers_keys),
        "signed with SHA-1": query(good, sp_keys, algorithm="http://www.w3.org/2000/09/xmldsig#rsa-sha1"),
        "another application's Issuer": query(request(issuer=blog_sp.entity_id), sp_keys),
        "no Issuer": query(request(issuer=""), sp_keys),
        "for another application's address": query(request(destination=blog_sp.idp_slo), sp_keys),
        "for no address": query(request(destination=None), sp_keys),
        "old": query(request(made="2020-01-01T00:00:00Z"), sp_keys),
        "not yet": query(request(made="2099-01-01T00:00:00Z"), sp_keys),
        "made at no time": query(request(made="yesterday"), sp_keys),
        "no longer valid": query(request(more=f'NotOnOrAfter="{instant(-1)}"'), sp_keys),
        "valid until nobody knows when": query(request(more='NotOnOrAfter="soon"'), sp_keys),
        "SAML 1": query(request(version="1.1"), sp_keys),
        "no ID": query(request(request_id=" "), sp_keys),
        "a sign-in request": query(request(root="AuthnRequest"), sp_keys),
        "as a response": query(good, sp_keys, parameter="SAMLResponse"),
        "nobody named": query(request(subject=""), sp_keys),
        "two named": query(
            request(subject="<saml:NameID>a</saml:NameID><saml:NameID>b</saml:NameID>"), sp_keys
        ),
        "an encrypted name": query(request(subject="<saml:EncryptedID/>"), sp_keys),
        "a name with a child": query(request(subject="<saml:NameID>a<b/></saml:NameID>"), sp_keys),
        "a name with a comment": query(
            request(subject=f"<saml:NameID>{NAME}<!---->.evil.example</saml:NameID>"), sp_keys
        ),
        "an empty session": query(request(inside="<samlp:SessionIndex/>"), sp_keys),
        "a hundred sessions": query(
            request(inside="<samlp:SessionIndex>x</samlp:SessionIndex>" * 100), sp_keys
        ),
        "a DOCTYPE": query(f"<!DOCTYPE x>{good}", sp_keys),
        "two messages": query(good, sp_keys) + "&SAMLResponse=x",
        "an escaped name": query(good, sp_keys) + "&%53AMLRequest=x",
        "no message": "",
        "not base64": "SAMLRequest=%%%",
        "too large": "SAMLRequest=" + "A" * 20_000,
    }


NAMES = [
    "unsigned", "signed by another application", "signed with SHA-1", "another application's Issuer", "no Issuer",
    "for another application's address", "for no address", "old", "not yet", "made at no time", "no longer valid",
    "valid until nobody knows when", "SAML 1", "no ID", "a sign-in request", "as a response", "nobody named", "two named",
    "an encrypted name", "a name with a child", "a name with a comment", "an empty session", "a hundred sessions", "a DOCTYPE",
    "two messages", "an escaped name", "no message", "not base64", "too large",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_forged_request_signs_nobody_out(at_wiki, wiki_sp, blog_sp, sp_keys, strangers_keys, name):
    message = table(wiki_sp, blog_sp, sp_keys, strangers_keys, index_of(at_wiki.tenant))[name]
    response = arrives(at_wiki, wiki_sp, message)
    page = unescape(response.content.decode())
    assert response.status_code == 400
    assert "Location" not in response
    nobody_was_signed_out(at_wiki)
    event = events(at_wiki.tenant)[-1]
    assert (event.success, event.reference in page, event.error_message in page) == (False, True, True)
    with in_tenant(at_wiki.tenant):
        assert not LogoutRun.objects.exists()


def test_the_table_is_whole(wiki_sp, blog_sp, sp_keys, strangers_keys):
    assert list(table(wiki_sp, blog_sp, sp_keys, strangers_keys, "_x")) == NAMES


def test_a_posted_forgery_signs_nobody_out_either(at_wiki, wiki_sp, strangers_keys):
    good = logout_request(wiki_sp, NAME)
    for forged in (fields(good), fields(signed(good, strangers_keys)), {}, {"SAMLRequest": ["x", "y"]}):
        response = at_wiki.post("/saml2/wiki/slo", forged)
        assert response.status_code == 400
    nobody_was_signed_out(at_wiki)


def test_without_a_certificate_no_request_is_believed(at_wiki, wiki_sp, sp_keys, system):
    with in_tenant(at_wiki.tenant):
        update_sso(sso_of(wiki_sp.application), actor=system, sp_certificates=[])
    response = arrives(at_wiki, wiki_sp, query(logout_request(wiki_sp, NAME), sp_keys))
    assert response.status_code == 400
    assert "Import its metadata" in response.content.decode()
    nobody_was_signed_out(at_wiki)


WRAPPINGS = ["beside its signature", "inside its signature", "in Extensions", "same ID"]


@pytest.mark.parametrize("place", WRAPPINGS)
def test_a_wrapped_request_signs_nobody_out(at_wiki, wiki_sp, sp_keys, place):
    """Genuinely signed for somebody else, wrapped in a forgery that means Bob."""
    original = etree.fromstring(signed(logout_request(wiki_sp, "mia@acme.example"), sp_keys))
    forged = etree.fromstring(logout_request(wiki_sp, NAME, request_id="_forged"))
    signature = original.find(f"{{{NS['ds']}}}Signature")
    if place == "in Extensions":
        etree.SubElement(forged, f"{{{NS['samlp']}}}Extensions").append(original)
    else:
        forged.insert(1, signature)
        holder = signature if place == "inside its signature" else forged
        if place == "same ID":
            forged.set("ID", original.get("ID"))
        (etree.SubElement(signature, f"{{{NS['ds']}}}Object") if holder is signature else forged).append(
            original
        )
    response = at_wiki.post("/saml2/wiki/slo", fields(etree.tostring(forged)))
    assert response.status_code == 400
    nobody_was_signed_out(at_wiki)


def test_a_changed_request_signs_nobody_out(at_wiki, wiki_sp, sp_keys):
    genuine = signed(logout_request(wiki_sp, "mia@acme.example"), sp_keys)
    response = at_wiki.post("/saml2/wiki/slo", fields(genuine.replace(b"mia@acme", b"bob@acme")))
    assert response.status_code == 400
    nobody_was_signed_out(at_wiki)


def test_a_request_counts_once(at_wiki, wiki_sp, sp_keys):
    message = query(logout_request(wiki_sp, "mia@acme.example"), sp_keys)
    assert arrives(at_wiki, wiki_sp, message).status_code == 303
    response = arrives(at_wiki, wiki_sp, message)
    assert response.status_code == 400
    assert "used before" in response.content.decode()


def test_a_request_does_not_wait_for_ever(at_wiki, wiki_sp, sp_keys):
    waiting = arrives(at_wiki, wiki_sp, query(logout_request(wiki_sp, NAME), sp_keys)).url
    with in_tenant(at_wiki.tenant):
        LogoutRun.objects.update(created_at=timezone.now() - TOLERANCE)
    assert go_to(at_wiki, waiting).status_code == 400
    nobody_was_signed_out(at_wiki)


# --- whose session: the request alone ends none


@pytest.fixture
def mia(at_wiki, wiki_sp, system):
    """At the wiki as well, in another browser."""
    mia = person(at_wiki.tenant, "mia")
    with in_tenant(at_wiki.tenant):
        add_member(wiki_sp.application.groups.get(), mia.user, actor=system)
    posted(mia.get("/launch/wiki"))
    return mia


def unknown(partner, who, message):
    """The application is told, signed, that the principal is unknown."""
    response = follow(who, arrives(who, partner, message))
    assert response.url.startswith(partner.slo)
    auth = partner.auth(response.url.partition("?")[2])
    auth.process_slo(keep_local_session=True)
    assert auth.get_errors() == ["logout_not_success"]
    xml = etree.fromstring(auth.get_last_response_xml().encode())
    codes = xml.xpath("//samlp:StatusCode/@Value", namespaces=NS)
    return [code.rpartition(":")[2] for code in codes] == ["Requester", "UnknownPrincipal"]


def test_a_request_about_mia_in_bobs_browser_signs_neither_out(at_wiki, mia, wiki_sp, sp_keys):
    """Mia's own signed request, with which she lures Bob: his browser delivers it."""
    with in_tenant(mia.tenant):
        index = SsoSession.objects.get(user=mia.user).session_index
    request = logout_request(wiki_sp, "mia@acme.example", session_index=index)
    assert unknown(wiki_sp, at_wiki, query(request, sp_keys))
    assert is_signed_in(at_wiki)
    assert is_signed_in(mia)
    assert events(at_wiki.tenant)[-1].error_message.endswith("Nobody was signed out.")


def test_a_session_of_the_same_person_elsewhere_is_not_this_one(at_wiki, wiki_sp, sp_keys):
    request = logout_request(wiki_sp, NAME, session_index="_of-another-browser")
    assert unknown(wiki_sp, at_wiki, query(request, sp_keys))
    nobody_was_signed_out(at_wiki)


def test_without_a_session_here_nobody_is_signed_out(at_wiki, wiki_sp, sp_keys):
    stranger = type(at_wiki)(at_wiki.user, at_wiki.tenant, Client())
    request = logout_request(wiki_sp, NAME, session_index=index_of(at_wiki.tenant))
    assert unknown(wiki_sp, stranger, query(request, sp_keys))
    nobody_was_signed_out(at_wiki)


def test_an_application_that_this_session_never_opened_ends_nothing(bob, wiki_sp, blog_sp, strangers_keys):
    posted(bob.get("/launch/wiki"))
    assert unknown(blog_sp, bob, query(logout_request(blog_sp, NAME), strangers_keys))
    nobody_was_signed_out(bob)


def test_where_the_session_is_over_already_that_is_the_answer(at_wiki, wiki_sp, sp_keys):
    index = index_of(at_wiki.tenant)
    at_wiki.post("/logout/")
    message = query(logout_request(wiki_sp, NAME, session_index=index, request_id="_asked"), sp_keys)
    response = follow(at_wiki, arrives(at_wiki, wiki_sp, message))
    assert answered(wiki_sp, response.url, "_asked") == []


def test_without_an_address_for_the_answer_the_page_says_so(at_wiki, wiki_sp, sp_keys, system):
    with in_tenant(at_wiki.tenant):
        update_sso(sso_of(wiki_sp.application), actor=system, slo_url="")
    response = arrives(at_wiki, wiki_sp, query(logout_request(wiki_sp, NAME), sp_keys))
    run = go_to(at_wiki, response.url).url
    page = go_to(at_wiki, run)
    assert goes_on(page) is None
    assert not is_signed_in(at_wiki)
    assert "You are signed out" in page.content.decode()
    assert go_to(at_wiki, f"{run}/answer").status_code == 400


# --- what works


@pytest.mark.parametrize("relay_state", [None, *RELAY_STATES])
def test_python3_saml_signs_out(at_wiki, wiki_sp, relay_state):
    auth = wiki_sp.auth()
    url = auth.logout(relay_state or "", NAME, index_of(at_wiki.tenant))
    response = follow(at_wiki, arrives(at_wiki, wiki_sp, url.partition("?")[2]))
    assert not is_signed_in(at_wiki)
    assert answered(wiki_sp, response.url, auth.get_last_request_id()) == []
    back = wiki_sp.auth(response.url.partition("?")[2])._request_data["get_data"]
    assert back.get("RelayState") == relay_state
    logout = events(at_wiki.tenant, "user_logout")[0]
    assert (logout.actor_name, logout.application_name) == ("bob", "Wiki")


def test_without_a_session_index_the_browsers_session_is_meant(at_wiki, wiki_sp, sp_keys):
    message = query(logout_request(wiki_sp, NAME, request_id="_asked"), sp_keys)
    response = follow(at_wiki, arrives(at_wiki, wiki_sp, message))
    assert answered(wiki_sp, response.url, "_asked") == []
    assert not is_signed_in(at_wiki)


def test_by_post_from_another_site_the_cookie_comes_along_later(at_wiki, wiki_sp, sp_keys, system):
    with in_tenant(at_wiki.tenant):
        update_sso(
            sso_of(wiki_sp.application),
            actor=system,
            slo_binding="post",
            slo_response_url="https://wiki.example/answers",
        )
    message = fields(signed(logout_request(wiki_sp, NAME, request_id="_asked"), sp_keys), relay_state="/x ü")
    response = Client().post("/t/acme/saml2/wiki/slo", message)  # no Lax cookie
    assert response.status_code == 303
    assert is_signed_in(at_wiki)
    address, form = form_on(follow(at_wiki, response))
    assert (address, form["RelayState"]) == ("https://wiki.example/answers", "/x ü")
    xml = base64.b64decode(form["SAMLResponse"])
    assert OneLogin_Saml2_Utils.validate_sign(xml, cert=wiki_sp.certificate, xpath="/*/ds:Signature")
    assert etree.fromstring(xml).get("InResponseTo") == "_asked"
    assert not is_signed_in(at_wiki)


def test_the_other_applications_are_asked_first(at_wiki, wiki_sp, blog_sp, sp_keys):
    posted(at_wiki.get("/launch/blog"))
    message = query(logout_request(wiki_sp, NAME, request_id="_asked"), sp_keys)
    response = follow(at_wiki, arrives(at_wiki, wiki_sp, message))
    assert not is_signed_in(at_wiki)
    assert states(at_wiki.tenant) == {"blog": "asked"}
    response = follow(at_wiki, arrives(at_wiki, blog_sp, blog_sp.takes(response.url)))
    assert answered(wiki_sp, response.url, "_asked") == []
    assert statuses(wiki_sp, response.url) == ["Success"]


def statuses(partner, url):
    auth = partner.auth(url.partition("?")[2])
    auth.process_slo(keep_local_session=True)
    xml = etree.fromstring(auth.get_last_response_xml().encode())
    return [code.rpartition(":")[2] for code in xml.xpath("//samlp:StatusCode/@Value", namespaces=NS)]


def test_an_application_that_cannot_be_signed_out_is_named_and_reported(
    at_wiki, wiki_sp, intranet_sp, sp_keys
):
    posted(at_wiki.get("/launch/intranet"))
    message = query(logout_request(wiki_sp, NAME, request_id="_asked"), sp_keys)
    page = follow(at_wiki, arrives(at_wiki, wiki_sp, message))
    text = page.content.decode()
    assert goes_on(page) is None  # a person reads it first
    assert "You are not signed out everywhere" in text
    assert "Intranet" in text
    assert "Back to Wiki" in text
    with in_tenant(at_wiki.tenant):
        run = LogoutRun.objects.get()
    response = go_to(at_wiki, f"/t/acme/saml2/logout/{run.pk}/answer")
    assert statuses(wiki_sp, response.url) == ["Success", "PartialLogout"]


def test_nobody_is_answered_before_everybody_was_asked(at_wiki, wiki_sp, blog_sp, sp_keys):
    posted(at_wiki.get("/launch/blog"))
    waiting = arrives(at_wiki, wiki_sp, query(logout_request(wiki_sp, NAME), sp_keys)).url
    run = go_to(at_wiki, waiting).url
    assert go_to(at_wiki, f"{run}/answer").url == run
    assert go_to(at_wiki, waiting).url == run  # reloaded: the same way round


def test_a_person_who_may_no_longer_sign_in_is_signed_out_all_the_same(at_wiki, wiki_sp, sp_keys, system):
    with in_tenant(at_wiki.tenant):
        deactivate_user(at_wiki.user, actor=system)
    message = query(logout_request(wiki_sp, NAME, request_id="_asked"), sp_keys)
    response = follow(at_wiki, arrives(at_wiki, wiki_sp, message))
    assert answered(wiki_sp, response.url, "_asked") == []
