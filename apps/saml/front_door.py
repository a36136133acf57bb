"""
From octets to XML: everything about a message that is refused before anybody looks at what it says (SAML bindings 3.4, 3.5).
Sizes first, then base64, then inflate, then XML; signatures over exactly what was sent.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, unquote_plus, unquote_to_bytes

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from django.utils.translation import gettext_lazy as _

from apps.lib.errors import SignatureRefused, XmlRefused
from apps.lib.xml import ALGORITHMS, inflate, is_xml_text, parse, verify
from apps.saml.errors import RequestUnreadable, RequestUnsigned

LONGEST_QUERY = 16 * 1024
LARGEST_FORM = 256 * 1024
LARGEST_MESSAGE = 64 * 1024
LONGEST_RELAY_STATE = 1024  # bindings 3.4.3 says 80 bytes; Pulumi's default alone is longer
DEFLATE = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE"
SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
REQUEST, RESPONSE = (
    "SAMLRequest",
    "SAMLResponse",
)  # the parameter that holds the message (bindings 3.4.3, 3.5.3)
BESIDE = frozenset({"RelayState", "SigAlg", "Signature", "SAMLEncoding"})
HASHES = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}

Element = Any  # lxml.etree._Element


@dataclass(frozen=True, slots=True)
class Received:
    """`root` is what may be read: where there was a signature, only what it covers. `parameter` is what brought it."""

    root: Element
    relay_state: str
    signed: bool
    parameter: str = REQUEST


def from_redirect(query: str, certificates: Sequence[str], *, takes: Sequence[str] = (REQUEST,)) -> Received:
    """`query` as it stood in the address, undecoded; `takes` says which messages this address reads. Raises RequestRefused."""
    if len(query) > LONGEST_QUERY:
        raise RequestUnreadable(_("The message is too large."))
    raw, parameter = _parameters(query, takes)
    if raw.get("SAMLEncoding") not in {None, DEFLATE} and unquote(raw["SAMLEncoding"]) != DEFLATE:
        raise RequestUnreadable(_("The message is encoded in a way that is not read here."))
    signed = _verify_query(raw, parameter, certificates)
    try:
        message = inflate(_decoded(unquote(raw[parameter])), max_bytes=LARGEST_MESSAGE)
    except XmlRefused as refusal:
        raise RequestUnreadable(refusal.detail) from refusal
    root, inner = _verified(_root(message), certificates)
    return Received(root, _relay_state(raw.get("RelayState", "")), signed or inner, parameter)


def from_form(
    fields: Mapping[str, Sequence[str]], certificates: Sequence[str], *, takes: Sequence[str] = (REQUEST,)
) -> Received:
    """`fields` of the posted form, each with all its values. Raises RequestRefused."""
    if any(len(fields.get(name, ())) > 1 for name in BESIDE.union(takes)):
        raise RequestUnreadable(_("A parameter of the message stands there twice."))
    given = {name: "".join(fields.get(name, ())) for name in takes}
    parameter = _only_message(given)
    root, signed = _verified(_root(_plain(_decoded(given[parameter]))), certificates)
    relay_state = next(iter(fields.get("RelayState", ())), "")
    return Received(root, _checked_relay_state(relay_state), signed, parameter)


def _parameters(query: str, takes: Sequence[str]) -> tuple[dict[str, str], str]:
    """Raw values by literal name, and the name of the message's.

    A name in percent signs is read by some and not by others, so it is refused (CVE-2026-117691).
    """
    known = BESIDE.union(takes)
    raw: dict[str, str] = {}
    for part in query.split("&"):
        name, _equals, value = part.partition("=")
        if name not in known and unquote_plus(name).strip() in known:
            raise RequestUnreadable(_("A parameter's name is written in an unusual way."))
        if name in raw:
            raise RequestUnreadable(_("A parameter of the message stands there twice."))
        if name in known:
            raw[name] = value
    return raw, _only_message({name: raw.get(name, "") for name in takes})


def _only_message(given: Mapping[str, str]) -> str:
    """The name of the one that holds something. With two, what was signed and what is read could differ."""
    there = [name for name, value in given.items() if value]
    if not there:
        raise RequestUnreadable(_("There is no SAML message here."))
    if len(there) > 1:
        raise RequestUnreadable(_("There are two SAML messages here."))
    return there[0]


def _decoded(text: str) -> bytes:
    compact = "".join(text.split())
    try:
        return base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise RequestUnreadable(_("The message is not base64.")) from error


def _plain(message: bytes) -> bytes:
    """passport-saml compresses what it posts too, which the binding (3.5.4) does not know. XML begins with "<"."""
    if message.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        return message
    try:
        return inflate(message, max_bytes=LARGEST_MESSAGE)
    except XmlRefused:
        return message  # neither: the parser says what is wrong with it


def _root(message: bytes) -> Element:
    try:
        return parse(message, max_bytes=LARGEST_MESSAGE, comments=False)
    except XmlRefused as refusal:
        raise RequestUnreadable(refusal.detail) from refusal


def _relay_state(raw: str) -> str:
    try:
        return _checked_relay_state(unquote_to_bytes(raw.replace("+", " ")).decode("utf-8"))
    except UnicodeDecodeError as error:
        raise RequestUnreadable(_("The RelayState is not text.")) from error


def _checked_relay_state(text: str) -> str:
    if len(text.encode("utf-8", "surrogatepass")) > LONGEST_RELAY_STATE or not is_xml_text(text):
        raise RequestUnreadable(_("The RelayState is too long or not text."))
    return text


# --- signatures: whatever is there has to verify, whether or not it was asked for


def _verified(root: Element, certificates: Sequence[str]) -> tuple[Element, bool]:
    if next(root.iter(SIGNATURE), None) is None:
        return root, False
    _refuse_unknown_signer(certificates)
    try:
        return verify(root, certificates), True
    except SignatureRefused as refusal:
        raise RequestUnsigned(refusal.detail) from refusal


def _verify_query(raw: Mapping[str, str], parameter: str, certificates: Sequence[str]) -> bool:
    """Bindings 3.4.4.1: over the octets as they were sent, in this order, whatever stands between them."""
    if "Signature" not in raw and "SigAlg" not in raw:
        return False
    algorithm = unquote(raw.get("SigAlg", ""))
    if algorithm not in ALGORITHMS:
        raise RequestUnsigned(
            _("The request is signed with an algorithm that is not accepted; RSA-SHA256 or better is.")
        )
    _refuse_unknown_signer(certificates)
    order = [name for name in (parameter, "RelayState", "SigAlg") if name in raw]
    octets = "&".join(f"{name}={raw[name]}" for name in order).encode("latin-1", "replace")
    signature = _decoded(unquote(raw.get("Signature", "")))
    if not any(_signs(certificate, algorithm, signature, octets) for certificate in certificates):
        raise RequestUnsigned(_("The request's signature does not match the application's certificate."))
    return True


def _refuse_unknown_signer(certificates: Sequence[str]) -> None:
    if not certificates:
        raise RequestUnsigned(
            _(
                "The request is signed, but the application's certificate is not known here. Import its metadata."
            )
        )


def _signs(certificate: str, algorithm: str, signature: bytes, octets: bytes) -> bool:
    key = x509.load_pem_x509_certificate(certificate.encode()).public_key()
    kind, _hyphen, size = algorithm.rpartition("#")[2].partition("-")
    try:
        if isinstance(key, rsa.RSAPublicKey) and kind == "rsa":
            key.verify(signature, octets, padding.PKCS1v15(), HASHES[size])
        elif isinstance(key, ec.EllipticCurvePublicKey) and kind == "ecdsa":
            half = len(signature) // 2  # RFC 6931 2.3.6: r and s side by side, no ASN.1
            pair = (int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))
            key.verify(encode_dss_signature(*pair), octets, ec.ECDSA(HASHES[size]))
        else:
            return False
    except InvalidSignature:
        return False
    return True
