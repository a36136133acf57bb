"""
Signatures in this process (docs/decisions/0005-in-process-signing.md): lxml canonicalises, hashlib digests, cryptography signs.
No program is started, no key touches a disk, nothing is shared between tenants or threads (open_keys.py).

Only making is written here, where an error can do no worse than be refused by everybody. What others signed is believed by
apps.lib.xml.verify alone, and that reads what is made here, too, in the tests.
"""

import base64
import hashlib
from collections.abc import Sequence
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
        digest = hashlib.new(self._hash, canonical(element)).digest()
        signature = etree.Element(f"{DS}Signature", nsmap=NAMESPACE)
        signed_info = self._add_signed_info(signature, element.get("ID"), digest)
        element.insert(1, signature)
        etree.SubElement(signature, f"{DS}SignatureValue").text = self.signature(canonical(signed_info))
        x509_data = etree.SubElement(etree.SubElement(signature, f"{DS}KeyInfo"), f"{DS}X509Data")
        etree.SubElement(x509_data, f"{DS}X509Certificate").text = self._certificate

    def _add_signed_info(self, signature: Element, element_id: str, digest: bytes) -> Element:
        info = etree.SubElement(signature, f"{DS}SignedInfo")
        etree.SubElement(info, f"{DS}CanonicalizationMethod", Algorithm=EXCLUSIVE_C14N)
        etree.SubElement(info, f"{DS}SignatureMethod", Algorithm=self._algorithm.signature_uri)
        reference = etree.SubElement(info, f"{DS}Reference", URI=f"#{element_id}")
        transforms = etree.SubElement(reference, f"{DS}Transforms")
        for algorithm in (ENVELOPED, EXCLUSIVE_C14N):
            etree.SubElement(transforms, f"{DS}Transform", Algorithm=algorithm)
        etree.SubElement(reference, f"{DS}DigestMethod", Algorithm=self._algorithm.digest_uri)
        etree.SubElement(reference, f"{DS}DigestValue").text = base64.b64encode(digest).decode()
        return info


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
