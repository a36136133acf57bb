"""The Response and its Assertion (SAML core 3.3, profiles 4.1.4.2): first as values by name, then as lxml elements.

Built directly: pysaml2's objects cost more than both signatures together (docs/decisions/0005-in-process-signing.md). What is built here is read and
validated by pysaml2 in the tests.
"""

import datetime as dt
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, takewhile
from typing import Any

from lxml import etree

from apps.saml.statement import Statement
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
Values = dict[str, str]


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


def response_values(
    envelope: Envelope,
    statement: Statement,
    *,
    signed_in_at: dt.datetime,
    session_ends_at: dt.datetime,
    session_index: str = "",
    authn_context: str = PASSWORD_OVER_TLS,
) -> Values:
    """Everything that differs from one Response to the next. Which names there are, in their order, is the message's form."""
    values = {
        "response_id": new_id(),
        "assertion_id": new_id(),
        "issued_at": written(envelope.now),
        "issuer": envelope.issuer,
        "acs_url": envelope.acs_url,
        "name_id": statement.name_id,
        "name_id_format": statement.name_id_format.urn,
        "not_before": written(envelope.now - BEFORE),
        "not_on_or_after": written(envelope.now + LIFE),
        "audience": envelope.audience,
        "signed_in_at": written(signed_in_at),
        "session_ends_at": written(session_ends_at),
        "session_index": session_index or new_id(),
        "authn_context": authn_context,  # the class that the request was promised
    }
    if envelope.in_response_to:
        values["in_response_to"] = envelope.in_response_to
    for number, attribute in enumerate(statement.attributes):
        values[f"attribute_{number}_name"] = attribute.name
        values[f"attribute_{number}_format"] = attribute.name_format
        for place, value in enumerate(attribute.values):
            values[f"attribute_{number}_value_{place}"] = value
    return values


def response_tree(values: Values) -> Element:
    """samlp:Response with one saml:Assertion, unsigned."""
    message = _response(values, values["response_id"])
    status = etree.SubElement(message, f"{SAMLP}Status")
    etree.SubElement(status, f"{SAMLP}StatusCode", Value=SUCCESS)
    assertion = _stamped(etree.SubElement(message, ASSERTION), values, values["assertion_id"])
    _add_subject(assertion, values)
    _add_conditions(assertion, values)
    _add_authn_statement(assertion, values)
    attributes = etree.SubElement(assertion, f"{SAML}AttributeStatement")
    for number in _numbers("attribute_{}_name", values):
        _add_attribute(attributes, f"attribute_{number}", values)
    return message


def status_response(envelope: Envelope, *codes: str, message: str = "") -> Element:
    """samlp:Response that says only how it went; each of `codes` stands inside the one before it (core 3.2.2.2).

    `message` is for the other side's operator: it never says anything about a person.
    """
    values = {"issued_at": written(envelope.now), "issuer": envelope.issuer, "acs_url": envelope.acs_url}
    if envelope.in_response_to:
        values["in_response_to"] = envelope.in_response_to
    root = _response(values, new_id())
    status = etree.SubElement(root, f"{SAMLP}Status")
    code: Element = status
    for value in codes:
        code = etree.SubElement(code, f"{SAMLP}StatusCode", Value=value)
    if message:
        etree.SubElement(status, f"{SAMLP}StatusMessage").text = message
    return root


def _response(values: Values, identifier: str) -> Element:
    root = etree.Element(f"{SAMLP}Response", nsmap=NAMESPACES)
    if "in_response_to" in values:
        root.set("InResponseTo", values["in_response_to"])
    root.set("Destination", values["acs_url"])
    return _stamped(root, values, identifier)


def _stamped(element: Element, values: Values, identifier: str) -> Element:
    """What Response and Assertion both begin with. Signatures go right behind the Issuer."""
    element.set("ID", identifier)
    element.set("Version", "2.0")
    element.set("IssueInstant", values["issued_at"])
    etree.SubElement(element, f"{SAML}Issuer", Format=ENTITY).text = values["issuer"]
    return element


def _add_subject(assertion: Element, values: Values) -> None:
    """No qualifiers: ruby-saml refuses an SPNameQualifier that is not its own entity ID to the letter."""
    subject = etree.SubElement(assertion, f"{SAML}Subject")
    name_id = etree.SubElement(subject, f"{SAML}NameID", Format=values["name_id_format"])
    name_id.text = values["name_id"]
    confirmation = etree.SubElement(subject, f"{SAML}SubjectConfirmation", Method=BEARER)
    data = etree.SubElement(
        confirmation,
        f"{SAML}SubjectConfirmationData",
        NotOnOrAfter=values["not_on_or_after"],
        Recipient=values["acs_url"],
    )
    if "in_response_to" in values:
        data.set("InResponseTo", values["in_response_to"])


def _add_conditions(assertion: Element, values: Values) -> None:
    conditions = etree.SubElement(
        assertion,
        f"{SAML}Conditions",
        NotBefore=values["not_before"],
        NotOnOrAfter=values["not_on_or_after"],
    )
    restriction = etree.SubElement(conditions, f"{SAML}AudienceRestriction")
    etree.SubElement(restriction, f"{SAML}Audience").text = values["audience"]


def _add_authn_statement(assertion: Element, values: Values) -> None:
    statement = etree.SubElement(
        assertion,
        f"{SAML}AuthnStatement",
        AuthnInstant=values["signed_in_at"],
        SessionIndex=values["session_index"],
        SessionNotOnOrAfter=values["session_ends_at"],
    )
    context = etree.SubElement(statement, f"{SAML}AuthnContext")
    etree.SubElement(context, f"{SAML}AuthnContextClassRef").text = values["authn_context"]


def _add_attribute(parent: Element, name: str, values: Values) -> None:
    """Values are plain text without xsi:type: its xs: prefix hides in a value, which exclusive c14n of others then drops."""
    element = etree.SubElement(
        parent, f"{SAML}Attribute", Name=values[f"{name}_name"], NameFormat=values[f"{name}_format"]
    )
    for number in _numbers(f"{name}_value_{{}}", values):
        etree.SubElement(element, f"{SAML}AttributeValue").text = values[f"{name}_value_{number}"]


def _numbers(name: str, values: Values) -> Iterator[int]:
    """From 0, as far as `values` has such names."""
    return takewhile(lambda number: name.format(number) in values, count())
