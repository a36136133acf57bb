"""Where a person goes after signing in, and whose wish that was."""

import re
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.urls import get_script_prefix
from django.utils.http import url_has_allowed_host_and_scheme

ASKING = "asking_application"  # session: {"address", "label"} of the request that waits for a sign-in
CAME_FOR = "came_for"  # session: the address that the sign-in form's answer leads to
SIGNED_IN_AT = "signed_in_at"  # session: seconds since the epoch when the person last showed who they are

# What browsers rewrite before they go: tabs and line ends into nothing, a backslash into a slash, dot segments into their parent.
DROPPED = re.compile(r"[\x00-\x20\x7f]")
REWRITTEN = re.compile(r"[\\\x00-\x1f]|/\.{1,2}(?:/|$)|//")


def inside_tenant(request: HttpRequest, address: str) -> str | None:
    """`address` as a path of this host and this tenant, or None for whatever leads, or might lead, elsewhere."""
    if not url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure()):
        return None
    parts = urlsplit(address)
    path = unquote(parts.path)
    if DROPPED.search(address) or REWRITTEN.search(path) or not path.startswith(get_script_prefix()):
        return None
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def destination(request: HttpRequest) -> str:
    """What `next` asks for if it lies inside the tenant, else the launcher."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    return inside_tenant(request, wanted) or resolve_url(settings.LOGIN_REDIRECT_URL)


def page_of_the_form(request: HttpRequest) -> str:
    """What the browser says it stood on, which may be a dialog's page; our referrer policy lets it say so."""
    came_from = inside_tenant(request, request.headers.get("Referer", ""))
    return came_from or resolve_url(settings.LOGIN_REDIRECT_URL)


def remember_asking(request: HttpRequest, *, address: str, label: str) -> None:
    """The application `label` waits at `address`, a path of this tenant: the sign-in page that leads there names it."""
    request.session[ASKING] = {"address": address, "label": label}


def asking(request: HttpRequest, address: str) -> str:
    """Who waits at `address`; "" when nobody does."""
    waiting = request.session.get(ASKING) or {}
    return str(waiting.get("label", "")) if waiting.get("address") == address else ""


def straight_from_sign_in(request: HttpRequest) -> bool:
    """True once, for the page that answers the sign-in form: browsers let `form-action` judge where it redirects to, too."""
    return CAME_FOR in request.session and request.session.pop(CAME_FOR) == request.get_full_path()


def signed_in_at(request: HttpRequest) -> datetime | None:
    """When this session's person last showed who they are: AuthnInstant, and the judge of ForceAuthn (SAML core 3.4.1)."""
    seconds = request.session.get(SIGNED_IN_AT)
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
