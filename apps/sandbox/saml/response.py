"""Whether a Response may be believed. Every check has a name, and values are read from nothing but verified elements.

Order and demands: SAML profiles 4.1.4.2 and 4.1.4.3, and what real service providers refuse.
"""

import base64
import binascii
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from lxml import etree

from apps.lib import xml
from apps.sandbox.errors import AssertionRefused, MetadataRefused
from apps.sandbox.saml.encrypted import decrypt
from apps.sandbox.saml.kinds import Demands
from apps.sandbox.saml.metadata import pem
from apps.sandbox.saml.names import BEARER, SUCCESS, A, D, Element, P, instant, text_of

LARGEST = 250_000  # bytes, as ruby-saml


@dataclass(frozen=True)
class Expectation:
    """`certificates` are the identity provider's, PEM; `private_key` is ours, PEM, asked for when something is encrypted."""

    entity_id: str
    acs_url: str
    idp_entity_id: str
    certificates: tuple[str, ...]
    tolerance: timedelta
    demands: Demands
    private_key: Callable[[], str]
    only_encrypted: bool = False


@dataclass(frozen=True)
class Believed:
    """What may be read: the verified Response and its verified assertion, which stands outside of it when it was encrypted.

    `received` is the assertion as it came, with its signature.
    """

    response: Element
    assertion: Element
    received: Element
    signed_parts: str
    encrypted_with: str


@dataclass(frozen=True)
class Accepted:
    """What the assertion says. `in_response_to` is empty when the identity provider began, `encrypted_with` when nothing was."""

    assertion_id: str
    name_id: str
    name_id_format: str
    session_index: str
    attributes: dict[str, list[str]]
    in_response_to: str
    signed_parts: str
    encrypted_with: str
    readable: str
    ends_at: datetime | None


def decode(encoded: str) -> Element:
    """The root of what the browser brought. Raises AssertionRefused."""
    try:
        document = base64.b64decode("".join(encoded.split()), validate=True)
    except (ValueError, binascii.Error):
        raise AssertionRefused("encoding", _("SAMLResponse is not base64.")) from None
    try:
        return xml.parse(document, max_bytes=LARGEST, comments=False)
    except xml.XmlError as error:
        raise AssertionRefused("document", str(error.detail)) from None


def check(root: Element, expected: Expectation, now: datetime) -> Accepted:
    """Raises AssertionRefused with the first check that fails."""
    _check_message(root, expected)
    believed = _verified(root, expected)
    response, assertion = believed.response, believed.assertion
    _check_issuer(response, assertion, expected)
    in_response_to = _check_subject(response, assertion, expected, now)
    _check_conditions(assertion, expected, now)
    ends_at = _check_statement(assertion, expected, now)
    if expected.demands.certificate_inside:
        _check_certificate(root, believed.received, expected)
    name_id = _check_name_id(assertion, expected.demands)
    attributes = _attributes(assertion)
    _check_attributes(attributes, expected.demands)
    accepted = Accepted(
        assertion_id=assertion.get("ID"),
        name_id=text_of(name_id),
        name_id_format=name_id.get("Format") or "",
        session_index=assertion.find(f"{A}AuthnStatement").get("SessionIndex") or "",
        attributes=attributes,
        in_response_to=in_response_to,
        signed_parts=believed.signed_parts,
        encrypted_with=believed.encrypted_with,
        readable=_readable(root, believed),
        ends_at=ends_at,
    )
    identifiers = (accepted.assertion_id, accepted.name_id_format, accepted.session_index)
    if max(map(len, identifiers)) > 255 or len(accepted.name_id) > 1024:
        raise AssertionRefused(
            "document", _("An identifier is longer than 255, or NameID than 1024 characters.")
        )
    return accepted


def _readable(root: Element, believed: Believed) -> str:
    """For reading only: the signatures would not survive it. What was encrypted stands where it was."""
    whole = deepcopy(root)
    if believed.encrypted_with:
        whole.replace(whole.find(f"{A}EncryptedAssertion"), deepcopy(believed.received))
    copy = etree.fromstring(
        etree.tostring(whole), etree.XMLParser(remove_blank_text=True, resolve_entities=False)
    )
    etree.indent(copy)
    return str(etree.tostring(copy, encoding="unicode"))


def _check_message(root: Element, expected: Expectation) -> None:
    if root.tag != f"{P}Response" or root.get("Version") != "2.0":
        raise AssertionRefused("message", _("This is not a SAML 2.0 Response."))
    status = root.find(f"{P}Status/{P}StatusCode")
    if status is None or status.get("Value") != SUCCESS:
        words = text_of(root.find(f"{P}Status/{P}StatusMessage"))
        raise AssertionRefused(
            "status", words or _("The identity provider reports that the sign-in did not succeed.")
        )
    if root.get("Destination") != expected.acs_url:
        raise AssertionRefused("destination", _("Destination is not the address of this ACS."))
    everywhere = [*root.iter(f"{A}Assertion"), *root.iter(f"{A}EncryptedAssertion")]
    if len(everywhere) != 1 or everywhere[0].getparent() is not root:
        raise AssertionRefused(
            "assertion", _("There is not exactly one Assertion, directly in the Response.")
        )
    if expected.only_encrypted and everywhere[0].tag != f"{A}EncryptedAssertion":
        raise AssertionRefused(
            "encryption", _("The assertion is not encrypted, and this service provider takes no other.")
        )


def _verified(root: Element, expected: Expectation) -> Believed:
    """What carries a signature must have a good one, and one of them must: the Response over what is encrypted, or the assertion inside.

    So what is decrypted comes out of the verified Response wherever that is signed.
    """
    parts = []
    response, encrypted_with = root, ""
    try:
        if root.find(f"{D}Signature") is not None:
            response = xml.verify(root, expected.certificates)
            parts.append("response")
        assertion = received = response.find(f"{A}Assertion")
        if assertion is None:
            opened = decrypt(response.find(f"{A}EncryptedAssertion"), expected.private_key, max_bytes=LARGEST)
            assertion = received = opened.assertion
            encrypted_with = opened.words
        if received.find(f"{D}Signature") is not None:
            assertion = xml.verify(received, expected.certificates)
            parts.append("assertion")
    except xml.XmlError as error:
        raise AssertionRefused("signature", str(error.detail)) from None
    if not parts:
        raise AssertionRefused("signature", _("Neither the Response nor the Assertion is signed."))
    return Believed(response, assertion, received, " + ".join(parts), encrypted_with)


def _check_issuer(response: Element, assertion: Element, expected: Expectation) -> None:
    named = [text_of(node) for node in (*response.findall(f"{A}Issuer"), *assertion.findall(f"{A}Issuer"))]
    if assertion.find(f"{A}Issuer") is None or set(named) != {expected.idp_entity_id}:
        raise AssertionRefused("issuer", _("Issuer is not the entity ID of the identity provider."))
    if not assertion.get("ID"):
        raise AssertionRefused("assertion", _("The Assertion has no ID."))


def _check_subject(response: Element, assertion: Element, expected: Expectation, now: datetime) -> str:
    """InResponseTo. One bearer confirmation must be good: for this ACS, now, and for the same request as the Response."""
    confirmations = assertion.findall(f"{A}Subject/{A}SubjectConfirmation")
    bearer = [each for each in confirmations if each.get("Method") == BEARER]
    if len(bearer) != 1 or bearer[0].find(f"{A}SubjectConfirmationData") is None:
        raise AssertionRefused(
            "subject", _("There is not exactly one bearer SubjectConfirmation with its data.")
        )
    data = bearer[0].find(f"{A}SubjectConfirmationData")
    if data.get("Recipient") != expected.acs_url:
        raise AssertionRefused("recipient", _("Recipient is not the address of this ACS."))
    if data.get("NotBefore") is not None:
        raise AssertionRefused("subject", _("SubjectConfirmationData must not have NotBefore."))
    _check_window("subject", None, data.get("NotOnOrAfter") or "", expected, now)
    asked = data.get("InResponseTo") or ""
    if asked != (response.get("InResponseTo") or ""):
        raise AssertionRefused("in_response_to", _("Response and Assertion answer different requests."))
    return str(asked)


def _check_conditions(assertion: Element, expected: Expectation, now: datetime) -> None:
    found = assertion.findall(f"{A}Conditions")
    if len(found) != 1:
        raise AssertionRefused("conditions", _("There is not exactly one Conditions."))
    _check_window("conditions", found[0].get("NotBefore"), found[0].get("NotOnOrAfter") or "", expected, now)
    restrictions = found[0].findall(f"{A}AudienceRestriction")
    for restriction in restrictions:
        if expected.entity_id not in [text_of(each) for each in restriction.findall(f"{A}Audience")]:
            raise AssertionRefused("audience", _("Audience does not name this service provider."))
    if not restrictions:
        raise AssertionRefused("audience", _("The assertion is for no audience in particular."))


def _check_window(
    name: str, not_before: str | None, not_on_or_after: str, expected: Expectation, now: datetime
) -> None:
    """`NotBefore` may be missing; the end may not (profiles 4.1.4.2)."""
    until = instant(not_on_or_after)
    since = instant(not_before) if not_before is not None else None
    if until is None or (not_before is not None and since is None):
        raise AssertionRefused("time", _("A time is missing, or is not a time in UTC.") + f" ({name})")
    if since is not None and now + expected.tolerance < since:
        raise AssertionRefused("not_before", _("The assertion is not valid yet.") + f" ({name})")
    if now - expected.tolerance >= until:
        raise AssertionRefused("expired", _("The assertion is no longer valid.") + f" ({name})")


def _check_statement(assertion: Element, expected: Expectation, now: datetime) -> datetime | None:
    """SessionNotOnOrAfter, where it is given."""
    statements = assertion.findall(f"{A}AuthnStatement")
    if len(statements) != 1:
        raise AssertionRefused("statement", _("There is not exactly one AuthnStatement."))
    until = statements[0].get("SessionNotOnOrAfter")
    if until is None:
        return None
    _check_window("session", None, until, expected, now)
    return instant(until)


def _check_certificate(root: Element, received: Element, expected: Expectation) -> None:
    """GitLab compares the fingerprint of the first certificate in the response, once that is decrypted."""
    signatures = (signature for part in (root, received) for signature in part.iter(f"{D}Signature"))
    inside = next((each for one in signatures for each in one.iter(f"{D}X509Certificate")), None)
    try:
        known = inside is not None and pem(text_of(inside)) in expected.certificates
    except MetadataRefused:
        known = False
    if not known:
        raise AssertionRefused(
            "certificate", _("The response does not carry the certificate that is known here.")
        )


def _check_name_id(assertion: Element, demands: Demands) -> Element:
    name_id = assertion.find(f"{A}Subject/{A}NameID")
    if not text_of(name_id):
        raise AssertionRefused("name_id", _("There is no NameID."))
    form = name_id.get("Format") or ""
    if form in demands.not_formats or (demands.only_formats and form not in demands.only_formats):
        raise AssertionRefused("name_id_format", _("This service provider does not take that NameID format."))
    return name_id


def _attributes(assertion: Element) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for attribute in assertion.findall(f"{A}AttributeStatement/{A}Attribute"):
        values: Any = [text_of(value) for value in attribute.findall(f"{A}AttributeValue")]
        found.setdefault(attribute.get("Name") or "", []).extend(values)
    return found


def _check_attributes(attributes: dict[str, list[str]], demands: Demands) -> None:
    there = {name.casefold() if demands.attributes_ignore_case else name for name in attributes}
    for names in demands.attributes:
        if there.isdisjoint(names):
            wanted = _(" or ").join(names)
            raise AssertionRefused("attributes", _("The attribute %(name)s is missing.") % {"name": wanted})
