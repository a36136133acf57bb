"""Who gets no sign-in reads why, and can go back to the application, which learns that there is none and nothing else."""

import re

import pytest
from django.test import Client

from apps.directory.actions import add_member
from apps.events.models import Event
from apps.lib.xml import parse, verify
from apps.saml.actions.key_pairs import certificates_of
from apps.saml.actions.settings import sso_of, update_sso
from apps.tenants.context import in_tenant
from tests.conftest import Person, sign_in
from tests.saml.conftest import ACS
from tests.saml.service_provider import authn_request, posted, python3_saml, redirect

pytestmark = pytest.mark.django_db


def asked(who, **request):
    query = redirect(authn_request(request_id="_asked", **request), relay_state="/deep?x=1")
    return who.client.get("/t/acme/saml2/wiki", QUERY_STRING=query)


def back(page):
    """The address of the button "Back to Wiki"."""
    found = re.search(r'<form method="post" action="([^"]*/refusal)">', page.content.decode())
    return found and found[1]


def test_the_page_says_what_why_and_what_would_help(bob, wiki, alice):
    page = asked(bob)
    text = page.content.decode()
    assert page.status_code == 403
    for words in ("not signed in to Wiki", "None of your groups", "Engineering", "Back to Wiki", "Try again"):
        assert words in text
    reference = re.search(r"<code>(\w+)</code>", text)[1]
    assert "sso_auth" not in text
    found = alice.get(f"/console/events/?q={reference}").content.decode()
    assert "None of your groups" in found
    nothing = alice.get("/console/events/?q=00000000").content.decode()
    assert "None of your groups" not in nothing  # negative control


def test_nobody_to_be_asked_is_named(bob, wiki, alice):
    """A stolen account would learn whom to go for next."""
    assert "alice" not in asked(bob).content.decode().lower()


def test_the_way_back_is_a_signed_denial_without_a_reason(bob, wiki):
    made = posted(bob.client.post(back(asked(bob))))
    with in_tenant(bob.tenant):
        verify(parse(made.xml, max_bytes=65536), [certificates_of(wiki)[0].certificate])
        events = [event.details["refusal"] for event in Event.objects.filter(type="sso_auth")]
    codes = [code.rpartition(":")[2] for code in made.root.xpath("//@Value")]
    assert codes == ["Responder", "RequestDenied"]
    assert (made.action, made.relay_state, made.root.get("InResponseTo")) == (ACS, "/deep?x=1", "_asked")
    told = re.sub(
        r"(SignatureValue|X509Certificate|DigestValue)>[^<]*", "", made.xml.decode()
    )  # random letters
    assert not [word for word in ("bob", "Assertion", "group", "Engineering") if word in told]
    assert events == ["request_denied", "not_assigned"]


def test_the_way_back_is_gone_once(bob, wiki):
    address = back(asked(bob))
    assert bob.client.post(address).status_code == 200
    again = bob.client.post(address)
    assert again.status_code == 400
    assert "SAMLResponse" not in again.content.decode()
    assert bob.client.get(address.removesuffix("/refusal")).status_code == 400


def test_given_the_group_meanwhile_trying_again_works(bob, wiki, system):
    waiting = back(asked(bob)).removesuffix("/refusal")
    assert bob.client.get(waiting).status_code == 403
    with in_tenant(bob.tenant):
        add_member(wiki.groups.get(), bob.user, actor=system)
        certificate = certificates_of(wiki)[0].certificate
    python3_saml(posted(bob.client.get(waiting)).xml, certificate, request_id="_asked")


def test_the_way_back_is_a_form_of_ours(bob, wiki):
    strict = Client(enforce_csrf_checks=True)
    sign_in(Person(bob.user, bob.tenant, strict))
    page = strict.get("/t/acme/saml2/wiki", QUERY_STRING=redirect(authn_request()))
    assert strict.post(back(page)).status_code == 403
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]*)"', page.content.decode())[1]
    assert strict.post(back(page), {"csrfmiddlewaretoken": token}).status_code == 200
    assert strict.get(back(page)).status_code == 405


def test_without_a_request_there_is_no_way_back(bob, wiki):
    page = bob.get("/launch/wiki")
    assert page.status_code == 403
    assert back(page) is None


def test_no_way_leads_to_an_address_that_was_taken_away(bob, wiki, system):
    address = back(asked(bob))
    with in_tenant(bob.tenant):
        update_sso(sso_of(wiki), actor=system, acs_urls=["https://sp.example/new"])
    page = bob.client.post(address)
    assert page.status_code == 403
    assert "SAMLResponse" not in page.content.decode()


def test_a_passive_request_is_told_at_once_and_shows_no_page(bob, wiki):
    made = posted(asked(bob, more='IsPassive="true"'))
    assert [code.rpartition(":")[2] for code in made.root.xpath("//@Value")] == ["Responder", "RequestDenied"]
    with in_tenant(bob.tenant):
        assert Event.objects.filter(type="sso_auth").get().details["refusal"] == "not_assigned"
