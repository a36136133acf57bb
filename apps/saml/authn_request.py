"""What an AuthnRequest says (SAML core 3.4.1), once it is known to be for us, from whom the administrator registered, and fresh."""

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.saml.addresses import metadata_url
from apps.saml.demands import Demands, demands_of
from apps.saml.errors import RequestMismatch, RequestStale, RequestUnreadable, RequestUnsigned
from apps.saml.front_door import Received
from apps.saml.models import SsoSettings
from apps.saml.times import read_time

SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
SAMLP = "{urn:oasis:names:tc:SAML:2.0:protocol}"
TOLERANCE = dt.timedelta(minutes=5)

Element = Any  # lxml.etree._Element


@dataclass(frozen=True, slots=True)
class AuthnRequest:
    """`acs_url` is always one that the administrator registered: nothing else of the request chooses where answers go."""

    id: str
    acs_url: str
    relay_state: str
    force_authn: bool
    is_passive: bool
    demands: Demands = field(default_factory=Demands)


def read_request(
    received: Received, settings: SsoSettings, *, destination: str, now: dt.datetime
) -> AuthnRequest:
    """`destination` is our own SSO URL. Raises RequestRefused."""
    root = received.root
    if root.tag != f"{SAMLP}AuthnRequest" or root.get("Version") != "2.0":
        raise RequestUnreadable(_("This is not a SAML 2.0 sign-in request."))
    if not re.fullmatch(r"[A-Za-z0-9_.:-]{1,256}", root.get("ID", "")):
        raise RequestUnreadable(_("The sign-in request has no usable ID."))
    _refuse_strangers(root, settings, destination)
    if settings.require_signed_requests and not received.signed:
        raise RequestUnsigned(
            _("The sign-in request is not signed, and this application's requests have to be.")
        )
    _refuse_untimely(root, now)
    return AuthnRequest(
        id=root.get("ID"),
        acs_url=_acs_url(root, settings),
        relay_state=received.relay_state,
        force_authn=_is_true(root.get("ForceAuthn")),
        is_passive=_is_true(root.get("IsPassive")),
        demands=demands_of(root, settings, issuer=metadata_url(settings.application)),
    )


def _refuse_strangers(root: Element, settings: SsoSettings, destination: str) -> None:
    """The address already says which application is meant; the Issuer only has to agree."""
    if not settings.complete:
        raise RequestMismatch(
            _("This application is not set up yet: its SSO tab still needs the other side's data.")
        )
    issuers = root.findall(f"{SAML}Issuer")
    if len(issuers) != 1 or len(issuers[0]) or (issuers[0].text or "").strip() != settings.sp_entity_id:
        raise RequestMismatch(_("The sign-in request does not come from the application of this address."))
    if root.get("Destination", destination) not in {destination, ""}:
        raise RequestMismatch(_("The sign-in request was made for another address."))


def _refuse_untimely(root: Element, now: dt.datetime) -> None:
    made = read_time(root.get("IssueInstant", ""))
    if made is None:
        raise RequestUnreadable(_("The sign-in request does not say when it was made."))
    if abs(now - made) > TOLERANCE:
        raise RequestStale(
            _(
                "The sign-in request is more than five minutes old, or a clock is wrong. Start again at the application."
            )
        )


def _acs_url(root: Element, settings: SsoSettings) -> str:
    """By address, by index, or the default; always out of the registered ones, character by character."""
    url, index = root.get("AssertionConsumerServiceURL"), root.get("AssertionConsumerServiceIndex")
    if url is not None and index is not None:
        raise RequestMismatch(_("The application named its address twice, in two ways."))  # core 3.4.1
    if url is None and index is None:
        return settings.acs_url
    for row in settings.acs_urls:
        if row["url"] == url or str(row["index"]) == index:
            return str(row["url"])
    raise RequestMismatch(_("The application asked for an answer at an address that is not registered."))


def _is_true(text: str | None) -> bool:
    return (text or "").strip() in {"true", "1"}
