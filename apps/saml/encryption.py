"""Encrypted assertions (SAML core 2.3.4, XML Encryption 1.1): AES-GCM under a key of its own, which RSA-OAEP wraps for the service provider."""

import base64
import secrets
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from lxml import etree

from apps.saml.canonical_responses import signed_response
from apps.saml.messages import ASSERTION, SAML, Values, response_tree
from apps.saml.models import EncryptionAlgorithm, KeyPair, OaepDigest, SsoSettings
from apps.saml.signing import DS, Signer, canonical, serialised

XENC_URI = "http://www.w3.org/2001/04/xmlenc#"
XENC = f"{{{XENC_URI}}}"
RSA_OAEP = f"{XENC_URI}rsa-oaep-mgf1p"
NAMESPACES: Any = {"xenc": XENC_URI, "ds": DS[1:-1]}
OAEP_HASHES = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256()}  # noqa: S303 - see OaepDigest
NONCE_BYTES = 12  # XML Encryption 1.1, 5.2.4: it stands before the ciphertext, the tag of 16 bytes behind it

Element = Any  # lxml.etree._Element


def response_octets(values: Values, settings: SsoSettings, key_pair: KeyPair) -> bytes:
    """A Response with its assertion as the settings want it: signed, then encrypted, then the Response signed over the ciphertext.

    `values` are those of apps.saml.messages.response_values. Raises apps.lib.errors.SecretError when the key cannot be unsealed.
    """
    signer = Signer(key_pair, settings.algorithm)
    if not settings.encrypt_assertion:
        signs = {"sign_assertion": settings.sign_assertion, "sign_response": settings.sign_response}
        return signed_response(values, signer, **signs)
    message = response_tree(values)
    assertion = message.find(ASSERTION)
    if settings.sign_assertion:
        signer.sign(assertion)
    encrypt(assertion, settings)
    if settings.sign_response:
        signer.sign(message)
    return serialised(message)


def encrypt(assertion: Element, settings: SsoSettings) -> None:
    """Puts an EncryptedAssertion in the place of `assertion`, which was signed before if at all.

    What is encrypted is the assertion's canonical form: it brings its namespaces along, so whoever puts it back into the
    Response, whose prefixes are the same, verifies the octets that were signed.
    """
    algorithm = EncryptionAlgorithm(settings.encryption_algorithm)
    key = AESGCM.generate_key(algorithm.bits)
    nonce = secrets.token_bytes(NONCE_BYTES)
    ciphertext = nonce + AESGCM(key).encrypt(nonce, canonical(assertion), None)
    outer = etree.Element(f"{SAML}EncryptedAssertion", nsmap={"saml": SAML[1:-1]})
    data = etree.SubElement(outer, f"{XENC}EncryptedData", nsmap=NAMESPACES, Type=f"{XENC_URI}Element")
    etree.SubElement(data, f"{XENC}EncryptionMethod", Algorithm=algorithm.uri)
    _add_encrypted_key(etree.SubElement(data, f"{DS}KeyInfo"), key, settings)
    _add_cipher_value(data, ciphertext)
    assertion.getparent().replace(assertion, outer)


def _add_encrypted_key(key_info: Element, key: bytes, settings: SsoSettings) -> None:
    encrypted_key = etree.SubElement(key_info, f"{XENC}EncryptedKey")
    method = etree.SubElement(encrypted_key, f"{XENC}EncryptionMethod", Algorithm=RSA_OAEP)
    etree.SubElement(method, f"{DS}DigestMethod", Algorithm=OaepDigest(settings.oaep_digest).uri)
    _add_cipher_value(encrypted_key, _wrapped(key, settings))


def _wrapped(key: bytes, settings: SsoSettings) -> bytes:
    """The mask is MGF1 with SHA-1 whatever the digest: that is what rsa-oaep-mgf1p stands for (XML Encryption 1.1, 5.5.2)."""
    certificate = x509.load_pem_x509_certificate(settings.sp_encryption_certificate.encode())
    public_key: Any = certificate.public_key()  # RSA: apps.saml.validation stores no other
    oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), OAEP_HASHES[settings.oaep_digest], label=None)  # noqa: S303
    return bytes(public_key.encrypt(key, oaep))


def _add_cipher_value(parent: Element, octets: bytes) -> None:
    data = etree.SubElement(parent, f"{XENC}CipherData")
    etree.SubElement(data, f"{XENC}CipherValue").text = base64.b64encode(octets).decode()
