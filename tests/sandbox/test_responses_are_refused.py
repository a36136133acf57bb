"""What the service provider does not believe, each beside the response that differs by nothing else and is accepted."""

import copy
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import xmlsec
from lxml import etree

from apps.sandbox import actions
from apps.sandbox.errors import AssertionRefused
from apps.sandbox.models import SandboxServiceProvider, SandboxSignIn
from tests.sandbox.identity_provider import DS, NS, SAML, IdentityProvider, at, encoded

TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"


def check_of(service_provider: SandboxServiceProvider, root: etree._Element) -> str:
    with pytest.raises(AssertionRefused) as refused:
        actions.add_sign_in(service_provider, encoded(root))
    assert str(refused.value.detail)
    assert not SandboxSignIn.objects.exists()
    return refused.value.check


def session_over() -> str:
    return f' SessionNotOnOrAfter="{at(-5)}"'


# What the identity provider signs wrongly: (words, changes, the check that fails). Times are taken when the test runs.
SIGNED_WRONGLY: list[tuple[str, dict[str, Any], str]] = [
    ("another audience", {"audience": "https://other.example/"}, "audience"),
    ("another recipient", {"recipient": "https://other.example/acs"}, "recipient"),
    ("another destination", {"destination": "https://other.example/acs"}, "destination"),
    ("an empty destination", {"destination": ""}, "destination"),
    ("another issuer", {"issuer": "https://other.example/"}, "issuer"),
    (
        "a failure",
        {"status": "urn:oasis:names:tc:SAML:2.0:status:Responder"},
        "status",
    ),
    ("conditions that are over", {"until": partial(at, -5)}, "expired"),
    ("a confirmation that is over", {"confirmed_until": partial(at, -5)}, "expired"),
    ("conditions that begin later", {"not_before": partial(at, 30)}, "not_before"),
    ("a session that is over", {"session_until": session_over}, "expired"),
    ("a time in no zone", {"until": "2099-01-01T00:00:00"}, "time"),
    ("a time in a zone of its own", {"until": "2099-01-01T00:00:00+01:00"}, "time"),
    ("a request nobody sent", {"asked": "_unknown"}, "in_response_to"),
    (
        "two different requests",
        {"asked": "_one", "subject_in_response_to": ' InResponseTo="_two"'},
        "in_response_to",
    ),
    ("an answer in the response only", {"in_response_to": ' InResponseTo="_x"'}, "in_response_to"),
    ("an answer in the assertion only", {"subject_in_response_to": ' InResponseTo="_x"'}, "in_response_to"),
    ("no NameID", {"name_id": ""}, "name_id"),
]


@pytest.mark.parametrize("parts", ["both", "response", "assertion"])
def test_a_good_response_is_accepted_whichever_part_is_signed(
    service_provider: SandboxServiceProvider, idp: IdentityProvider, parts: str
) -> None:
    sign_in = actions.add_sign_in(service_provider, encoded(idp.signed(service_provider, parts)))
    assert (sign_in.name_id, sign_in.attributes) == ("mia@example.com", {"email": ["mia@example.com"]})
    assert sign_in.signed_parts == {"both": "response + assertion"}.get(parts, parts)


@pytest.mark.parametrize(
    ("words", "changes", "check"), SIGNED_WRONGLY, ids=[row[0] for row in SIGNED_WRONGLY]
)
def test_what_is_signed_and_wrong_is_refused_by_name(
    service_provider: SandboxServiceProvider,
    idp: IdentityProvider,
    words: str,
    changes: dict[str, Any],
    check: str,
) -> None:
    assert check_of(service_provider, idp.signed(service_provider, **changes)) == check
    assert actions.add_sign_in(service_provider, encoded(idp.signed(service_provider)))


def drop(path: str) -> Callable[[etree._Element], None]:
    def change(root: etree._Element) -> None:
        for node in root.findall(path, NS):
            node.getparent().remove(node)

    return change


def twice(path: str) -> Callable[[etree._Element], None]:
    def change(root: etree._Element) -> None:
        node = root.find(path, NS)
        node.addnext(copy.deepcopy(node))

    return change


def encrypt(root: etree._Element) -> None:
    etree.SubElement(root, f"{{{SAML}}}EncryptedAssertion")


# Documents that are built wrongly, then signed as one: (words, what is done to them, the check that fails).
BUILT_WRONGLY: list[tuple[str, Callable[[etree._Element], None], str]] = [
    ("no assertion", drop("a:Assertion"), "assertion"),
    ("two assertions", twice("a:Assertion"), "assertion"),
    ("an encrypted assertion", encrypt, "assertion"),
    ("no status", drop("p:Status"), "status"),
    ("no issuer in the assertion", drop("a:Assertion/a:Issuer"), "issuer"),
    ("no conditions", drop("a:Assertion/a:Conditions"), "conditions"),
    ("two conditions", twice("a:Assertion/a:Conditions"), "conditions"),
    ("no audience", drop("a:Assertion/a:Conditions/a:AudienceRestriction"), "audience"),
    ("no statement", drop("a:Assertion/a:AuthnStatement"), "statement"),
    ("two statements", twice("a:Assertion/a:AuthnStatement"), "statement"),
    ("no confirmation", drop("a:Assertion/a:Subject/a:SubjectConfirmation"), "subject"),
    ("two confirmations", twice("a:Assertion/a:Subject/a:SubjectConfirmation"), "subject"),
]


@pytest.mark.parametrize(("words", "change", "check"), BUILT_WRONGLY, ids=[row[0] for row in BUILT_WRONGLY])
def test_what_is_built_wrongly_is_refused_by_name(
    service_provider: SandboxServiceProvider,
    idp: IdentityProvider,
    words: str,
    change: Callable[[etree._Element], None],
    check: str,
) -> None:
    root = idp.response(service_provider)
    change(root)
    idp.sign(root)
    assert check_of(service_provider, root) == check
    assert actions.add_sign_in(service_provider, encoded(idp.signed(service_provider, "response")))


def test_an_unsigned_response_is_refused(
    service_provider: SandboxServiceProvider, idp: IdentityProvider
) -> None:
    root = idp.response(service_provider)
    assert check_of(service_provider, root) == "signature"
    idp.sign(root)
    assert actions.add_sign_in(service_provider, encoded(root))


def test_another_key_is_refused_even_with_its_certificate_inside(
    service_provider: SandboxServiceProvider, idp: IdentityProvider, stranger: IdentityProvider
) -> None:
    for parts in ("both", "response", "assertion"):
        assert check_of(service_provider, stranger.signed(service_provider, parts)) == "signature"
    assert actions.add_sign_in(service_provider, encoded(idp.signed(service_provider)))


def test_one_good_signature_does_not_make_up_for_a_bad_one(
    service_provider: SandboxServiceProvider, idp: IdentityProvider, stranger: IdentityProvider
) -> None:
    root = stranger.signed(service_provider, "assertion")
    idp.sign(root)
    assert check_of(service_provider, root) == "signature"


def test_sha1_is_refused(service_provider: SandboxServiceProvider, idp: IdentityProvider) -> None:
    root = idp.response(service_provider)
    idp.sign(root, method=xmlsec.constants.TransformRsaSha1)
    assert check_of(service_provider, root) == "signature"


def test_what_is_changed_after_signing_is_refused(
    service_provider: SandboxServiceProvider, idp: IdentityProvider
) -> None:
    root = idp.signed(service_provider, "assertion")
    good = copy.deepcopy(root)
    root.find("a:Assertion/a:Subject/a:NameID", NS).text = "admin@example.com"
    assert check_of(service_provider, root) == "signature"
    assert actions.add_sign_in(service_provider, encoded(good)).name_id == "mia@example.com"


def evil(root: etree._Element) -> etree._Element:
    """The assertion again, unsigned, for somebody else, with an ID of its own."""
    assertion = copy.deepcopy(root.find("a:Assertion", NS))
    assertion.remove(assertion.find("ds:Signature", NS))
    assertion.set("ID", "_evil")
    assertion.find("a:Subject/a:NameID", NS).text = "admin@example.com"
    return assertion


def beside_the_signed_one(root: etree._Element) -> None:
    root.insert(1, evil(root))


def around_the_signed_one(root: etree._Element) -> None:
    signed, forged = root.find("a:Assertion", NS), evil(root)
    root.replace(signed, forged)
    forged.append(signed)


def with_the_signed_one_in_an_object(root: etree._Element) -> None:
    signed, forged = root.find("a:Assertion", NS), evil(root)
    signature = copy.deepcopy(signed.find("ds:Signature", NS))
    root.replace(signed, forged)
    forged.insert(1, signature)
    etree.SubElement(signature, f"{{{DS}}}Object").append(signed)


def with_the_signed_ones_id(root: etree._Element) -> None:
    signed, forged = root.find("a:Assertion", NS), evil(root)
    forged.set("ID", signed.get("ID"))
    forged.insert(1, signed.find("ds:Signature", NS))
    root.replace(signed, forged)
    etree.SubElement(root, f"{{{SAML}}}Advice").append(signed)


def response_around_the_signed_one(root: etree._Element) -> None:
    """For signed responses: the genuine one moves into an extension of a forged one."""
    genuine = copy.deepcopy(root)
    root.set("ID", "_forged")
    root.remove(root.find("ds:Signature", NS))
    root.find("a:Assertion/a:Subject/a:NameID", NS).text = "admin@example.com"
    genuine_assertion = genuine.find("a:Assertion", NS)
    genuine_assertion.getparent().remove(genuine_assertion)
    etree.SubElement(root, f"{{{SAML}}}Advice").append(genuine)


WRAPPINGS = [
    ("assertion", beside_the_signed_one),
    ("assertion", around_the_signed_one),
    ("assertion", with_the_signed_one_in_an_object),
    ("assertion", with_the_signed_ones_id),
    ("response", response_around_the_signed_one),
]


@pytest.mark.parametrize(("parts", "wrap"), WRAPPINGS, ids=[row[1].__name__ for row in WRAPPINGS])
def test_a_wrapped_signature_convinces_nobody(
    service_provider: SandboxServiceProvider,
    idp: IdentityProvider,
    parts: str,
    wrap: Callable[[etree._Element], None],
) -> None:
    root = idp.signed(service_provider, parts)
    good = copy.deepcopy(root)
    wrap(root)
    assert b"admin@example.com" in etree.tostring(root)
    assert check_of(service_provider, root) in {"signature", "assertion"}
    assert actions.add_sign_in(service_provider, encoded(good)).name_id == "mia@example.com"


@pytest.mark.parametrize("body", ["", "%%%", "bm90IHhtbA==", "PCFET0NUWVBFIHg+PHgvPg==", "PHgvPg=="])
def test_what_is_no_response_at_all_is_refused(service_provider: SandboxServiceProvider, body: str) -> None:
    with pytest.raises(AssertionRefused) as refused:
        actions.add_sign_in(service_provider, body)
    assert refused.value.check in {"encoding", "document", "message"}


def test_an_assertion_is_used_once(service_provider: SandboxServiceProvider, idp: IdentityProvider) -> None:
    body = encoded(idp.signed(service_provider))
    actions.add_sign_in(service_provider, body)
    with pytest.raises(AssertionRefused) as refused:
        actions.add_sign_in(service_provider, body)
    assert refused.value.check == "replay"
    assert SandboxSignIn.objects.count() == 1


def test_a_request_is_answered_once_and_by_its_own_service_provider(
    service_provider: SandboxServiceProvider, idp: IdentityProvider
) -> None:
    other = actions.add_service_provider(slug="other", label="Other")
    foreign = actions.add_authn_request(other).request_id
    assert check_of(service_provider, idp.signed(service_provider, asked=foreign)) == "in_response_to"
    asked = actions.add_authn_request(service_provider).request_id
    first = actions.add_sign_in(service_provider, encoded(idp.signed(service_provider, asked=asked)))
    assert first.in_response_to == asked
    with pytest.raises(AssertionRefused) as refused:
        actions.add_sign_in(service_provider, encoded(idp.signed(service_provider, asked=asked)))
    assert refused.value.check == "in_response_to"


def test_a_clock_may_be_off_by_the_tolerance_and_no_more(
    service_provider: SandboxServiceProvider, idp: IdentityProvider
) -> None:
    late = {"until": at(-10), "confirmed_until": at(-10)}
    assert check_of(service_provider, idp.signed(service_provider, **late)) == "expired"
    service_provider.clock_tolerance = 60
    assert actions.add_sign_in(service_provider, encoded(idp.signed(service_provider, **late)))
    with pytest.raises(AssertionRefused):
        actions.add_sign_in(service_provider, encoded(idp.signed(service_provider, until=at(-70))))


# What each product demands beyond SAML: (kind, changes, the check that fails).
DEMANDS: list[tuple[str, dict[str, Any], str]] = [
    ("gitlab_saas", {"attributes": {"first_name": "Mia"}}, "attributes"),
    ("gitlab_saas", {"name_id_format": TRANSIENT}, "name_id_format"),
    ("gitlab_self_managed", {"attributes": {"EMAIL": "mia@example.com"}}, "attributes"),
    ("pulumi", {"name_id_format": UNSPECIFIED}, "name_id_format"),
    ("blogin", {"attributes": {"email": "m@example.com", "firstName": "M", "lastName": "E"}}, "attributes"),
]
FULL = {"EMAIL": "m@example.com", "mail": "m", "email": "m", "firstName": "M", "lastName": "E", "title": "T"}


@pytest.mark.parametrize(("kind", "changes", "check"), DEMANDS)
def test_each_product_makes_its_own_demands(
    service_provider: SandboxServiceProvider,
    idp: IdentityProvider,
    kind: str,
    changes: dict[str, Any],
    check: str,
) -> None:
    service_provider.kind = kind
    assert check_of(service_provider, idp.signed(service_provider, **changes)) == check
    assert actions.add_sign_in(service_provider, encoded(idp.signed(service_provider, attributes=FULL)))
    service_provider.kind = "generic"
    assert actions.add_sign_in(service_provider, encoded(idp.signed(service_provider, **changes)))


@pytest.mark.parametrize("kind", ["gitlab_saas", "gitlab_self_managed"])
def test_gitlab_compares_the_certificate_that_comes_along(
    service_provider: SandboxServiceProvider, idp: IdentityProvider, kind: str
) -> None:
    service_provider.kind = kind
    root = idp.response(service_provider)
    idp.sign(root, certificate=False)
    assert check_of(service_provider, root) == "certificate"
    assert actions.add_sign_in(service_provider, encoded(idp.signed(service_provider)))


def test_gitlab_com_reads_attribute_names_in_any_case(
    service_provider: SandboxServiceProvider, idp: IdentityProvider
) -> None:
    service_provider.kind = "gitlab_saas"
    root = idp.signed(service_provider, attributes={"EMAIL": "mia@example.com"})
    assert actions.add_sign_in(service_provider, encoded(root))


def test_without_an_identity_provider_nothing_is_believed(inside: object, idp: IdentityProvider) -> None:
    there = actions.add_service_provider(slug="new", label="New")
    assert check_of(there, idp.signed(there)) == "trust"
