import datetime as dt
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from apps.lib.crypto import fingerprint, new_key_pair, new_token, token_key_id, token_matches


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Bearer",
        "idp_scim_" + "0" * 16,
        "idp_scim__" + "0" * 64,
        "_" + "0" * 16 + "_" + "0" * 64,
        "idp_scim_" + "0" * 16 + "_" + "0" * 63,
        "idp_scim_" + "0" * 16 + "_" + "0" * 64 + "\n",
        "idp_scim_" + "G" * 16 + "_" + "0" * 64,
        "x" * 100_000,
        "\ud800",
    ],
)
def test_what_is_not_a_token_has_no_key_id_and_matches_nothing(text):
    assert token_key_id(text) is None
    assert not token_matches(text, new_token("idp_scim").digest)
    assert not token_matches(text, "")


def test_a_token_matches_its_own_digest_only():
    first, second = new_token("idp_scim"), new_token("idp_scim")
    assert token_matches(first.token, first.digest)
    assert not token_matches(second.token, first.digest)
    assert not token_matches(first.token[:-1] + ("0" if first.token[-1] != "0" else "1"), first.digest)


def test_a_token_names_its_key_and_is_not_kept():
    made = new_token("idp_scim")
    assert made.token.startswith(f"idp_scim_{made.key_id}_")
    assert token_key_id(made.token) == made.key_id
    assert len(made.token.rpartition("_")[2]) == 64
    assert len(made.digest) == 64
    assert made.token not in repr(made)


@pytest.fixture(scope="module")
def pair():
    return new_key_pair("GitLab " + "x" * 100, 365)


def test_a_key_pair_is_rsa_2048_signed_by_itself_with_sha256(pair):
    certificate = x509.load_pem_x509_certificate(pair.certificate.encode())
    private = serialization.load_pem_private_key(pair.private_key.encode(), None)
    assert certificate.signature_hash_algorithm.name == "sha256"
    assert private.key_size == 2048
    assert private.public_key() == certificate.public_key()
    certificate.verify_directly_issued_by(certificate)
    certificate.public_key().verify(
        private.sign(b"x", padding.PKCS1v15(), hashes.SHA256()), b"x", padding.PKCS1v15(), hashes.SHA256()
    )
    life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert life == dt.timedelta(days=365, minutes=5)
    assert certificate.not_valid_before_utc < dt.datetime.now(dt.UTC)
    assert "PRIVATE" not in repr(pair)


def test_fingerprints_are_upper_case_hex_with_colons():
    assert fingerprint(b"abc", "sha1") == "A9:99:3E:36:47:06:81:6A:BA:3E:25:71:78:50:C2:6C:9C:D0:D8:9D"
    assert fingerprint(b"abc", "sha256").startswith("BA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23")


def test_a_fingerprint_is_that_of_the_der_form(pair):
    der = ssl.PEM_cert_to_DER_cert(pair.certificate)
    certificate = x509.load_der_x509_certificate(der)
    assert (
        fingerprint(der, "sha256").replace(":", "").lower() == certificate.fingerprint(hashes.SHA256()).hex()
    )
