"""The front door for XML from outside, and the one form of XML signature that is believed."""

import re
import zlib
from collections.abc import Collection, Sequence
from copy import deepcopy
from typing import Any, Final

import xmlsec
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from lxml import etree

from apps.lib.errors import SignatureRefused, XmlError, XmlRefused

__all__ = [
    "ALGORITHMS",
    "SignatureRefused",
    "XmlError",
    "XmlRefused",
    "inflate",
    "is_xml_text",
    "parse",
    "verify",
]

Element = Any  # lxml.etree._Element

DS: Final = "{http://www.w3.org/2000/09/xmldsig#}"
ENVELOPED: Final = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
EXCLUSIVE_C14N: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
_MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
ALGORITHMS: Final = frozenset(
    f"{_MORE}{kind}-{size}" for kind in ("rsa", "ecdsa") for size in ("sha256", "sha384", "sha512")
)
_DIGESTS: Final = frozenset(
    {"http://www.w3.org/2001/04/xmlenc#sha256", f"{_MORE}sha384", "http://www.w3.org/2001/04/xmlenc#sha512"}
)

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_DECLARATION = re.compile(
    rb"""<\?xml\s+version\s*=\s*["']1\.0["'](\s+encoding\s*=\s*["']utf-8["'])?(\s+standalone\s*=\s*["'](yes|no)["'])?\s*\?>""",
    re.IGNORECASE,
)


def is_xml_text(value: str) -> bool:
    """Whether every character may stand in XML 1.0 (section 2.2). What may not would fail at the signing of a response."""
    return _ILLEGAL.search(value) is None


def as_xml_text(value: str) -> str:
    """With U+FFFD for every character that may not stand there."""
    return _ILLEGAL.sub("\ufffd", value)


def inflate(data: bytes, *, max_bytes: int = 65536) -> bytes:
    """Raw DEFLATE as the Redirect binding has it (SAML bindings 3.4.4.1). It stops at `max_bytes`: a kilobyte can hold a megabyte."""
    decompressor = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        inflated = decompressor.decompress(data, max_bytes + 1)
    except zlib.error:
        raise XmlRefused(_("The message is not compressed the way the Redirect binding asks.")) from None
    if len(inflated) > max_bytes:
        raise XmlRefused(format_lazy(_("The message is larger than {size} KiB."), size=max_bytes // 1024))
    if not decompressor.eof or decompressor.unused_data:
        raise XmlRefused(_("The message is cut short or has something behind its end."))
    return inflated


def parse(data: bytes, *, max_bytes: int, max_depth: int = 32, comments: bool = True) -> Element:
    """The root element. Raises XmlRefused; `comments=False` for messages whose text must not be split by one.

    No DOCTYPE, no entity, no processing instruction, UTF-8 only, whatever a parser would make of them.
    """
    if len(data) > max_bytes:
        raise XmlRefused(format_lazy(_("The document is larger than {size} KiB."), size=max_bytes // 1024))
    text = data.removeprefix(b"\xef\xbb\xbf").strip()
    _refuse_forms(text, comments=comments)
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
        recover=False,
        collect_ids=False,
    )
    try:
        root = etree.fromstring(text, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise XmlRefused(_("The document is not well-formed XML.")) from None
    _refuse_depth(root, max_depth)
    return root


def _refuse_forms(text: bytes, *, comments: bool) -> None:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        raise XmlRefused(_("The document is not in UTF-8.")) from None
    if b"\0" in text:
        raise XmlRefused(_("The document is not in UTF-8."))
    declaration = _DECLARATION.match(text)
    body = text[declaration.end() :] if declaration else text
    if body.startswith(b"<?xml"):
        raise XmlRefused(_("The document does not declare XML 1.0 in UTF-8."))
    if re.search(rb"<!(doctype|entity)", body, re.IGNORECASE):
        raise XmlRefused(_("The document has a DOCTYPE or an entity declaration, which are not read here."))
    if b"<?" in body:
        raise XmlRefused(_("The document has a processing instruction, which is not read here."))
    if not comments and b"<!--" in body:
        raise XmlRefused(_("The document has a comment, which is not read here."))


def _refuse_depth(root: Element, max_depth: int) -> None:
    depth = 0
    for event, _element in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > max_depth:
            raise XmlRefused(_("The document is nested too deep."))


# --- signatures


def verify(
    element: Element, certificates: Sequence[str], *, algorithms: Collection[str] = ALGORITHMS
) -> Element:
    """Return what one of the PEM `certificates` signed: a detached copy of `element` without its Signature. Read only from it.

    The Signature is the element's own child and signs exactly that element by its ID. KeyInfo is never looked at. Raises SignatureRefused.
    """
    signature = _one(element, "Signature")
    _refuse_ambiguity(element)
    _refuse_structure(element, signature, algorithms)
    if not any(_is_signed_by(element, signature, certificate) for certificate in certificates):
        raise SignatureRefused(
            "The signature does not match any of the certificates that are known for the sender."
        )
    verified = deepcopy(element)
    verified.tail = None
    verified.remove(_one(verified, "Signature"))
    return verified


def _refuse_ambiguity(element: Element) -> None:
    """One element per ID in the whole document, and no comment: exclusive c14n drops comments, so they are unsigned."""
    own = element.get("ID")
    if not own:
        raise SignatureRefused("The signed element has no ID.")
    bearers = 0
    for node in element.getroottree().getroot().iter():
        if not isinstance(node.tag, str):
            raise SignatureRefused("A signed document must not have comments or processing instructions.")
        bearers += any(
            value == own and etree.QName(name).localname.lower().endswith("id")
            for name, value in node.items()
        )
    if bearers != 1:
        raise SignatureRefused("Two elements of the document have the same ID.")


def _refuse_structure(element: Element, signature: Element, algorithms: Collection[str]) -> None:
    """XML Signature allows far more than SAML core 5.4 does; whatever is more is refused."""
    _only(signature, ["SignedInfo", "SignatureValue"], optional="KeyInfo")
    signed = _one(signature, "SignedInfo")
    _only(signed, ["CanonicalizationMethod", "SignatureMethod", "Reference"])
    reference = _one(signed, "Reference")
    _only(reference, ["Transforms", "DigestMethod", "DigestValue"])
    if reference.get("URI") != f"#{element.get('ID')}":
        raise SignatureRefused("The signature is not about the element that holds it.")
    transforms = [node.get("Algorithm") for node in _one(reference, "Transforms")]
    if (
        transforms != [ENVELOPED, EXCLUSIVE_C14N]
        or _algorithm(signed, "CanonicalizationMethod") != EXCLUSIVE_C14N
    ):
        raise SignatureRefused(
            "The signature uses transforms other than enveloped and exclusive canonicalisation."
        )
    if (
        _algorithm(signed, "SignatureMethod") not in algorithms
        or _algorithm(reference, "DigestMethod") not in _DIGESTS
    ):
        raise SignatureRefused(
            "The signature uses an algorithm that is not accepted; RSA or ECDSA with SHA-256 or better is."
        )


def _is_signed_by(element: Element, signature: Element, certificate: str) -> bool:
    try:
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_memory(certificate, xmlsec.constants.KeyDataFormatCertPem)
        context.register_id(element, "ID")
        context.verify(signature)
    except xmlsec.Error:
        return False
    return True


def _one(parent: Element, name: str) -> Element:
    found = parent.findall(f"{DS}{name}")
    if len(found) != 1:
        raise SignatureRefused(f"There is not exactly one {name} where it belongs.")
    return found[0]


def _only(parent: Element, names: list[str], *, optional: str = "") -> None:
    children = [child.tag for child in parent]
    wanted = [f"{DS}{name}" for name in names]
    if children not in (wanted, [*wanted, f"{DS}{optional}"]):
        raise SignatureRefused("The signature is not built the one way that is accepted.")


def _algorithm(parent: Element, name: str) -> str:
    return str(_one(parent, name).get("Algorithm"))
