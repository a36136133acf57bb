"""
What an AuthnRequest demands of the answer (SAML core 3.4.1), honoured or answered: docs/decisions/0011-what-a-request-may-ask.md.
Scoping, Conditions and Extensions bind nobody who does not know them (core 3.4.1, 3.2.1), and are not looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.saml.messages import PASSWORD_OVER_TLS
from apps.saml.models import NameIdFormat, PendingSignIn, SsoSettings
from apps.saml.statement import Statement

SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
SAMLP = "{urn:oasis:names:tc:SAML:2.0:protocol}"
HTTP_POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
ENCRYPTED = "urn:oasis:names:tc:SAML:2.0:nameid-format:encrypted"
LONGEST_NAME_ID = 1024
LONGEST_FORMAT = 255

# What a password over TLS is, from weak to strong: each of them is true of every sign-in here.
CLASSES = "urn:oasis:names:tc:SAML:2.0:ac:classes:"
KNOWN = (f"{CLASSES}unspecified", f"{CLASSES}Password", PASSWORD_OVER_TLS)

Element = Any  # lxml.etree._Element


class Unmeetable(Exception):
    """This demand cannot be met. Holds a key of apps.saml.statuses.STATUSES."""


@dataclass(frozen=True, slots=True)
class Demands:
    """`name_id` is the person the application asks for, "" when whoever is signed in will do; `problem` a key of STATUSES."""

    authn_context: str = PASSWORD_OVER_TLS
    name_id: str = ""
    name_id_format: str = ""
    problem: str = ""


def demands_of(root: Element, settings: SsoSettings, *, issuer: str) -> Demands:
    """`issuer` is our own entity ID. A demand that cannot be met becomes `problem`: never raises."""
    try:
        _check_binding(root)
        _check_name_id_policy(root.find(f"{SAMLP}NameIDPolicy"), settings)
        authn_context = _authn_context(root.find(f"{SAMLP}RequestedAuthnContext"))
        name_id, name_id_format = _subject(root.find(f"{SAML}Subject"), settings, issuer)
    except Unmeetable as unmeetable:
        return Demands(problem=str(unmeetable))
    return Demands(authn_context, name_id, name_id_format)


def is_whom_they_asked_for(pending: PendingSignIn, statement: Statement) -> bool:
    """Core 3.3.4: the identifier in the answer is the identifier that was asked for, its format included where one was given."""
    asked, given = pending.subject_name_id, statement.name_id
    if not asked:
        return True
    if pending.subject_format and statement.name_id_format != _known_format(pending.subject_format):
        return False
    if statement.name_id_format is NameIdFormat.EMAIL:
        return asked.casefold() == given.casefold()
    return asked == given


def _check_binding(root: Element) -> None:
    if root.get("ProtocolBinding", HTTP_POST) != HTTP_POST:
        raise Unmeetable("unsupported_binding")


def _check_name_id_policy(policy: Element | None, settings: SsoSettings) -> None:
    """Format and AllowCreate give way to what the administrator chose; what would be a lie is refused."""
    if policy is None:
        return
    if policy.get("Format", "").strip() == ENCRYPTED:
        raise Unmeetable("invalid_name_id_policy")
    if policy.get("SPNameQualifier", "").strip() not in {"", settings.sp_entity_id}:
        raise Unmeetable("invalid_name_id_policy")


def _authn_context(requested: Element | None) -> str:
    """The class that the answer names: one that was asked for wherever that can be (core 3.3.2.2.1)."""
    asked = [] if requested is None else list(requested)
    if requested is None or not asked:
        return PASSWORD_OVER_TLS
    names = [(child.text or "").strip() for child in asked if child.tag == f"{SAML}AuthnContextClassRef"]
    if len(names) != len(asked):  # a declaration's address says nothing to us
        raise Unmeetable("no_authn_context")
    return _chosen(names, requested.get("Comparison", "exact"))


def _chosen(names: Sequence[str], comparison: str) -> str:
    known = [name for name in names if name in KNOWN]
    if comparison == "exact" and known:
        return known[0]  # in the order of the asker's preference
    if comparison in {"minimum", "maximum"} and known:
        return max(known, key=KNOWN.index)
    if comparison == "better" and len(known) == len(names) and PASSWORD_OVER_TLS not in known:
        return PASSWORD_OVER_TLS  # stronger than every one of them; nothing is known of what stands beside
    raise Unmeetable("no_authn_context")


def _subject(subject: Element | None, settings: SsoSettings, issuer: str) -> tuple[str, str]:
    if subject is None:
        return "", ""
    confirmations = subject.findall(f"{SAML}SubjectConfirmation")
    if any(confirmation.get("Method") != BEARER for confirmation in confirmations):
        raise Unmeetable("request_unsupported")
    named = [child for child in subject if child.tag != f"{SAML}SubjectConfirmation"]
    if not named:  # whoever brings the request (core 3.4.1)
        return "", ""
    if len(named) != 1 or named[0].tag != f"{SAML}NameID":  # BaseID, EncryptedID
        raise Unmeetable("request_unsupported")
    return _name_id(named[0], settings, issuer)


def _name_id(name_id: Element, settings: SsoSettings, issuer: str) -> tuple[str, str]:
    value, format_ = (name_id.text or "").strip(), name_id.get("Format", "").strip()
    ours = name_id.get("NameQualifier", issuer) in {"", issuer}
    theirs = name_id.get("SPNameQualifier", "") in {"", settings.sp_entity_id}
    if not (value and ours and theirs) or len(value) > LONGEST_NAME_ID or len(format_) > LONGEST_FORMAT:
        raise Unmeetable("unknown_principal")
    unspecified = _known_format(format_) is NameIdFormat.UNSPECIFIED
    return value, "" if unspecified else format_


def _known_format(urn: str) -> NameIdFormat | None:
    """By its last word: 1.1 and 2.0 are mixed up by many."""
    word = urn.rpartition(":")[2]
    return NameIdFormat(word) if word in NameIdFormat.values else None
