"""Single logout with the portal itself as the identity provider: each side reads only what the other one signed."""

import re
from html import unescape
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from apps.applications.actions import add_application, assign_group
from apps.directory.actions import add_group, add_member
from apps.lib.crypto import new_key_pair
from apps.saml.actions.metadata import import_metadata
from apps.sandbox import actions, signing_out
from apps.sandbox.errors import AssertionRefused
from apps.sandbox.saml import logout
from apps.tenants.context import in_tenant

SLUGS = ("blog", "wiki")


@pytest.fixture
def connected(bob, tenant, system):
    """Two applications, each at a service provider of the sandbox that has its metadata and gave its own."""
    with in_tenant(tenant):
        group = add_group(actor=system, name="Engineering")
        add_member(group, bob.user, actor=system)
    for slug in SLUGS:
        with in_tenant(tenant):
            application = add_application(actor=system, connector="custom_saml", display_label=slug.title())
            assign_group(application, group, actor=system)
            there = actions.add_service_provider(slug=slug, label=slug.title())
        own = Client().get(f"/t/acme/sandbox/sp/{slug}/metadata").content
        theirs = Client().get(f"/t/acme/saml2/{slug}/metadata").content.decode()
        with in_tenant(tenant):
            import_metadata(application, own, actor=system)
            actions.set_idp_metadata(there, xml=theirs)
    return bob


def provider(who, slug):
    with in_tenant(who.tenant):
        return actions.add_service_provider(slug=slug, label="")


def launch(who, slug):
    page = who.get(f"/launch/{slug}").content.decode()
    value = re.search(r'name="SAMLResponse" value="([^"]+)"', page)[1]
    assert who.post(f"/sandbox/sp/{slug}/acs", {"SAMLResponse": unescape(value)}).status_code == 302


def signed_in(who, slug):
    with in_tenant(who.tenant):
        return provider(who, slug).sign_ins.filter(signed_out_at=None).exists()


def follow(who, response):
    """Redirects and pages that go on by themselves, until something stays."""
    for _ in range(20):
        if response.status_code in {302, 303}:
            address = urlsplit(response.url)
        elif "Refresh" in response.headers:
            address = urlsplit(response.headers["Refresh"].partition("url=")[2])
        else:
            return response
        response = who.client.get(address.path, QUERY_STRING=address.query)
    raise AssertionError("It goes round for ever.")


def test_the_portal_signs_out_of_both(connected):
    for slug in SLUGS:
        launch(connected, slug)
    page = follow(connected, connected.post("/logout/")).content.decode()
    assert "You are signed out" in page
    assert "every application that you had opened confirmed" in page
    assert not any(signed_in(connected, slug) for slug in SLUGS)


def test_one_signs_out_of_the_portal_and_the_other(connected):
    for slug in SLUGS:
        launch(connected, slug)
    page = follow(
        connected, connected.post("/sandbox/sp/wiki/logout", {"everywhere": "yes"})
    ).content.decode()
    assert "Signed out everywhere" in page
    assert connected.get("/me/").status_code == 302
    assert not any(signed_in(connected, slug) for slug in SLUGS)


def test_without_everywhere_only_the_sandbox_is_left(connected):
    for slug in SLUGS:
        launch(connected, slug)
    connected.post("/sandbox/sp/wiki/logout")
    assert [signed_in(connected, slug) for slug in SLUGS] == [True, False]
    assert connected.get("/me/").status_code == 200


def test_one_that_does_not_answer_is_named_by_the_portal_and_reported_to_the_other(connected):
    connected.post("/sandbox/sp/blog/logout-answers", {"ignore": "yes"})
    for slug in SLUGS:
        launch(connected, slug)
    stranded = follow(connected, connected.post("/sandbox/sp/wiki/logout", {"everywhere": "yes"}))
    assert "Nothing happens here" in stranded.content.decode()
    assert signed_in(connected, "blog")
    run = re.search(r'href="(/t/acme/saml2/logout/[^"]+)"', connected.get("/login/").content.decode())[1]
    page = follow(connected, connected.client.get(run)).content.decode()
    assert "Blog" in page
    assert "It was asked and has not confirmed." in page
    told = follow(connected, connected.client.get(f"{run}/answer")).content.decode()
    assert "Signed out here, not everywhere" in told


def test_it_can_be_told_to_answer_again(connected):
    for fields, ignores in (({"ignore": "yes"}, True), ({}, False)):
        connected.post("/sandbox/sp/blog/logout-answers", fields)
        assert provider(connected, "blog").ignores_logout is ignores


def test_keys_are_made_once(connected):
    first = provider(connected, "wiki")
    with in_tenant(connected.tenant):
        assert signing_out.with_keys(first).certificate == provider(connected, "wiki").certificate


# --- what the service provider refuses


@pytest.fixture(scope="module")
def pair():
    return new_key_pair("idp", 30)


URL, IDP = "https://sp.example/slo", "https://idp.example/"


def message(pair, *, url=URL, issuer=IDP, moment=None):
    sender = logout.Sender(issuer, pair.private_key, url)
    return sender.request("mia", "", "_s", moment or timezone.now())[0].partition("?")[2]


def read(pair, query, **changes):
    given = {"slo_url": URL, "issuer": IDP, "certificates": [pair.certificate], "now": timezone.now()}
    return logout.read(query, **given | changes)


def test_a_signed_request_is_read(pair):
    found = read(pair, message(pair))
    assert (found.kind, found.name_id, found.session_index) == ("SAMLRequest", "mia", "_s")


@pytest.mark.parametrize(
    ("change", "check"),
    [
        (lambda query: "", "message"),
        (lambda query: query + "&SAMLResponse=x", "message"),
        (lambda query: query.partition("&SigAlg")[0], "signature"),
        (lambda query: query.replace("rsa-sha256", "rsa-sha512"), "signature"),
        (lambda query: query.replace("&SigAlg", "&RelayState=x&SigAlg"), "signature"),
        (lambda query: query.replace("SAMLRequest=", "SAMLResponse="), "signature"),
        (lambda query: query.rpartition("=")[0] + "=%25", "encoding"),
    ],
)
def test_what_is_not_signed_is_refused(pair, change, check):
    with pytest.raises(AssertionRefused) as refused:
        read(pair, change(message(pair)))
    assert refused.value.check == check


def test_a_strangers_or_anothers_message_is_refused(pair):
    cases = {
        "signature": ({}, {"certificates": [new_key_pair("x", 30).certificate]}),
        "issuer": ({"issuer": "https://other.example/"}, {}),
        "destination": ({"url": "https://other.example/slo"}, {}),
        "time": ({}, {"now": timezone.now() + logout.FRESH * 2}),
    }
    for check, (sent, expected) in cases.items():
        with pytest.raises(AssertionRefused) as refused:
            read(pair, message(pair, **sent), **expected)
        assert refused.value.check == check


def test_the_page_of_a_refused_message_speaks_of_logout(connected):
    page = Client().get("/t/acme/sandbox/sp/wiki/slo?SAMLRequest=x").content.decode()
    assert "does not accept this logout message" in page
    page = Client().post("/t/acme/sandbox/sp/wiki/acs", {"SAMLResponse": "x"}).content.decode()
    assert "does not accept this sign-in" in page


def test_an_answer_counts_once(connected):
    launch(connected, "wiki")
    with in_tenant(connected.tenant):
        there = provider(connected, "wiki")
        signing_out.sign_out_everywhere(there.sign_ins.get())
        asked = there.sign_ins.get().logout_request_id
        answer = SimpleNamespace(in_response_to=asked, statuses=(f"{logout.STATUS}Success",))
        assert signing_out.take_answer(there, answer)
        for late in (asked, "", "_other"):
            with pytest.raises(AssertionRefused):
                signing_out.take_answer(there, SimpleNamespace(in_response_to=late, statuses=()))
