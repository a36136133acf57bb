"""The Response and its Assertion (SAML core 3.3, profiles 4.1.4.2), as pysaml2's objects. Values in, message out."""

import datetime as dt
import secrets
from dataclasses import dataclass
from typing import Any

from saml2 import saml, samlp
from saml2.saml import NAMEID_FORMAT_ENTITY, SCM_BEARER
from saml2.samlp import STATUS_SUCCESS

from apps.saml.statement import Attribute, Statement
from apps.saml.times import written

LIFE = dt.timedelta(minutes=5)
BEFORE = dt.timedelta(seconds=60)  # five of nine measured service providers tolerate a second at the most
PASSWORD_OVER_TLS = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"  # noqa: S105 - a name


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
    authn_context: str = PASSWORD_OVER_TLS,
) -> Any:
    """samlp.Response with one saml.Assertion, unsigned. `authn_context` is the class that the request was promised."""
    message = _response(envelope, samlp.Status(status_code=samlp.StatusCode(value=STATUS_SUCCESS)))
    message.assertion = [
        saml.Assertion(
            id=new_id(),
            version="2.0",
            issue_instant=written(envelope.now),
            issuer=_issuer(envelope),
            subject=_subject(envelope, statement),
            conditions=saml.Conditions(
                not_before=written(envelope.now - BEFORE),
                not_on_or_after=written(envelope.now + LIFE),
                audience_restriction=[
                    saml.AudienceRestriction(audience=[saml.Audience(text=envelope.audience)])
                ],
            ),
            authn_statement=[
                saml.AuthnStatement(
                    authn_instant=written(signed_in_at),
                    session_index=new_id(),
                    session_not_on_or_after=written(session_ends_at),
                    authn_context=saml.AuthnContext(
                        authn_context_class_ref=saml.AuthnContextClassRef(text=authn_context)
                    ),
                )
            ],
            attribute_statement=[
                saml.AttributeStatement(attribute=[_attribute(one) for one in statement.attributes])
            ],
        )
    ]
    return message


def status_response(envelope: Envelope, *codes: str, message: str = "") -> Any:
    """samlp.Response that says only how it went; each of `codes` stands inside the one before it (core 3.2.2.2).

    `message` is for the other side's operator: it never says anything about a person.
    """
    code = None
    for value in reversed(codes):
        code = samlp.StatusCode(value=value, status_code=code)
    text = samlp.StatusMessage(text=message) if message else None
    return _response(envelope, samlp.Status(status_code=code, status_message=text))


def _response(envelope: Envelope, status: Any) -> Any:
    return samlp.Response(
        id=new_id(),
        version="2.0",
        issue_instant=written(envelope.now),
        destination=envelope.acs_url,
        in_response_to=envelope.in_response_to or None,
        issuer=_issuer(envelope),
        status=status,
    )


def _issuer(envelope: Envelope) -> Any:
    return saml.Issuer(text=envelope.issuer, format=NAMEID_FORMAT_ENTITY)


def _subject(envelope: Envelope, statement: Statement) -> Any:
    """No qualifiers: ruby-saml refuses an SPNameQualifier that is not its own entity ID to the letter."""
    confirmation = saml.SubjectConfirmationData(
        not_on_or_after=written(envelope.now + LIFE),
        recipient=envelope.acs_url,
        in_response_to=envelope.in_response_to or None,
    )
    return saml.Subject(
        name_id=saml.NameID(format=statement.name_id_format.urn, text=statement.name_id),
        subject_confirmation=[
            saml.SubjectConfirmation(method=SCM_BEARER, subject_confirmation_data=confirmation)
        ],
    )


def _attribute(attribute: Attribute) -> Any:
    values = [saml.AttributeValue(value) for value in attribute.values]
    for value in values:
        # Plain text without xsi:type: its xs: prefix hides in a value, which exclusive c14n of others then drops.
        value.extension_attributes = {}
    return saml.Attribute(name=attribute.name, name_format=attribute.name_format, attribute_value=values)
