import base64
import re
import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from apps.events.models import Event
from apps.saml.actions.key_pairs import certificates_of, upload_certificate, was_used
from apps.saml.der import integers
from apps.saml.errors import CertificateRefused, KeyPairRefused
from apps.saml.key_pair_files import MOST_ROUNDS
from apps.saml.models import KeyPair
from apps.tenants.context import in_tenant
from tests.saml.pairs import DAY, NOW, PKCS1, PKCS8, certificate, ec_key, private, rsa_key
from tests.saml.service_provider import posted, python3_saml

pytestmark = pytest.mark.django_db


def upload(wiki, system, public, key, passphrase="", **options):
    with in_tenant(wiki.tenant):
        return upload_certificate(
            wiki, actor=system, certificate=public, private_key=key, passphrase=passphrase, **options
        )


def refusal(wiki, system, public, key, passphrase="", **options):
    """(field, sentence). Nothing is kept."""
    with pytest.raises(KeyPairRefused) as refused:
        upload(wiki, system, public, key, passphrase, **options)
    with in_tenant(wiki.tenant):
        assert [pair.state for pair in certificates_of(wiki)] == ["active"]
    ((field, (sentence,)),) = refused.value.fields.items()
    return field, sentence


def altered(key, before, after):
    """A certificate with some octets changed: nobody looks at its own signature."""
    der = base64.b64decode("".join(certificate(key).splitlines()[1:-1]))
    assert der.count(before) >= 1
    body = base64.encodebytes(der.replace(before, after)).decode()
    return f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n"


def test_what_is_no_certificate_is_refused_at_its_field(wiki, system):
    key = rsa_key()
    cut = certificate(key)[:300] + "\n-----END CERTIFICATE-----"
    odd = altered(key, b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x09")  # of version 10
    unreadable = altered(key, b"\x0c\x10sso.acme", b"\x0c\x10\xff\xff\xff.acme")  # no UTF-8 in its name
    for text in (
        "",
        "hello",
        cut,
        odd,
        unreadable,
        "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----",
        "\x00\ufffd",
    ):
        field, sentence = refusal(wiki, system, text, private(key))
        assert (field, "PEM" in sentence) == ("certificate", True)
    assert refusal(wiki, system, "x" * 70_000, private(key)) == (
        "certificate",
        "This is too large: a PEM file has a few kilobytes.",
    )
    assert "This is a private key" in refusal(wiki, system, private(key), private(key))[1]


def test_what_is_no_private_key_is_refused_at_its_field(wiki, system):
    public = certificate(rsa_key())
    broken = re.sub(r"\n(\w{4})", "\nAAAA", private(rsa_key()), count=3)
    for text in ("", "hello", public, broken, private(rsa_key()) + private(rsa_key(number=1))):
        assert refusal(wiki, system, public, text)[0] == "private_key"


def test_a_key_of_another_certificate_is_refused(wiki, system):
    field, sentence = refusal(wiki, system, certificate(rsa_key()), private(rsa_key(number=1)))
    assert (field, sentence) == ("private_key", "This private key does not belong to the certificate.")


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (ec_key, "no RSA key"),
        (lambda: rsa_key(1024), "1024 bits"),
        (lambda: rsa_key(2048, 0, 3), "exponent"),
    ],
)
def test_a_key_that_we_do_not_sign_with_is_refused(wiki, system, key, words):
    field, sentence = refusal(wiki, system, certificate(key()), private(key()))
    assert field == "private_key"
    assert words in sentence


def forged_key():
    """Its numbers fit together, but one of its two primes is a product: anybody may take it apart."""
    small, large = rsa_key(1024).private_numbers(), rsa_key(2048, number=1).private_numbers()
    p, q = small.p * small.q, large.q
    d = pow(65537, -1, (small.p - 1) * (small.q - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(65537, p * q)
    numbers = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public)
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)


def test_an_rsa_key_whose_primes_are_none_is_refused(wiki, system):
    key = forged_key()
    assert refusal(wiki, system, certificate(key), private(key))[0] == "private_key"


def test_expired_and_not_yet_valid_certificates_are_refused(wiki, system):
    key = rsa_key()
    old = certificate(key, begins=NOW - 9 * DAY, ends=NOW - DAY)
    early = certificate(key, begins=NOW + DAY)
    assert "expired on" in refusal(wiki, system, old, private(key))[1]
    assert "not valid yet" in refusal(wiki, system, early, private(key))[1]


def test_an_encrypted_key_asks_for_its_passphrase(wiki, system):
    key = rsa_key()
    for form in (PKCS1, PKCS8):
        sealed = private(key, form, "correct horse")
        assert refusal(wiki, system, certificate(key), sealed)[0] == "passphrase"
        assert refusal(wiki, system, certificate(key), sealed, "wrong horse")[0] == "passphrase"
        pair = upload(wiki, system, certificate(key), sealed, "correct horse")
        with in_tenant(wiki.tenant):
            assert "ENCRYPTED" not in pair.private_key
            pair.delete()


def tlv(tag, *contents):
    content = b"".join(contents)
    length = len(content)
    return bytes([tag]) + (bytes([length]) if length < 128 else b"\x82" + length.to_bytes(2, "big")) + content


def sealed_with(rounds):
    """PKCS #8 with PBES2 and PBKDF2 (RFC 8018 appendix A.4), and nothing inside: nobody is to look."""
    salt = tlv(4, bytes(8))
    derivation = tlv(
        48, bytes.fromhex("06092a864886f70d01050c"), tlv(48, salt, tlv(2, rounds.to_bytes(4, "big")))
    )
    cipher = tlv(48, bytes.fromhex("060960864801650304012a"), tlv(4, bytes(16)))
    algorithm = tlv(48, bytes.fromhex("06092a864886f70d01050d"), tlv(48, derivation, cipher))
    body = base64.encodebytes(tlv(48, algorithm, tlv(4, bytes(256)))).decode()
    return f"-----BEGIN ENCRYPTED PRIVATE KEY-----\n{body}-----END ENCRYPTED PRIVATE KEY-----\n"


def test_a_key_encrypted_to_keep_us_busy_is_refused_before_it_is_decrypted(wiki, system):
    public = certificate(rsa_key())
    dear, usual = sealed_with(0x7FFFFFFF), sealed_with(600_000)
    assert max(integers(dear)) == 0x7FFFFFFF > MOST_ROUNDS > max(integers(private(rsa_key(), PKCS8, "x")))
    assert "minutes" in refusal(wiki, system, public, dear, "x")[1]
    assert refusal(wiki, system, public, usual, "x")[0] == "passphrase"


def test_the_same_certificate_twice_and_a_second_next_are_refused(wiki, system):
    key = rsa_key()
    public = certificate(key)
    upload(wiki, system, public, private(key))
    with pytest.raises(KeyPairRefused, match="already"):
        upload(wiki, system, public, private(key))
    with pytest.raises(CertificateRefused, match="next certificate already"):
        upload(wiki, system, certificate(rsa_key(number=1)), private(rsa_key(number=1)))


def test_a_pair_in_any_usual_form_becomes_the_next_one(wiki, system):
    key = rsa_key()
    public = certificate(key)
    chain = certificate(rsa_key(number=1), name="authority") + public
    for given, secret in (
        (public, private(key, PKCS1)),
        ("notes\n" + public.replace("\n", "\r\n"), "Bag Attributes\n" + private(key)),
        (private(key) + chain, private(key) + chain),
    ):
        pair = upload(wiki, system, given, secret, passphrase="filled in by a browser")
        with in_tenant(wiki.tenant):
            assert pair.state == "next"
            assert pair.common_name == "sso.acme.example"
            assert pair.key_size == 2048
            assert pair.private_key == private(key)
            assert pair.certificate == public
            pair.delete()


def test_it_may_sign_at_once_as_long_as_nobody_came_by_the_present_one(wiki, engineer, system):
    key, public = rsa_key(), certificate(rsa_key())
    first = upload(wiki, system, public, private(key), at_once=True)
    assert first.state == "active"
    answer = posted(engineer.get("/launch/wiki"))
    assert python3_saml(answer.xml, public).get_nameid() == engineer.user.email
    with in_tenant(wiki.tenant):
        assert was_used(wiki)
    other = rsa_key(number=1)
    with pytest.raises(KeyPairRefused) as refused:
        upload(wiki, system, certificate(other), private(other), at_once=True)
    assert refused.value.fields.keys() == {"at_once"}
    with in_tenant(wiki.tenant):
        assert [pair.state for pair in certificates_of(wiki)] == ["active", "retiring"]
        assert {event.details["origin"] for event in Event.objects.filter(type="certificate_create")} == {
            "generated",
            "uploaded",
        }


def test_it_is_kept_sealed_and_lasts_as_long_as_its_certificate(wiki, system):
    key = rsa_key()
    ends = (NOW + 77 * DAY).replace(microsecond=0)
    pair = upload(wiki, system, certificate(key, ends=ends), private(key))
    with in_tenant(wiki.tenant):
        kept = KeyPair.objects.get(pk=pair.pk)
        assert kept.not_after == ends
        assert b"PRIVATE" not in bytes(kept.private_key_sealed)
        assert kept.private_key == private(key)


def test_the_command_line_makes_what_is_taken(wiki, system, tmp_path):
    """openssl itself, where it is installed: encrypted with PBKDF2 and with scrypt."""
    source = tmp_path / "key.pem"
    source.write_text(private(rsa_key()))
    try:
        subprocess.run(["openssl", "version"], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    for how in (["-v2", "aes-256-cbc"], ["-scrypt"]):
        command = ["openssl", "pkcs8", "-topk8", "-in", str(source), "-passout", "pass:x", *how]
        sealed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        assert integers(sealed)
        pair = upload(wiki, system, certificate(rsa_key()), sealed, "x")
        with in_tenant(wiki.tenant):
            pair.delete()
    signed = ["openssl", "req", "-x509", "-sha1", "-key", str(source), "-subj", "/CN=old", "-days", "9"]
    made = subprocess.run(signed, check=False, capture_output=True, text=True)
    if made.returncode == 0:  # some builds sign nothing with SHA-1 any more
        assert "sha1With" in _text_of(made.stdout)
        assert upload(wiki, system, made.stdout, private(rsa_key())).common_name == "old"


def _text_of(pem):
    command = ["openssl", "x509", "-noout", "-text"]
    return subprocess.run(command, input=pem, check=True, capture_output=True, text=True).stdout


def test_reading_der_stops_at_what_is_none():
    assert integers("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAAw\n-----END ENCRYPTED PRIVATE KEY-----") == []
    assert integers("") == []
    nested = b""
    for _ in range(100):
        nested = b"\x30" + bytes([min(len(nested), 127)]) + nested[:127]
    assert integers(f"-\n{base64.b64encode(nested).decode()}\n-") == []
