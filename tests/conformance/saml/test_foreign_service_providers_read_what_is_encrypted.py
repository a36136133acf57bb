"""Assertions that only the service provider can read: it publishes the certificate, we switch the encryption on."""

import base64

import pytest

from apps.lib.crypto import new_key_pair
from tests.conformance.saml.conftest import Connected, identity
from tests.conformance.saml.kinds import those_that
from tests.journeys.browser import Browser

ANN = "ann.lee@acme.example"


@those_that()
@pytest.mark.parametrize("algorithm", ["aes256-gcm", "aes128-gcm"])
def test_it_decrypts_the_assertion_and_believes_both_signatures(
    both: Connected, ann: Browser, algorithm: str
) -> None:
    both.exchange(encrypted=True)
    both.application.change(encrypt_assertion=True, encryption_algorithm=algorithm, oaep_digest="sha1")
    assert identity(both.login(ann))["name_id"] == ANN
    assert identity(both.launch(ann))["attributes"]["email"] == [ANN]


@those_that("oaep-sha256")
def test_the_key_may_be_wrapped_with_sha256(both: Connected, ann: Browser) -> None:
    both.exchange(encrypted=True)
    both.application.change(encrypt_assertion=True, oaep_digest="sha256")
    assert identity(both.login(ann))["name_id"] == ANN


@those_that()
@pytest.mark.parametrize("part", ["response", "assertion"])
def test_one_signature_is_enough(both: Connected, ann: Browser, part: str) -> None:
    wanted = {"want_response_signed": part == "response", "want_assertion_signed": part == "assertion"}
    both.exchange(encrypted=True, **wanted)
    both.application.change(
        encrypt_assertion=True, sign_response=part == "response", sign_assertion=part == "assertion"
    )
    assert identity(both.login(ann))["name_id"] == ANN


@those_that()
def test_nobody_else_can_read_it(both: Connected, ann: Browser) -> None:
    both.exchange(encrypted=True)
    both.application.change(encrypt_assertion=True)
    page = ann.open(f"launch/{both.application.slug}")
    carried = base64.b64decode(page.form(having="SAMLResponse").fields["SAMLResponse"])
    assert b"EncryptedAssertion" in carried
    assert ANN.encode() not in carried

    stranger = new_key_pair("stranger.example", 30)
    both.told(encrypted=True, key=stranger.private_key, certificate=stranger.certificate)
    refused = ann.submit(page, having="SAMLResponse")
    assert refused.status in {403, 500}  # python3-saml and djangosaml2 have no sentence for it
    assert "name_id" not in refused.answer.text
