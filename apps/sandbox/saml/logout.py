"""Single logout by Redirect (SAML core 3.7, bindings 3.4.4.1): what is sent is signed, and what is not signed is refused."""

import base64
import binascii
import secrets
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote, unquote_plus

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.utils.translation import gettext as _
from lxml import etree

from apps.lib import xml
from apps.sandbox.errors import AssertionRefused
from apps.sandbox.saml.names import SAML, SAMLP, A, Element, P, instant, text_of

REQUEST, RESPONSE = "SAMLRequest", "SAMLResponse"
STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
HASHES: dict[str, Any] = {
    f"http://www.w3.org/2001/04/xmldsig-more#rsa-sha{size}": hash_
    for size, hash_ in ((256, hashes.SHA256()), (384, hashes.SHA384()), (512, hashes.SHA512()))
}
RSA_SHA256 = next(iter(HASHES))
FRESH = timedelta(minutes=5)
LARGEST = 64 * 1024


@dataclass(frozen=True)
class Message:
    """A LogoutRequest has `name_id` and `session_index`, a LogoutResponse `in_response_to` and `statuses`, from the outside in."""

    kind: str
    message_id: str
    relay_state: str
    name_id: str
    session_index: str
    in_response_to: str
    statuses: tuple[str, ...]


# --- reading


def read(query: str, *, slo_url: str, issuer: str, certificates: list[str], now: datetime) -> Message:
    """`query` as it stood in the address. Raises AssertionRefused with the first check that fails."""
    raw = dict(part.partition("=")[::2] for part in query[: 2 * LARGEST].split("&"))
    kind = RESPONSE if RESPONSE in raw else REQUEST
    if kind not in raw or (REQUEST in raw and RESPONSE in raw):
        raise AssertionRefused("message", _("There is not exactly one logout message."))
    _check_signature(raw, kind, certificates)
    root = _root(raw[kind])
    if root.tag != f"{P}Logout{kind.removeprefix('SAML')}" or root.get("Version") != "2.0":
        raise AssertionRefused("message", _("This is not a SAML 2.0 logout message."))
    if text_of(root.find(f"{A}Issuer")) != issuer:
        raise AssertionRefused("issuer", _("The logout message comes from somebody else."))
    if root.get("Destination") != slo_url:
        raise AssertionRefused("destination", _("Destination is not the address of this service provider."))
    made = instant(root.get("IssueInstant") or "")
    if made is None or abs(now - made) > FRESH:
        raise AssertionRefused("time", _("The logout message is too old, or a clock is wrong."))
    return Message(
        kind=kind,
        message_id=root.get("ID") or "",
        relay_state=unquote_plus(raw.get("RelayState", "")),
        name_id=text_of(root.find(f"{A}NameID")),
        session_index=text_of(root.find(f"{P}SessionIndex")),
        in_response_to=root.get("InResponseTo") or "",
        statuses=tuple(code.get("Value") or "" for code in root.iterfind(f".//{P}StatusCode")),
    )


def _check_signature(raw: dict[str, str], kind: str, certificates: list[str]) -> None:
    algorithm = HASHES.get(unquote(raw.get("SigAlg", "")))
    octets = "&".join(f"{name}={raw[name]}" for name in (kind, "RelayState", "SigAlg") if name in raw)
    signature = _octets(raw.get("Signature", ""))
    for certificate in certificates if algorithm is not None else ():
        key: Any = x509.load_pem_x509_certificate(certificate.encode()).public_key()
        try:
            key.verify(signature, octets.encode("latin-1", "replace"), PKCS1v15(), algorithm)
        except InvalidSignature:
            continue
        return
    raise AssertionRefused("signature", _("The logout message is not signed by the identity provider."))


def _octets(quoted: str) -> bytes:
    try:
        return base64.b64decode(unquote(quoted), validate=True)
    except (ValueError, binascii.Error):
        raise AssertionRefused("encoding", _("The logout message is not base64.")) from None


def _root(quoted: str) -> Element:
    try:
        return xml.parse(xml.inflate(_octets(quoted), max_bytes=LARGEST), max_bytes=LARGEST, comments=False)
    except xml.XmlError as error:
        raise AssertionRefused("document", str(error.detail)) from None


# --- writing


@dataclass(frozen=True)
class Sender:
    """Who signs, and where to: the identity provider's logout address."""

    entity_id: str
    private_key: str
    url: str

    def request(
        self, name_id: str, name_id_format: str, session_index: str, now: datetime
    ) -> tuple[str, str]:
        """The address to send the browser to, and the request's ID."""
        root = self._message("LogoutRequest", now)
        form = {"Format": name_id_format} if name_id_format else {}
        etree.SubElement(root, f"{A}NameID", form).text = name_id
        if session_index:
            etree.SubElement(root, f"{P}SessionIndex").text = session_index
        return self._address(REQUEST, root, ""), str(root.get("ID"))

    def response(self, in_response_to: str, relay_state: str, now: datetime, *statuses: str) -> str:
        root = self._message("LogoutResponse", now)
        root.set("InResponseTo", in_response_to)
        code: Element = etree.SubElement(root, f"{P}Status")
        for status in statuses:
            code = etree.SubElement(code, f"{P}StatusCode", Value=f"{STATUS}{status}")
        return self._address(RESPONSE, root, relay_state)

    def _message(self, kind: str, now: datetime) -> Element:
        namespaces: Any = {"samlp": SAMLP, "saml": SAML}
        root = etree.Element(
            f"{P}{kind}",
            nsmap=namespaces,
            ID=f"_{secrets.token_hex(20)}",
            Version="2.0",
            IssueInstant=now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            Destination=self.url,
        )
        etree.SubElement(root, f"{A}Issuer").text = self.entity_id
        return root

    def _address(self, parameter: str, root: Element, relay_state: str) -> str:
        compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        deflated = compressor.compress(etree.tostring(root)) + compressor.flush()
        parts = {parameter: base64.b64encode(deflated).decode()}
        parts |= {"RelayState": relay_state} if relay_state else {}
        parts["SigAlg"] = RSA_SHA256
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in parts.items())
        key: Any = load_pem_private_key(self.private_key.encode(), None, unsafe_skip_rsa_key_validation=True)
        signature = base64.b64encode(key.sign(query.encode(), PKCS1v15(), hashes.SHA256())).decode()
        return f"{self.url}{'&' if '?' in self.url else '?'}{query}&Signature={quote(signature, safe='')}"
