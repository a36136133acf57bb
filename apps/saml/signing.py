"""
Signatures in this process (docs/decisions/0005-in-process-signing.md): lxml canonicalises, hashlib digests, cryptography signs.
No program is started, no key touches a disk, nothing is shared between tenants or threads (open_keys.py).

Only making is written here, where an error can do no worse than be refused by everybody. What others signed is believed by
apps.lib.xml.verify alone, and that reads what is made here, too, in the tests.
"""

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree

from apps.saml.models import KeyPair, SignatureAlgorithm
from apps.saml.open_keys import opened

NAMESPACE: Any = {"ds": "http://www.w3.org/2000/09/xmldsig#"}
DS = f"{{{NAMESPACE['ds']}}}"
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
EXCLUSIVE_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
HASHES = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}

Element = Any  # lxml.etree._Element


class Signer:
    """One key and one algorithm, for as long as a message is made. Raises apps.lib.errors.SecretError when the key cannot be unsealed."""

    def __init__(self, key_pair: KeyPair, algorithm: SignatureAlgorithm) -> None:
        self._key = opened(key_pair)
        self._certificate = key_pair.der_base64
        self._algorithm = algorithm
        self._hash = algorithm.value.removeprefix("rsa-")

    def signature(self, octets: bytes) -> str:
        """RSASSA-PKCS1-v1_5 (RFC 4051 2.3.2), in base64."""
        raw = self._key.sign(octets, padding.PKCS1v15(), HASHES[self._hash])
        return base64.b64encode(raw).decode()

    def sign(self, element: Element) -> None:
        """Puts an enveloped Signature behind the element's Issuer (SAML core 5.4). It must not change any more after that."""
        signature, info = _signature(self._algorithm, element.get("ID"), self._digest(canonical(element)))
        element.insert(1, signature)
        _add_value(signature, self.signature(canonical(info)), self._certificate)

    def signature_over(self, octets: bytes, element_id: str) -> str:
        """The Signature that `sign` would put behind the Issuer of the element whose canonical form is `octets`, canonical itself."""
        info, signature = _canonical_forms(self._algorithm)
        named = {"element_id": element_id, "digest": self._digest(octets)}
        value = self.signature(info.format_map(named).encode())
        return signature.format_map(named | {"value": value, "certificate": self._certificate})

    def _digest(self, octets: bytes) -> str:
        return base64.b64encode(hashlib.new(self._hash, octets).digest()).decode()


def _signature(algorithm: SignatureAlgorithm, element_id: str, digest: str) -> tuple[Element, Element]:
    """ds:Signature, still without a value, and its ds:SignedInfo."""
    signature = etree.Element(f"{DS}Signature", nsmap=NAMESPACE)
    info = etree.SubElement(signature, f"{DS}SignedInfo")
    etree.SubElement(info, f"{DS}CanonicalizationMethod", Algorithm=EXCLUSIVE_C14N)
    etree.SubElement(info, f"{DS}SignatureMethod", Algorithm=algorithm.signature_uri)
    reference = etree.SubElement(info, f"{DS}Reference", URI=f"#{element_id}")
    transforms = etree.SubElement(reference, f"{DS}Transforms")
    for transform in (ENVELOPED, EXCLUSIVE_C14N):
        etree.SubElement(transforms, f"{DS}Transform", Algorithm=transform)
    etree.SubElement(reference, f"{DS}DigestMethod", Algorithm=algorithm.digest_uri)
    etree.SubElement(reference, f"{DS}DigestValue").text = digest
    return signature, info


def _add_value(signature: Element, value: str, certificate: str) -> None:
    etree.SubElement(signature, f"{DS}SignatureValue").text = value
    x509_data = etree.SubElement(etree.SubElement(signature, f"{DS}KeyInfo"), f"{DS}X509Data")
    etree.SubElement(x509_data, f"{DS}X509Certificate").text = certificate


@cache
def _canonical_forms(algorithm: SignatureAlgorithm) -> tuple[str, str]:
    """Of SignedInfo and of the whole Signature, for str.format_map. What stands in them is base64 and IDs of ours: nothing to escape."""
    signature, info = _signature(algorithm, "{element_id}", "{digest}")
    _add_value(signature, "{value}", "{certificate}")
    return canonical(info).decode(), canonical(signature).decode()


def signed(
    message: Element, parts: Sequence[Element], *, key_pair: KeyPair, algorithm: SignatureAlgorithm
) -> bytes:
    """`message` with each of `parts` signed; give inner parts first, since outer signatures cover inner ones.

    Raises apps.lib.errors.SecretError when the key cannot be unsealed.
    """
    signer = Signer(key_pair, algorithm)
    for part in parts:
        signer.sign(part)
    return serialised(message)


def serialised(message: Element) -> bytes:
    """UTF-8 without a declaration."""
    return etree.tostring(message, encoding="UTF-8", xml_declaration=False)


def canonical(element: Element) -> bytes:
    """Exclusive, without comments (xml-exc-c14n 4)."""
    return etree.tostring(element, method="c14n", exclusive=True, with_comments=False)
