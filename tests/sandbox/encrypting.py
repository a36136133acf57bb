"""Encrypts as an identity provider does, by libxmlsec1, which is not what the sandbox decrypts with."""

from typing import Any

import xmlsec
from lxml import etree

from tests.sandbox.identity_provider import NS, SAML

T = xmlsec.constants
XENC = {**NS, "xenc": "http://www.w3.org/2001/04/xmlenc#"}
AES = {T.TransformAes256Gcm: 256, T.TransformAes128Gcm: 128, T.TransformAes256Cbc: 256}


def encrypt(
    root: etree._Element,
    certificate: str,
    *,
    octets: bytes = b"",
    cipher: Any = T.TransformAes256Gcm,
    wrap: Any = T.TransformRsaOaep,
) -> None:
    """An EncryptedAssertion for the holder of `certificate` (PEM) in the place of the Assertion in `root`; of `octets` where given."""
    assertion = root.find("a:Assertion", NS)
    outer = etree.Element(f"{{{SAML}}}EncryptedAssertion", nsmap={"saml": SAML})
    inside = octets or etree.tostring(assertion, method="c14n", exclusive=True)
    outer.append(_encrypted(inside, certificate, cipher, wrap))
    assertion.getparent().replace(assertion, outer)


def _encrypted(octets: bytes, certificate: str, cipher: Any, wrap: Any) -> etree._Element:
    template = xmlsec.template
    data = template.encrypted_data_create(etree.Element("x"), cipher, type=T.TypeEncElement, ns="xenc")
    template.encrypted_data_ensure_cipher_value(data)
    key = template.add_encrypted_key(template.encrypted_data_ensure_key_info(data, ns="ds"), wrap)
    template.encrypted_data_ensure_cipher_value(key)
    manager = xmlsec.KeysManager()
    manager.add_key(xmlsec.Key.from_memory(certificate, T.KeyDataFormatCertPem))
    context = xmlsec.EncryptionContext(manager)
    kind, bits = (T.KeyDataAes, AES[cipher]) if cipher in AES else (T.KeyDataDes, 192)
    context.key = xmlsec.Key.generate(kind, bits, T.KeyDataTypeSession)
    # Read again: lxml does not see all that libxmlsec1 wrote into its tree.
    return etree.fromstring(etree.tostring(context.encrypt_binary(data, octets)))
