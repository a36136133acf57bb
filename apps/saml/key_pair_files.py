"""
A certificate and its private key from outside, read and judged. What is refused says why, in KeyPairRefused, and never what was sent.

Which signature the certificate itself has does not matter: service providers are given the certificate and compare it, nobody
follows it to an authority. So one that signed itself with SHA-1 is as good as any; our own signatures are another matter.
"""

import datetime as dt
import re

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from apps.lib.crypto import KeyPairPem
from apps.saml.der import integers
from apps.saml.errors import KeyPairRefused

LONGEST = 64 * 1024  # characters of either file
SMALLEST_KEY, LARGEST_KEY = 2048, 8192  # bits: NIST SP 800-131A below, a second per signature above
MOST_ROUNDS = 5_000_000  # of PBKDF2 (or N of scrypt): about two seconds
_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,40})-----.*?-----END \1-----", re.DOTALL)


@sensitive_variables("private_key", "passphrase", "key")
def read_key_pair(certificate: str, private_key: str, passphrase: str, *, now: dt.datetime) -> KeyPairPem:
    """PEM in, normalised PEM out: PKCS #8, not encrypted. Raises KeyPairRefused.

    Each file may hold more than is asked for: a chain below the certificate, or both in one file.
    """
    certificates = _certificates(certificate)
    key = _private_key(private_key, passphrase)
    own = key.public_key()
    found = next((each for each in certificates if _public_key(each) == own), None)
    if found is None:
        raise KeyPairRefused("private_key", _("This private key does not belong to the certificate."))
    _refuse_moment(found, now)
    pkcs8 = serialization.PrivateFormat.PKCS8
    pem = key.private_bytes(serialization.Encoding.PEM, pkcs8, serialization.NoEncryption())
    public = found.public_bytes(serialization.Encoding.PEM)
    return KeyPairPem(pem.decode(), public.decode())


def _certificates(text: str) -> list[x509.Certificate]:
    blocks = _blocks(text, "certificate")
    chosen = [block for label, block in blocks if label in {"CERTIFICATE", "X509 CERTIFICATE"}]
    if not chosen and any("PRIVATE KEY" in label for label, _block in blocks):
        raise KeyPairRefused(
            "certificate", _("This is a private key. Choose the certificate that belongs to it.")
        )
    try:
        certificates = [_certificate(block) for block in chosen[:10]]
    except (ValueError, x509.InvalidVersion):
        certificates = []
    if not certificates:
        raise KeyPairRefused(
            "certificate",
            _("This is no certificate in PEM form: a text that begins with -----BEGIN CERTIFICATE-----."),
        )
    return certificates


def _certificate(block: str) -> x509.Certificate:
    """With all that pages show of it read once: some of it is only looked at when it is asked for."""
    certificate = x509.load_pem_x509_certificate(block.encode())
    _ = (certificate.subject, certificate.not_valid_before_utc, certificate.not_valid_after_utc)
    return certificate


@sensitive_variables()
def _private_key(text: str, passphrase: str) -> rsa.RSAPrivateKey:
    """Checked as a whole by the library: that it is RSA says little when its primes are none."""
    block = _key_block(text)
    encrypted = "ENCRYPTED" in block
    if encrypted and not passphrase:
        raise KeyPairRefused("passphrase", _("This private key is encrypted: enter its passphrase."))
    try:
        # A passphrase for a key that has none is what browsers fill in by themselves: it does no harm.
        key = serialization.load_pem_private_key(block.encode(), passphrase.encode() if encrypted else None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise _unreadable(encrypted=encrypted) from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise KeyPairRefused(
            "private_key", _("This is no RSA key. Responses are signed with RSA, so the pair has to be RSA.")
        )
    if not SMALLEST_KEY <= key.key_size <= LARGEST_KEY:
        sentence = _("The key has %(bits)s bits; from %(least)s to %(most)s are accepted.")
        values = {"bits": key.key_size, "least": SMALLEST_KEY, "most": LARGEST_KEY}
        raise KeyPairRefused("private_key", sentence % values)
    if key.public_key().public_numbers().e < 65537:  # FIPS 186-5 section 5.1
        raise KeyPairRefused("private_key", _("The key's public exponent is too small; 65537 is usual."))
    return key


@sensitive_variables()
def _key_block(text: str) -> str:
    keys = [block for label, block in _blocks(text, "private_key") if label.endswith("PRIVATE KEY")]
    if len(keys) != 1:
        sentence = (
            _("There is more than one private key in this file.")
            if keys
            else _("This is no private key in PEM form: a text that begins with -----BEGIN PRIVATE KEY-----.")
        )
        raise KeyPairRefused("private_key", sentence)
    if keys[0].startswith("-----BEGIN ENCRYPTED") and max(integers(keys[0]), default=0) > MOST_ROUNDS:
        raise KeyPairRefused(
            "private_key",
            _("This key is encrypted so dearly that reading it would take minutes. Decrypt it first."),
        )
    return keys[0]


def _unreadable(*, encrypted: bool) -> KeyPairRefused:
    if encrypted:
        return KeyPairRefused(
            "passphrase", _("The passphrase does not open this private key, or the key is damaged.")
        )
    return KeyPairRefused(
        "private_key", _("This private key cannot be read: it is damaged, or of a kind that is not known.")
    )


@sensitive_variables()
def _blocks(text: str, field: str) -> list[tuple[str, str]]:
    """(label, PEM block), each (RFC 7468 section 2)."""
    if len(text) > LONGEST:
        raise KeyPairRefused(field, _("This is too large: a PEM file has a few kilobytes."))
    return [(match[1], match[0]) for match in _PEM.finditer(text)]


def _public_key(certificate: x509.Certificate) -> object:
    try:
        return certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return None


def _refuse_moment(certificate: x509.Certificate, now: dt.datetime) -> None:
    if certificate.not_valid_after_utc <= now:
        day = certificate.not_valid_after_utc.strftime("%Y-%m-%d")
        raise KeyPairRefused("certificate", _("The certificate expired on %(day)s.") % {"day": day})
    if certificate.not_valid_before_utc > now:
        day = certificate.not_valid_before_utc.strftime("%Y-%m-%d")
        raise KeyPairRefused(
            "certificate", _("The certificate is not valid yet, but from %(day)s on.") % {"day": day}
        )
