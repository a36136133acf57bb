"""Encrypted assertions are opened here (SAML core 2.3.4, XML Encryption 1.1): AES-GCM under a key that RSA-OAEP wrapped, nothing else.

Anybody may encrypt for a service provider, whose key is public: what was inside is believed no more than before.
"""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.utils.translation import gettext as _

from apps.lib import xml
from apps.sandbox.errors import AssertionRefused
from apps.sandbox.saml.names import XENC, A, D, Element, X, text_of

XENC11 = "http://www.w3.org/2009/xmlenc11#"
RSA_OAEP = f"{XENC}rsa-oaep-mgf1p"
# Algorithm: (what the page calls it, bytes of its key).
CIPHERS = {f"{XENC11}aes256-gcm": ("AES-256-GCM", 32), f"{XENC11}aes128-gcm": ("AES-128-GCM", 16)}
SHA1, SHA256 = "http://www.w3.org/2000/09/xmldsig#sha1", f"{XENC}sha256"
DIGESTS: dict[str, Any] = {SHA256: hashes.SHA256(), SHA1: hashes.SHA1()}  # noqa: S303 - OAEP needs no collision resistance
NONCE_BYTES = 12  # XML Encryption 1.1, 5.2.4


@dataclass(frozen=True)
class Opened:
    """`assertion` is the root of a document of its own, so no ID and no prefix of the Response reaches into it."""

    assertion: Element
    words: str


def decrypt(encrypted: Element, private_key: Callable[[], str], *, max_bytes: int) -> Opened:
    """`encrypted` is an EncryptedAssertion, `private_key` gives PEM. Raises AssertionRefused: one sentence for all that does not open."""
    data, key = _one(encrypted, "EncryptedData"), _one(encrypted, "EncryptedKey")
    cipher = _algorithm(data)
    if cipher not in CIPHERS or _algorithm(key) != RSA_OAEP:
        raise _refused_algorithm(cipher if cipher not in CIPHERS else _algorithm(key))
    words, size = CIPHERS[cipher]
    try:
        octets = _plain(data, _unwrapped(key, private_key()), size)
    except (ValueError, InvalidTag, binascii.Error):
        raise AssertionRefused(
            "encryption",
            _("The assertion cannot be decrypted: it was changed on the way, or encrypted for another key."),
        ) from None
    return Opened(_assertion(octets, max_bytes), words)


def _one(encrypted: Element, name: str) -> Element:
    found = list(encrypted.iter(f"{X}{name}"))
    if len(found) != 1:
        raise AssertionRefused(
            "encryption", _("There is not exactly one %(name)s in the EncryptedAssertion.") % {"name": name}
        )
    return found[0]


def _algorithm(element: Element) -> str:
    method = element.find(f"{X}EncryptionMethod")
    return (method.get("Algorithm") or "") if method is not None else ""


def _refused_algorithm(algorithm: str) -> AssertionRefused:
    return AssertionRefused(
        "encryption",
        _(
            "Encrypted with %(algorithm)s, which the sandbox refuses: it takes AES-GCM, and its key by RSA-OAEP."
        )
        % {"algorithm": algorithm.rpartition("#")[2][:60] or _("an algorithm without a name")},
    )


def _unwrapped(key: Element, private_key: str) -> bytes:
    """The mask is MGF1 with SHA-1 whatever the digest (XML Encryption 1.1, 5.5.2). Raises ValueError."""
    if not private_key:
        raise ValueError
    digest = key.find(f"{X}EncryptionMethod/{D}DigestMethod")
    named = SHA1 if digest is None else digest.get("Algorithm") or ""
    if named not in DIGESTS:
        raise _refused_algorithm(named)
    rsa: Any = load_pem_private_key(private_key.encode(), None, unsafe_skip_rsa_key_validation=True)
    oaep = OAEP(MGF1(hashes.SHA1()), DIGESTS[named], label=None)  # noqa: S303
    return bytes(rsa.decrypt(_octets(key), oaep))


def _plain(data: Element, key: bytes, size: int) -> bytes:
    octets = _octets(data)
    if len(key) != size:
        raise ValueError
    return AESGCM(key).decrypt(octets[:NONCE_BYTES], octets[NONCE_BYTES:], None)


def _octets(element: Element) -> bytes:
    value = text_of(element.find(f"{X}CipherData/{X}CipherValue"))
    return base64.b64decode("".join(value.split()), validate=True)


def _assertion(octets: bytes, max_bytes: int) -> Element:
    try:
        root = xml.parse(octets, max_bytes=max_bytes, comments=False)
    except xml.XmlError as error:
        raise AssertionRefused("document", str(error.detail)) from None
    inside = [*root.iter(f"{A}Assertion"), *root.iter(f"{A}EncryptedAssertion")]
    if inside != [root]:
        raise AssertionRefused("assertion", _("What is encrypted is not exactly one Assertion."))
    return root
