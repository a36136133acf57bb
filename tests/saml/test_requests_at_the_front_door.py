"""What an application may send us. Every refusal is a page with a sentence and a line of the log; each group ends with what passes."""

import base64
import datetime as dt
import resource
import time
from urllib.parse import quote

import pytest

from apps.events.models import Event
from apps.saml.actions.settings import sso_of, update_sso
from apps.saml.authn_request import TOLERANCE
from apps.saml.models import PendingSignIn
from apps.saml.old_requests import PENDING_LIFETIME
from apps.tenants.context import in_tenant
from tests.saml.conftest import ACS, SP
from tests.saml.service_provider import (
    NS,
    SSO,
    authn_request,
    deflated,
    followed,
    form,
    instant,
    posted,
    redirect,
)

pytestmark = pytest.mark.django_db

SECOND = "https://sp.example/second"


@pytest.fixture
def configure(engineer, wiki, system):
    def change(**fields):
        with in_tenant(engineer.tenant):
            update_sso(sso_of(wiki), actor=system, **fields)

    return change


def get(who, query):
    return who.client.get("/t/acme/saml2/wiki", QUERY_STRING=query)


def post(who, fields):
    return who.client.post("/t/acme/saml2/wiki", fields)


def refused(who, response, *words):
    """Nothing is stored, nobody is sent anywhere, the log knows the page's reference."""
    page = response.content.decode()
    assert response.status_code == 400, page
    assert "Location" not in response
    assert "SAMLResponse" not in page
    for word in words:
        assert word in page
    with in_tenant(who.tenant):
        assert PendingSignIn.objects.count() == 0
        event = Event.objects.filter(type="sso_auth").first()
    assert not event.success
    assert event.reference in page


def accepted(who, response):
    return posted(followed(who.client, response))


BINDINGS = {
    "redirect": lambda who, xml: get(who, redirect(xml)),
    "post": lambda who, xml: post(who, form(xml)),
}


@pytest.fixture(params=BINDINGS)
def send(request, engineer):
    return lambda xml: BINDINGS[request.param](engineer, xml)


# --- where the answer goes (threat S1)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/acs",
        "https://sp.example/acs/",
        "https://sp.example/ACS",
        "https://SP.example/acs",
        "https://sp.example/acs?x=1",
        "https://sp.example/acs#x",
        "https://sp.example/acs/..",
        "https://sp.example/./acs",
        "https://sp.example/%61cs",
        "https://sp.example:443/acs",
        "https://sp.example./acs",
        "https://sp.example@evil.example/acs",
        "https://sp.example.evil.example/acs",
        "https://evil.example/?https://sp.example/acs",
        "https:/sp.example/acs",
        "//sp.example/acs",
        "/acs",
        "http://sp.example/acs",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)//https://sp.example/acs",
        "data:text/html,x",
        "ftp://sp.example/acs",
        " https://sp.example/acs",
        "https://sp.example/acs ",
        "https://sp.example/acs&#10;",
        "https://sp.example/acs%00",
        "https://sp.example\\acs",
        "https://ｓｐ.example/acs",
        "",
    ],
)
def test_no_other_address_than_a_registered_one_is_answered(send, engineer, url):
    refused(engineer, send(authn_request(more=f'AssertionConsumerServiceURL="{url}"')), "not registered")


@pytest.mark.parametrize("index", ["7", "-1", "00", "0x0", "", "1e0", "²"])
def test_no_other_index_than_a_registered_one_is_answered(send, engineer, index):
    refused(engineer, send(authn_request(more=f'AssertionConsumerServiceIndex="{index}"')), "not registered")


def test_an_address_and_an_index_together_are_refused(send, engineer):
    more = f'AssertionConsumerServiceURL="{ACS}" AssertionConsumerServiceIndex="0"'
    refused(engineer, send(authn_request(more=more)), "twice")


@pytest.mark.parametrize(
    ("more", "address"),
    [
        ("", SECOND),  # the default
        (f'AssertionConsumerServiceURL="{ACS}"', ACS),
        (f'AssertionConsumerServiceURL="{SECOND}"', SECOND),
        ('AssertionConsumerServiceIndex="3"', ACS),
        ('AssertionConsumerServiceIndex="9"', SECOND),
        ('ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"', SECOND),
    ],
)
def test_registered_addresses_are_answered(send, engineer, configure, more, address):
    configure(acs_urls=[{"url": ACS, "index": 3}, {"url": SECOND, "index": 9, "is_default": True}])
    made = accepted(engineer, send(authn_request(more=more)))
    assert made.action == address == made.root.get("Destination")


# --- from whom, for whom, when


@pytest.mark.parametrize(
    "issuer", ["https://evil.example", SP + "/", SP.upper(), "", "  ", f"{SP}<b/>", f"<b>{SP}</b>", f"{SP}</saml:Issuer><saml:Issuer>x"]
)  # fmt: skip
def test_another_issuer_is_refused(send, engineer, issuer):
    refused(engineer, send(authn_request(issuer=issuer)), "does not come from")


def test_an_issuer_split_by_a_comment_is_refused(send, engineer):
    refused(engineer, send(authn_request(issuer=f"{SP}<!-- x -->")), "comment")


def test_a_request_without_issuer_is_refused(send, engineer):
    refused(
        engineer, send(authn_request().replace(f"<saml:Issuer>{SP}</saml:Issuer>", "")), "does not come from"
    )


@pytest.mark.parametrize(
    "destination",
    ["https://evil.example/", SSO + "/", SSO.replace("acme", "globex"), SSO.replace("wiki", "gitlab")],
)
def test_a_request_for_another_address_is_refused(send, engineer, destination):
    refused(engineer, send(authn_request(destination=destination)), "another address")


@pytest.mark.parametrize("destination", [SSO, "", None])
def test_the_own_address_or_none_passes(send, engineer, destination):
    accepted(engineer, send(authn_request(destination=destination)))


@pytest.mark.parametrize("seconds", [-86400 * 9000, -310, 310, 86400 * 9000])
def test_a_stale_or_early_request_is_refused(send, engineer, seconds):
    refused(engineer, send(authn_request(made=instant(seconds))), "five minutes")


@pytest.mark.parametrize(
    "made",
    ["yesterday", "2026-13-01T00:00:00Z", "2026-11-22", "20261122T000000Z", "9999-12-31T23:59:59-23:59"],
)
def test_a_request_without_a_time_is_refused(send, engineer, made):
    refused(engineer, send(authn_request(made=made)))


@pytest.mark.parametrize("seconds", [-290, 0, 290])
def test_a_request_within_five_minutes_passes(send, engineer, seconds):
    accepted(engineer, send(authn_request(made=instant(seconds))))


def test_a_request_is_used_once(send, engineer):
    xml = authn_request()
    first = send(xml)
    again = send(xml)
    assert again.status_code == 400
    assert "used before" in again.content.decode()
    accepted(engineer, first)  # negative control: the first is not spoilt by it
    assert send(xml).status_code == 400


def test_the_same_id_at_another_application_is_another_request(engineer, system):
    from apps.applications.actions import add_application

    with in_tenant(engineer.tenant):
        other = add_application(actor=system, connector="custom_saml", display_label="Other")
        update_sso(sso_of(other), actor=system, sp_entity_id=SP, acs_urls=[ACS])
    xml = authn_request(request_id="_same", destination=None)
    assert post(engineer, form(xml)).status_code == 303
    assert engineer.client.post("/t/acme/saml2/other", form(xml)).status_code == 303


@pytest.mark.parametrize("request_id", ["a b", "x" * 257, "&quot;onload=", "ä"])
def test_an_id_that_is_no_id_is_refused(send, engineer, request_id):
    refused(engineer, send(authn_request(request_id=request_id)), "ID")


# --- hostile messages (threats S4, S5)


@pytest.mark.parametrize(
    "xml",
    [
        "<!DOCTYPE x>" + authn_request(),
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + authn_request(inside="<x>&e;</x>"),
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">' + authn_request(),
        "<?xml-stylesheet href='x'?>" + authn_request(),
        authn_request() + "<!-- x -->",
        authn_request(inside="<x>" * 40 + "</x>" * 40),
        authn_request(inside="&undefined;"),
        authn_request()[:-3],
        "x",
        "",
        authn_request().encode("utf-16"),
        authn_request().replace("AuthnRequest", "LogoutRequest"),
        authn_request(version="1.1"),
        authn_request().replace(NS["samlp"], "urn:other"),
        authn_request(inside="<x>" + "a" * 70000 + "</x>"),
    ],
)
def test_a_hostile_or_foreign_message_is_refused(send, engineer, xml):
    refused(engineer, send(xml))


@pytest.mark.parametrize(
    "query",
    [
        "",
        "SAMLRequest=",
        "SAMLRequest=%%%",
        "SAMLRequest=!!!!",
        "SAMLRequest=" + quote(base64.b64encode(b"not deflated").decode()),
        "SAMLRequest=" + quote(base64.b64encode(deflated(authn_request()) + b"x").decode()),
        "SAMLRequest=" + quote(base64.b64encode(deflated(authn_request())[:-4]).decode()),
        "samlrequest=" + redirect(authn_request()).partition("=")[2],
        "%53AMLRequest=" + redirect(authn_request()).partition("=")[2],
        "+SAMLRequest=" + redirect(authn_request()).partition("=")[2],
        redirect(authn_request()) + "&" + redirect(authn_request()),
        redirect(authn_request()) + "&%53AMLRequest=x",
        redirect(authn_request(), relay_state="a") + "&RelayState=b",
        redirect(authn_request()) + "&SAMLEncoding=gzip",
        redirect(authn_request(), relay_state="x" * 1025),
        redirect(authn_request()) + "&RelayState=%00",
        redirect(authn_request()) + "&RelayState=%ff%fe",
        redirect(authn_request()) + "&x=" + "a" * 17000,
    ],
)
def test_a_query_that_is_not_read_one_way_only_is_refused(engineer, wiki, query):
    refused(engineer, get(engineer, query))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"SAMLRequest": ""},
        {"SAMLRequest": "ÿÿ"},
        {"SAMLRequest": [form(authn_request())["SAMLRequest"]] * 2},
        form(deflated(authn_request()) + b"x"),
        form(authn_request(), relay_state="ä" * 513),
        form(authn_request(), relay_state="\x00"),
        {"SAMLRequest": "A" * 300_000},
    ],
)
def test_a_form_that_is_not_read_one_way_only_is_refused(engineer, wiki, fields):
    refused(engineer, post(engineer, fields))


def test_a_form_may_be_compressed_as_passport_saml_does(engineer, wiki):
    assert post(engineer, form(deflated(authn_request()))).status_code == 303


def test_a_bomb_in_a_form_is_not_inflated_either(engineer, wiki):
    bomb = deflated(b"<" + b" " * 10_000_000)
    refused(engineer, post(engineer, form(bomb)))


def test_a_bomb_is_not_inflated(engineer, wiki):
    bomb = base64.b64encode(deflated(b"<" + b" " * 10_000_000)).decode()
    assert len(bomb) < 16_000
    get(engineer, redirect(authn_request()))  # whatever a first request loads
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    response = get(engineer, f"SAMLRequest={quote(bomb, safe='')}")
    assert "larger than 64 KiB" in response.content.decode()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 8 * 1024  # KiB
    assert time.monotonic() - started < 30


@pytest.mark.parametrize("method", ["put", "delete", "patch", "head", "options"])
def test_other_methods_are_not_allowed(engineer, wiki, method):
    assert getattr(engineer.client, method)("/t/acme/saml2/wiki").status_code == 405


def test_the_page_repeats_nothing_of_the_message(send, engineer, wiki):
    page = send(authn_request(issuer="&lt;img src=x onerror=alert(1)&gt;")).content.decode()
    assert "onerror" not in page
    assert "Wiki" in page  # negative control: it is that page


def test_what_was_seen_is_remembered_for_longer_than_clocks_may_differ():
    """A request that one machine has forgotten is stale for every other, unless their clocks are 50 minutes apart."""
    last_accepted = (
        2 * TOLERANCE
    )  # made five minutes ahead of the one clock, read five minutes behind by the other
    assert PENDING_LIFETIME - last_accepted >= dt.timedelta(minutes=50)
