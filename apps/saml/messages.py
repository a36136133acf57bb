"""The Response and its Assertion (SAML core 3.3, profiles 4.1.4.2), as lxml elements. Values in, message out.

Built directly: pysaml2's objects cost more than both signatures together (docs/decisions/0005-in-process-signing.md). What is built here is read and
validated by pysaml2 in the tests.
"""

import datetime as dt
import secrets
from dataclasses import dataclass
from typing import Any

from lxml import etree

from apps.saml.statement import Attribute, Statement
from apps.saml.times import written

LIFE = dt.timedelta(minutes=5)
BEFORE = dt.timedelta(seconds=60)  # five of nine measured service providers tolerate a second at the most
PASSWORD_OVER_TLS = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"  # noqa: S105 - a name
ENTITY = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"

NAMESPACES: Any = {
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
}
SAML, SAMLP = (f"{{{uri}}}" for uri in NAMESPACES.values())
ASSERTION = f"{SAML}Assertion"

Element = Any  # lxml.etree._Element


@dataclass(frozen=True, slots=True)
class Envelope:
    """From whom, to whom, when. `in_response_to` is "" for an unsolicited response: then it stands nowhere."""

    issuer: str
    audience: str
    acs_url: str
    in_response_to: str
    now: dt.datetime


def new_id() -> str:
    """160 random bits (core 1.3.4), and an NCName."""
    return "_" + secrets.token_hex(20)


def response_with(
    envelope: Envelope,
    statement: Statement,
    *,
    signed_in_at: dt.datetime,
    session_ends_at: dt.datetime,
    session_index: str = "",
    authn_context: str = PASSWORD_OVER_TLS,
) -> Element:
    """samlp:Response with one saml:Assertion, unsigned. `authn_context` is the class that the request was promised."""
    message = status_response(envelope, SUCCESS)
    assertion = _stamped(etree.SubElement(message, ASSERTION), envelope)
    _add_subject(assertion, envelope, statement)
    _add_conditions(assertion, envelope)
    _add_authn_statement(assertion, signed_in_at, session_ends_at, session_index or new_id(), authn_context)
    attributes = etree.SubElement(assertion, f"{SAML}AttributeStatement")
    for attribute in statement.attributes:
        _add_attribute(attributes, attribute)
    return message


def status_response(envelope: Envelope, *codes: str, message: str = "") -> Element:
    """samlp:Response that says only how it went; each of `codes` stands inside the one before it (core 3.2.2.2).

    `message` is for the other side's operator: it never says anything about a person.
    """
    root = etree.Element(f"{SAMLP}Response", nsmap=NAMESPACES)
    if envelope.in_response_to:
        root.set("InResponseTo", envelope.in_response_to)
    root.set("Destination", envelope.acs_url)
    status = etree.SubElement(_stamped(root, envelope), f"{SAMLP}Status")
    code: Element = status
    for value in codes:
        code = etree.SubElement(code, f"{SAMLP}StatusCode", Value=value)
    if message:
        etree.SubElement(status, f"{SAMLP}StatusMessage").text = message
    return root


def _stamped(element: Element, envelope: Envelope) -> Element:
    """What Response and Assertion both begin with. Signatures go right behind the Issuer."""
    element.set("ID", new_id())
    element.set("Version", "2.0")
    element.set("IssueInstant", written(envelope.now))
    etree.SubElement(element, f"{SAML}Issuer", Format=ENTITY).text = envelope.issuer
    return element


def _add_subject(assertion: Element, envelope: Envelope, statement: Statement) -> None:
    """No qualifiers: ruby-saml refuses an SPNameQualifier that is not its own entity ID to the letter."""
    subject = etree.SubElement(assertion, f"{SAML}Subject")
    name_id = etree.SubElement(subject, f"{SAML}NameID", Format=statement.name_id_format.urn)
    name_id.text = statement.name_id
    confirmation = etree.SubElement(subject, f"{SAML}SubjectConfirmation", Method=BEARER)
    data = etree.SubElement(
        confirmation,
        f"{SAML}SubjectConfirmationData",
        NotOnOrAfter=written(envelope.now + LIFE),
        Recipient=envelope.acs_url,
    )
    if envelope.in_response_to:
        data.set("InResponseTo", envelope.in_response_to)


def _add_conditions(assertion: Element, envelope: Envelope) -> None:
    conditions = etree.SubElement(
        assertion,
        f"{SAML}Conditions",
        NotBefore=written(envelope.now - BEFORE),
        NotOnOrAfter=written(envelope.now + LIFE),
    )
    restriction = etree.SubElement(conditions, f"{SAML}AudienceRestriction")
    etree.SubElement(restriction, f"{SAML}Audience").text = envelope.audience


def _add_authn_statement(
    assertion: Element,
    signed_in_at: dt.datetime,
    session_ends_at: dt.datetime,
    session_index: str,
    authn_context: str,
) -> None:
    statement = etree.SubElement(
        assertion,
        f"{SAML}AuthnStatement",
        AuthnInstant=written(signed_in_at),
        SessionIndex=session_index,
        SessionNotOnOrAfter=written(session_ends_at),
    )
    context = etree.SubElement(statement, f"{SAML}AuthnContext")
    etree.SubElement(context, f"{SAML}AuthnContextClassRef").text = authn_context


def _add_attribute(parent: Element, attribute: Attribute) -> None:
    """Values are plain text without xsi:type: its xs: prefix hides in a value, which exclusive c14n of others then drops."""
    element = etree.SubElement(
        parent, f"{SAML}Attribute", Name=attribute.name, NameFormat=attribute.name_format
    )
    for value in attribute.values:
        etree.SubElement(element, f"{SAML}AttributeValue").text = value
