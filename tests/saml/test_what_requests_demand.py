"""What an AuthnRequest asks for is honoured, or answered in SAML: never read past (core 3.4.1)."""

import pytest

from apps.events.models import Event
from apps.lib.xml import parse, verify
from apps.saml.actions.key_pairs import certificates_of
from apps.saml.actions.settings import sso_of, update_sso
from apps.saml.models import PendingSignIn
from apps.tenants.context import in_tenant
from tests.saml.conftest import ACS, SP
from tests.saml.service_provider import IDP, NS, authn_request, followed, form, posted, python3_saml, redirect

pytestmark = pytest.mark.django_db

STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
CLASSES = "urn:oasis:names:tc:SAML:2.0:ac:classes:"
FORMATS = "urn:oasis:names:tc:SAML:{}:nameid-format:{}"
BOB = "bob@acme.example"


def by_redirect(who, xml):
    return who.client.get("/t/acme/saml2/wiki", QUERY_STRING=redirect(xml, relay_state="/deep"))


def by_form(who, xml):
    return who.client.post("/t/acme/saml2/wiki", form(xml, relay_state="/deep"))


@pytest.fixture(params=[by_redirect, by_form])
def ask(request, engineer):
    """A function: what stands inside the request, and its attributes, in; what the browser posts to the application out."""

    def send(inside="", more=""):
        xml = authn_request(request_id="_asked", inside=inside, more=more)
        return posted(followed(engineer.client, request.param(engineer, xml)))

    return send


@pytest.fixture
def certificate(wiki):
    with in_tenant(wiki.tenant):
        return certificates_of(wiki)[0].certificate


def status(made):
    codes = [
        node.get("Value").removeprefix(STATUS) for node in made.root.iter(f"{{{NS['samlp']}}}StatusCode")
    ]
    return tuple(codes)


def told(who, made, certificate, *codes):
    """A signed status, to the registered address, once, with RelayState; and the log knows."""
    verify(parse(made.xml, max_bytes=65536), [certificate])
    assert status(made) == codes
    assert not made.root.xpath("//*[local-name()='Assertion']")
    assert (made.action, made.root.get("Destination"), made.relay_state) == (ACS, ACS, "/deep")
    assert made.root.get("InResponseTo") == "_asked"
    assert BOB not in made.xml.decode()
    with in_tenant(who.tenant):
        assert PendingSignIn.objects.get().answered_at
        event = Event.objects.filter(type="sso_auth").first()
    assert not event.success
    assert event.application_name == "Wiki"


# --- ProtocolBinding


@pytest.mark.parametrize("binding", ["HTTP-Artifact", "HTTP-Redirect", "PAOS", "", "http-post"])
def test_another_binding_for_the_answer_is_told(ask, engineer, certificate, binding):
    made = ask(more=f'ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:{binding}"')
    told(engineer, made, certificate, "Responder", "UnsupportedBinding")


# --- NameIDPolicy: docs/decisions/0011


def policy(**attributes):
    return "<samlp:NameIDPolicy " + " ".join(f'{name}="{value}"' for name, value in attributes.items()) + "/>"


@pytest.mark.parametrize(
    "attributes",
    [
        {"Format": FORMATS.format("2.0", "encrypted")},
        {"Format": f" {FORMATS.format('2.0', 'encrypted')} "},
        {"SPNameQualifier": "https://evil.example/metadata"},
        {"SPNameQualifier": SP.upper(), "Format": FORMATS.format("2.0", "persistent")},
    ],
)
def test_a_name_id_that_would_be_a_lie_is_told(ask, engineer, certificate, attributes):
    told(engineer, ask(policy(**attributes)), certificate, "Requester", "InvalidNameIDPolicy")


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"Format": FORMATS.format("1.1", "unspecified")},
        {"Format": FORMATS.format("2.0", "unspecified")},
        {"Format": FORMATS.format("1.1", "emailAddress")},
        {"Format": FORMATS.format("2.0", "emailAddress")},
        {"Format": FORMATS.format("2.0", "persistent"), "AllowCreate": "false"},
        {"Format": FORMATS.format("2.0", "transient"), "AllowCreate": "true"},
        {"Format": FORMATS.format("1.1", "WindowsDomainQualifiedName")},
        {"Format": "urn:somebody:else"},
        {"SPNameQualifier": SP},
        {"SPNameQualifier": "", "AllowCreate": "0"},
    ],
)
@pytest.mark.parametrize("configured", ["emailAddress", "persistent", "unspecified"])
def test_any_other_policy_gets_what_the_administrator_chose(
    ask, engineer, wiki, certificate, system, attributes, configured
):
    with in_tenant(engineer.tenant):
        update_sso(sso_of(wiki), actor=system, name_id_format=configured, name_id_source="email")
    made = ask(policy(**attributes))
    name_id = made.one("//saml:Subject/saml:NameID")
    assert name_id.text == BOB
    assert name_id.get("Format").rpartition(":")[2] == configured
    python3_saml(made.xml, certificate, request_id="_asked")


# --- RequestedAuthnContext


def context(*classes, comparison=None, reference="AuthnContextClassRef"):
    compared = f' Comparison="{comparison}"' if comparison else ""
    inside = "".join(f"<saml:{reference}>{name}</saml:{reference}>" for name in classes)
    return f"<samlp:RequestedAuthnContext{compared}>{inside}</samlp:RequestedAuthnContext>"


UNSPECIFIED, PASSWORD, TLS = (
    CLASSES + name for name in ("unspecified", "Password", "PasswordProtectedTransport")
)
X509, TOKEN = f"{CLASSES}X509", f"{CLASSES}TimeSyncToken"
WINDOWS = "urn:federation:authentication:windows"


@pytest.mark.parametrize(
    "inside",
    [
        context(X509),
        context(X509, TOKEN),
        context(TLS.upper()),
        context(X509, comparison="minimum"),
        context(X509, comparison="maximum"),
        context(TLS, comparison="better"),
        context(PASSWORD, TLS, comparison="better"),
        context(PASSWORD, X509, comparison="better"),
        context(TLS, comparison="strongest"),
        context("https://sp.example/declaration", reference="AuthnContextDeclRef"),
        context(""),
    ],
)
def test_an_authentication_that_nobody_has_here_is_told(ask, engineer, certificate, inside):
    told(engineer, ask(inside), certificate, "Responder", "NoAuthnContext")


@pytest.mark.parametrize(
    ("inside", "named"),
    [
        ("", TLS),
        (context(), TLS),
        (context(TLS), TLS),
        (context(PASSWORD), PASSWORD),
        (context(UNSPECIFIED), UNSPECIFIED),
        (context(f"\n  {TLS}\n"), TLS),
        (context(X509, PASSWORD, TLS), PASSWORD),
        (context(WINDOWS, TLS, comparison="exact"), TLS),
        (context(UNSPECIFIED, PASSWORD, comparison="minimum"), PASSWORD),
        (context(PASSWORD, X509, comparison="minimum"), PASSWORD),
        (context(TLS, UNSPECIFIED, comparison="maximum"), TLS),
        (context(PASSWORD, comparison="maximum"), PASSWORD),
        (context(PASSWORD, comparison="better"), TLS),
        (context(UNSPECIFIED, PASSWORD, comparison="better"), TLS),
    ],
)
def test_the_answer_names_the_authentication_that_was_asked_for(ask, certificate, inside, named):
    made = ask(inside)
    assert made.one("//saml:AuthnContextClassRef").text == named
    python3_saml(made.xml, certificate, request_id="_asked")


# --- Subject


def subject(name=BOB, more="", after="", element="NameID"):
    return f"<saml:Subject><saml:{element} {more}>{name}</saml:{element}>{after}</saml:Subject>"


HOLDER = '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"/>'
BEARER = '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"/>'


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        (subject(after=HOLDER), "RequestUnsupported"),
        (subject(element="BaseID"), "RequestUnsupported"),
        (subject(element="EncryptedID"), "RequestUnsupported"),
        (subject(after=f"<saml:NameID>{BOB}</saml:NameID>"), "RequestUnsupported"),
        (subject(""), "UnknownPrincipal"),
        (subject("x" * 1025), "UnknownPrincipal"),
        (subject(more='NameQualifier="https://other.example/idp"'), "UnknownPrincipal"),
        (subject(more='SPNameQualifier="https://other.example/sp"'), "UnknownPrincipal"),
    ],
)
def test_a_subject_that_cannot_be_anybody_here_is_told(ask, engineer, certificate, inside, code):
    told(engineer, ask(inside), certificate, "Responder", code)


@pytest.mark.parametrize(
    "inside",
    [
        subject("alice@acme.example"),
        subject("bob"),
        subject(more=f'Format="{FORMATS.format("2.0", "persistent")}"'),
        subject(more='Format="urn:somebody:else"'),
    ],
)
def test_nobody_is_answered_for_who_was_not_asked_for(engineer, wiki, certificate, inside):
    page = by_redirect(engineer, authn_request(request_id="_asked", inside=inside))
    assert page.status_code == 403
    assert "somebody else than you" in page.content.decode()
    assert "alice" not in page.content.decode()  # whom they asked for is nobody else's business
    passive = authn_request(request_id="_passive", inside=inside, more='IsPassive="true"')
    made = posted(by_redirect(engineer, passive))
    assert status(made) == ("Responder", "UnknownPrincipal")
    assert "Assertion" not in made.xml.decode()
    with in_tenant(engineer.tenant):
        events = Event.objects.filter(type="sso_auth")
        assert [event.details["refusal"] for event in events] == ["unknown_principal"] * 2


@pytest.mark.parametrize(
    "inside",
    [
        subject(),
        subject(f" {BOB} "),
        subject(BOB.title()),
        subject(more=f'Format="{FORMATS.format("1.1", "unspecified")}"'),
        subject(
            more=f'Format="{FORMATS.format("1.1", "emailAddress")}" NameQualifier="{IDP}" SPNameQualifier="{SP}"'
        ),
        subject(after=BEARER),
        f"<saml:Subject>{BEARER}</saml:Subject>",
    ],
)
def test_whoever_was_asked_for_is_answered_for(ask, certificate, inside):  # negative control
    assert python3_saml(ask(inside).xml, certificate, request_id="_asked").get_nameid() == BOB


def test_a_name_is_compared_letter_by_letter_where_it_is_no_address(engineer, wiki, system):
    with in_tenant(engineer.tenant):
        update_sso(sso_of(wiki), actor=system, name_id_format="persistent", name_id_source="username")
    assert by_redirect(engineer, authn_request(inside=subject("BOB"))).status_code == 403
    assert by_redirect(engineer, authn_request(inside=subject("bob"))).status_code == 200


# --- what binds nobody


def test_scoping_conditions_and_extensions_are_passed_over(ask, certificate):
    inside = (
        '<samlp:Extensions><x xmlns="urn:x">1</x></samlp:Extensions>'
        "<saml:Conditions><saml:AudienceRestriction><saml:Audience>https://evil.example</saml:Audience>"
        "</saml:AudienceRestriction></saml:Conditions>"
        '<samlp:Scoping ProxyCount="0"><samlp:RequesterID>https://evil.example</samlp:RequesterID></samlp:Scoping>'
    )
    made = ask(inside)
    assert made.one("//saml:Audience").text == SP
    python3_saml(made.xml, certificate, request_id="_asked")


# --- a status goes where an assertion would go, and nowhere else


@pytest.mark.parametrize(
    "more", ['AssertionConsumerServiceURL="https://evil.example/acs"', 'AssertionConsumerServiceIndex="7"']
)
def test_no_status_goes_to_an_unregistered_address(engineer, wiki, more):
    xml = authn_request(inside=context(X509), more=more)
    for send in (by_redirect, by_form):
        page = send(engineer, xml)
        assert page.status_code == 400
        assert "SAMLResponse" not in page.content.decode()


def test_an_application_that_is_switched_off_is_told_nothing(engineer, wiki, system):
    from apps.applications.actions import deactivate_application

    with in_tenant(engineer.tenant):
        deactivate_application(wiki, actor=system)
    for xml in (authn_request(inside=context(X509)), authn_request(more='IsPassive="true"')):
        page = by_redirect(engineer, xml)
        assert page.status_code == 403
        assert "switched off" in page.content.decode()
        assert "Back to" not in page.content.decode()


def test_a_status_is_told_once(engineer, wiki):
    xml = authn_request(inside=context(X509))
    assert status(posted(by_redirect(engineer, xml)))[1] == "NoAuthnContext"
    assert by_redirect(engineer, xml).status_code == 400
