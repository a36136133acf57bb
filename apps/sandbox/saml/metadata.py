"""Metadata both ways: the identity provider's is read, the sandbox's own is written."""

import base64
import binascii
import ssl
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from django.utils.translation import gettext as _
from lxml import etree

from apps.lib import xml
from apps.sandbox.errors import MetadataRefused
from apps.sandbox.saml.encrypted import CIPHERS, DIGESTS, RSA_OAEP
from apps.sandbox.saml.names import (
    DS,
    MD,
    POST,
    REDIRECT,
    SAMLP,
    UNSPECIFIED,
    D,
    Element,
    M,
    instant,
    text_of,
)

LARGEST = 1024 * 1024
CONTENT_TYPE = "application/samlmetadata+xml"


@dataclass(frozen=True)
class IdentityProvider:
    """`certificates` are PEM, in the order of the metadata; an address is empty when that binding is not offered.

    `slo_url` is by Redirect.
    """

    entity_id: str
    redirect_url: str
    post_url: str
    slo_url: str
    certificates: tuple[str, ...]


def read(document: str, now: datetime) -> IdentityProvider:
    """Raises MetadataRefused."""
    try:
        root = xml.parse(document.encode("utf-8", "surrogatepass"), max_bytes=LARGEST)
    except xml.XmlError as error:
        raise MetadataRefused(str(error.detail)) from None
    entity = _entity(root)
    until = instant(entity.get("validUntil") or "9999-01-01T00:00:00Z")
    if until is None or until <= now:
        raise MetadataRefused(_("This metadata has expired."))
    role = entity.find(f"{M}IDPSSODescriptor")
    entity_id = entity.get("entityID") or ""
    if role is None or not entity_id or len(entity_id) > 1024:
        raise MetadataRefused(_("This is not the metadata of an identity provider."))
    found = IdentityProvider(
        entity_id=entity_id,
        redirect_url=_location(role, "SingleSignOnService", REDIRECT),
        post_url=_location(role, "SingleSignOnService", POST),
        slo_url=_location(role, "SingleLogoutService", REDIRECT),
        certificates=_certificates(role),
    )
    if not found.redirect_url and not found.post_url:
        raise MetadataRefused(_("The identity provider offers single sign-on by neither Redirect nor POST."))
    if not found.certificates:
        raise MetadataRefused(_("The metadata has no certificate for signing."))
    return found


def _entity(root: Element) -> Element:
    if root.tag == f"{M}EntityDescriptor":
        return root
    entities = root.findall(f"{M}EntityDescriptor") if root.tag == f"{M}EntitiesDescriptor" else []
    if len(entities) != 1:
        raise MetadataRefused(_("This is not the metadata of one entity."))
    return entities[0]


def _location(role: Element, kind: str, binding: str) -> str:
    for service in role.findall(f"{M}{kind}"):
        if service.get("Binding") == binding:
            location = service.get("Location") or ""
            if urlsplit(location).scheme not in {"http", "https"} or len(location) > 2000:
                raise MetadataRefused(_("An address of the identity provider is not a web address."))
            return location
    return ""


def _certificates(role: Element) -> tuple[str, ...]:
    """Those for signing: without `use` a key is for both (SAML metadata 2.4.1.1)."""
    keys = [key for key in role.findall(f"{M}KeyDescriptor") if key.get("use") in {None, "signing"}]
    return tuple(pem(text_of(each)) for key in keys for each in key.iter(f"{D}X509Certificate"))


def pem(encoded: str) -> str:
    """Raises MetadataRefused for what is not a certificate."""
    try:
        der = base64.b64decode("".join(encoded.split()), validate=True)
        x509.load_der_x509_certificate(der)
    except (ValueError, binascii.Error):
        raise MetadataRefused(_("A certificate in the metadata cannot be read.")) from None
    return ssl.DER_cert_to_PEM_cert(der)


def write(entity_id: str, acs_url: str, slo_url: str, certificate: str) -> bytes:
    """The sandbox's own: assertions must be signed, sign-in requests are not, logout messages are, with `certificate` (PEM).

    Assertions may be encrypted for the same certificate.
    """
    namespaces: Any = {"md": MD}
    entity = etree.Element(f"{M}EntityDescriptor", nsmap=namespaces, entityID=entity_id)
    role = etree.SubElement(
        entity,
        f"{M}SPSSODescriptor",
        AuthnRequestsSigned="false",
        WantAssertionsSigned="true",
        protocolSupportEnumeration=SAMLP,
    )
    _add_key(role, "signing", certificate)
    _add_encryption_methods(_add_key(role, "encryption", certificate))
    etree.SubElement(role, f"{M}SingleLogoutService", Binding=REDIRECT, Location=slo_url)
    etree.SubElement(role, f"{M}NameIDFormat").text = UNSPECIFIED
    etree.SubElement(
        role, f"{M}AssertionConsumerService", Binding=POST, Location=acs_url, index="0", isDefault="true"
    )
    return bytes(etree.tostring(entity, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _add_key(role: Element, use: str, certificate: str) -> Element:
    key = etree.SubElement(role, f"{M}KeyDescriptor", nsmap={"ds": DS}, use=use)
    info = etree.SubElement(etree.SubElement(key, f"{D}KeyInfo"), f"{D}X509Data")
    der = ssl.PEM_cert_to_DER_cert(certificate)
    etree.SubElement(info, f"{D}X509Certificate").text = base64.b64encode(der).decode()
    return key


def _add_encryption_methods(key: Element) -> None:
    """Metadata 2.4.1.1: the best first."""
    for algorithm in CIPHERS:
        etree.SubElement(key, f"{M}EncryptionMethod", Algorithm=algorithm)
    for digest in DIGESTS:
        method = etree.SubElement(key, f"{M}EncryptionMethod", Algorithm=RSA_OAEP)
        etree.SubElement(method, f"{D}DigestMethod", Algorithm=digest)
