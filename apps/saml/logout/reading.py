"""What a LogoutRequest or LogoutResponse says (SAML core 3.7), once it is known who signed it, for whom, and when.

Nothing here is believed without a signature: whoever could forge one would sign people out, or have us say that they are.
"""

import datetime as dt
import re
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from apps.saml.authn_request import SAML, SAMLP, TOLERANCE, Element
from apps.saml.errors import RequestMismatch, RequestStale, RequestUnreadable, RequestUnsigned
from apps.saml.front_door import Received
from apps.saml.models import SsoSettings
from apps.saml.times import read_time

MOST_INDEXES = 100
STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
SUCCESS, REQUESTER = f"{STATUS}Success", f"{STATUS}Requester"
PARTIAL_LOGOUT, UNKNOWN_PRINCIPAL = f"{STATUS}PartialLogout", f"{STATUS}UnknownPrincipal"


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """`session_indexes` empty means every session of the person's (core 3.7.1); here that is the browser's one."""

    id: str
    name_id: str
    session_indexes: tuple[str, ...]
    relay_state: str


@dataclass(frozen=True, slots=True)
class LogoutResponse:
    """`statuses` from the outside in."""

    in_response_to: str
    statuses: tuple[str, ...]

    @property
    def successful(self) -> bool:
        """PartialLogout inside Success means that somebody is still signed in somewhere."""
        return self.statuses == (SUCCESS,)


def read_logout_request(
    received: Received, settings: SsoSettings, *, destination: str, now: dt.datetime
) -> LogoutRequest:
    """`destination` is our own SLO URL. Raises RequestRefused."""
    root = received.root
    _refuse_others(received, "LogoutRequest", settings, destination, now)
    until = root.get("NotOnOrAfter")
    if until is not None and ((moment := read_time(until)) is None or moment <= now):
        raise RequestStale(_("The logout message is no longer valid. Sign out again at the application."))
    return LogoutRequest(
        id=root.get("ID"),
        name_id=_name_id(root),
        session_indexes=_session_indexes(root),
        relay_state=received.relay_state,
    )


def read_logout_response(
    received: Received, settings: SsoSettings, *, destination: str, now: dt.datetime
) -> LogoutResponse:
    """Raises RequestRefused."""
    _refuse_others(received, "LogoutResponse", settings, destination, now)
    return LogoutResponse(in_response_to(received), _statuses(received.root))


def in_response_to(received: Received) -> str:
    """Also of a response that is not believed: good for finding out what it failed to answer, and for nothing else."""
    return str(received.root.get("InResponseTo") or "")


def _refuse_others(
    received: Received, kind: str, settings: SsoSettings, destination: str, now: dt.datetime
) -> None:
    root = received.root
    if root.tag != f"{SAMLP}{kind}" or root.get("Version") != "2.0":
        raise RequestUnreadable(_("This is not a SAML 2.0 logout message."))
    if not re.fullmatch(r"[A-Za-z0-9_.:-]{1,256}", root.get("ID", "")):
        raise RequestUnreadable(_("The logout message has no usable ID."))
    issuers = root.findall(f"{SAML}Issuer")
    issuer = (issuers[0].text or "").strip() if len(issuers) == 1 and not len(issuers[0]) else ""
    if not issuer or issuer != settings.sp_entity_id:
        raise RequestMismatch(_("The logout message does not come from the application of this address."))
    if not received.signed:
        raise RequestUnsigned(_("The logout message is not signed. Unsigned ones sign nobody out."))
    if root.get("Destination") != destination:  # bindings 3.4.5.2: a signed one has to have it
        raise RequestMismatch(_("The logout message was made for another address."))
    made = read_time(root.get("IssueInstant", ""))
    if made is None:
        raise RequestUnreadable(_("The logout message does not say when it was made."))
    if abs(now - made) > TOLERANCE:
        raise RequestStale(
            _("The logout message is more than five minutes old, or a clock is wrong. Sign out again.")
        )


def _name_id(root: Element) -> str:
    found = root.findall(f"{SAML}NameID")
    text = (found[0].text or "").strip() if len(found) == 1 and not len(found[0]) else ""
    if not text or len(text) > 1024:
        raise RequestUnreadable(_("The logout message does not say in one readable NameID who is meant."))
    return text


def _session_indexes(root: Element) -> tuple[str, ...]:
    found = [(node.text or "").strip() for node in root.findall(f"{SAMLP}SessionIndex")]
    if len(found) > MOST_INDEXES or any(not text or len(text) > 256 for text in found):
        raise RequestUnreadable(_("The logout message names its sessions in a way that is not read here."))
    return tuple(found)


def _statuses(root: Element) -> tuple[str, ...]:
    values: list[str] = []
    code = root.find(f"{SAMLP}Status/{SAMLP}StatusCode")
    while code is not None and len(values) < 8:
        values.append(str(code.get("Value", ""))[:200])
        code = code.find(f"{SAMLP}StatusCode")
    return tuple(values)
