"""Signatures, certificates and what stands in the assertion."""

import base64
import re
from collections.abc import Callable

import pytest

from apps.lib.crypto import new_key_pair
from apps.saml.models import NameIdFormat
from tests.conformance.saml.conftest import Connected, identity, refusal
from tests.conformance.saml.gatehouse import SamlApi
from tests.conformance.saml.kinds import those_that
from tests.journeys.browser import Browser

ANN = "ann.lee@acme.example"
URI = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
BASIC = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"


@those_that()
@pytest.mark.parametrize("algorithm", ["rsa-sha256", "rsa-sha512"])
def test_algorithms_that_everybody_knows(both: Connected, ann: Browser, algorithm: str) -> None:
    both.application.change(signature_algorithm=algorithm)
    assert identity(both.login(ann))["name_id"] == ANN


@those_that("sha384")
def test_an_algorithm_that_few_know(both: Connected, ann: Browser) -> None:
    both.application.change(signature_algorithm="rsa-sha384")
    assert identity(both.login(ann))["name_id"] == ANN


@those_that()
@pytest.mark.parametrize("part", ["response", "assertion"])
def test_one_signature_is_enough_where_the_other_is_not_asked_for(
    both: Connected, ann: Browser, part: str
) -> None:
    both.application.change(sign_response=part == "response", sign_assertion=part == "assertion")
    both.told(want_response_signed=part == "response", want_assertion_signed=part == "assertion")
    assert identity(both.login(ann))["name_id"] == ANN


def other_person(xml: bytes) -> bytes:
    return xml.replace(b"ann.lee@", b"eve.lee@")


def other_audience(xml: bytes) -> bytes:
    return xml.replace(b"/metadata</", b"/metadatb</")


def other_digests(xml: bytes) -> bytes:
    """Of both signatures: samlify is content when one of two is right."""
    return re.sub(
        rb"(<[\w:]*DigestValue>)(.)", lambda found: found[1] + (b"B" if found[2] == b"A" else b"A"), xml
    )


@those_that()
@pytest.mark.parametrize("change", [other_person, other_audience, other_digests])
def test_what_was_changed_on_the_way_is_refused(
    both: Connected, ann: Browser, change: Callable[[bytes], bytes]
) -> None:
    """The negative control of everything here: these service providers do look."""
    page = ann.open(f"launch/{both.application.slug}")
    response = base64.b64decode(page.form(having="SAMLResponse").fields["SAMLResponse"])
    forged = change(response)
    assert forged != response
    refused = ann.submit(page, having="SAMLResponse", SAMLResponse=base64.b64encode(forged).decode())
    assert refusal(refused)
    assert identity(both.launch(ann))["name_id"] == ANN


@those_that()
def test_what_another_application_signed_is_refused(both: Connected, api: SamlApi, ann: Browser) -> None:
    """Each application has its own key."""
    other = api.add_application(f"{both.provider.kind.name}-beside", open_to="Everyone")
    other.import_metadata(both.provider.metadata)
    page = ann.open(f"launch/{other.slug}")
    assert refusal(ann.submit(page, having="SAMLResponse"))


@those_that()
def test_the_certificate_changes_without_a_gap(both: Connected, api: SamlApi, ann: Browser) -> None:
    """Both published, the other side reads them, then we switch over and it need not read again."""
    (old,) = both.application.certificates()
    only_old = both.application.metadata
    path = f"{both.application.path}/sso/certificates"
    new = api.call("POST", f"{path}/", json={})
    assert both.told()["certificates"] == 2
    assert identity(both.login(ann))["name_id"] == ANN

    api.call("POST", f"{path}/{new['id']}/promotion/", json={})
    assert identity(both.login(ann))["name_id"] == ANN

    both.provider.configure(only_old)  # negative control: one that never read again does not believe it
    assert refusal(both.login(ann))

    api.call("POST", f"{path}/{old['id']}/retirement/", json={})
    assert both.told()["certificates"] == 1
    assert identity(both.login(ann))["name_id"] == ANN


@those_that()
def test_attributes_arrive_under_the_names_that_were_typed(both: Connected, ann: Browser) -> None:
    both.application.change(
        attributes=[
            {"name": "E-mail address", "name_format": BASIC, "source": "email"},
            {"name": "https://acme.example/claims/given_name", "name_format": URI, "source": "first_name"},
            {"name": "licence", "name_format": BASIC, "source": "", "constant": "gold & <silver> “Zoë”"},
        ],
        include_groups=True,
        groups_attribute_name="memberOf",
    )
    attributes = identity(both.login(ann))["attributes"]
    assert attributes == {
        "E-mail address": [ANN],
        "https://acme.example/claims/given_name": ["Ann"],
        "licence": ["gold & <silver> “Zoë”"],
        "memberOf": ["Everyone"],
    }


@those_that()
@pytest.mark.parametrize("format_", [NameIdFormat.EMAIL, NameIdFormat.PERSISTENT, NameIdFormat.TRANSIENT])
def test_every_name_id_format_is_understood(both: Connected, ann: Browser, format_: NameIdFormat) -> None:
    source = "email" if format_ is NameIdFormat.EMAIL else "username"
    both.application.change(name_id_format=format_.value, name_id_source=source)
    both.told(name_id_format=format_.urn)
    first, second = identity(both.login(ann)), identity(both.login(ann))
    assert first["format"] == (format_.urn if "format" in both.provider.kind.can else None)
    assert (first["name_id"] == second["name_id"]) is (format_ is not NameIdFormat.TRANSIENT)


def believed_because_it_is_signed(both: Connected, browser: Browser, binding: str) -> None:
    """The negative control: the same request of somebody else's key."""
    both.exchange(sign_requests=True, binding=binding)
    assert both.application.settings()["require_signed_requests"], "its metadata says that it signs"
    assert identity(both.login(browser))["name_id"] == ANN
    strangers = new_key_pair("stranger.example", 30)
    both.told(
        sign_requests=True, binding=binding, key=strangers.private_key, certificate=strangers.certificate
    )
    page = both.login(browser)
    assert (page.status, page.url.startswith(both.gatehouse.base)) == (400, True)
    assert "signature does not match" in page.text


@those_that()
def test_a_signed_request_by_redirect(both: Connected, ann: Browser) -> None:
    believed_because_it_is_signed(both, ann, "redirect")


@those_that("post")
def test_a_signed_request_by_post(both: Connected, ann: Browser) -> None:
    believed_because_it_is_signed(both, ann, "post")


@those_that()
def test_an_unsigned_request_is_refused_where_signed_ones_are_required(both: Connected, ann: Browser) -> None:
    """The other side does not hear that it should sign: it still has our metadata from before."""
    both.application.change(require_signed_requests=True, sp_certificates=[both.provider.certificate])
    page = both.login(ann)
    assert page.status == 400
    assert "is not signed" in page.text
