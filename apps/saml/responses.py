"""
The pages between two sites: the form that carries a response to the application, or why there is none.
The launcher calls `launch`, this app's own views the others. Everything here has already passed or asked the one gate (issuing.py).
"""

import base64

from django.conf import settings as django_settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django.utils import timezone

from apps.accounts.access import actor_of
from apps.accounts.claims import claim_of, is_found
from apps.accounts.destinations import signed_in_at
from apps.accounts.middleware import turn_to_reader
from apps.accounts.signing_out import session_handle
from apps.applications.access import has_access
from apps.applications.models import Application
from apps.directory.models import User
from apps.events.actors import Actor
from apps.lib.prepared_page import PreparedPage
from apps.lib.templatetags.interface import application_mark
from apps.saml.actions.settings import sso_of
from apps.saml.errors import RequestRefused
from apps.saml.gate import Refusal
from apps.saml.issuing import (
    Asker,
    Issued,
    PortalSession,
    Refused,
    Wish,
    issue,
    issue_status,
    issue_to,
    refuse,
)
from apps.saml.models import PendingSignIn
from apps.saml.policies import form_policy as _policy
from apps.saml.statuses import STATUSES, TOLD


class NotSignedIn(Exception):
    """The session names somebody whose row does not bear it out."""


POST_BINDING = PreparedPage(
    "saml/post_binding.html", "name", "logo", "acs_url", "saml_response", "relay_state"
)


def starts_there(user: User, application: Application) -> str:
    """Where a person who may use the application starts it, if that is not here; else ""."""
    settings = sso_of(application)
    return "" if settings.idp_initiated or not has_access(user, application) else settings.login_url


def launch(request: HttpRequest, application: Application) -> HttpResponse:
    """IdP-initiated: to the default address, with the default RelayState. Asks to sign in first where nobody has."""
    if not isinstance(request.user, User):
        return redirect_to_login(request.get_full_path())
    relay_state = sso_of(application).default_relay_state
    return post_response(
        request, application, request.user, in_response_to="", acs_url="", relay_state=relay_state
    )


def post_response(
    request: HttpRequest,
    application: Application,
    user: User,
    *,
    in_response_to: str,
    acs_url: str,
    relay_state: str,
) -> HttpResponse:
    """`in_response_to` "" means unsolicited, `acs_url` "" the default address; the gate decides, the log is told."""
    return _answer(request, application, user, Wish(acs_url, in_response_to), relay_state)


def answer_at_once(request: HttpRequest, pending: PendingSignIn) -> HttpResponse | None:
    """For whoever the session says is signed in, read once, with the lock that the decision needs. None when nobody is."""
    claim = claim_of(request)
    if claim is None:
        return None

    def identify(person: User | None) -> Actor:
        if person is None or not claim.is_true_of(person):
            raise NotSignedIn
        is_found(request, person)
        return actor_of(request)

    wish = Wish(pending.acs_url, pending.request_id, pending)
    try:
        outcome = issue_to(
            Asker(claim.user_id, identify), pending.application, wish, session=_session(request)
        )
    except NotSignedIn:
        return None
    return _page(request, pending.application, outcome, pending.relay_state, pending)


def answer_pending(request: HttpRequest, user: User, pending: PendingSignIn) -> HttpResponse:
    """Once: a second try is told to start again at the application."""
    wish = Wish(pending.acs_url, pending.request_id, pending)
    return _answer(request, pending.application, user, wish, pending.relay_state)


def answer_status(request: HttpRequest, pending: PendingSignIn, code: str, sentence: str) -> HttpResponse:
    """Back to the application without an assertion. `code` is of apps.saml.statuses.STATUSES, `sentence` for the log."""
    user = request.user if isinstance(request.user, User) else None
    refusal = Refusal(code, sentence)
    outcome = issue_status(pending, refusal, STATUSES[code], actor=actor_of(request), user=user)
    return _page(request, pending.application, outcome, pending.relay_state)


def refusal_of(request: HttpRequest, application: Application, refused: RequestRefused) -> HttpResponse:
    """The front door's refusals: nothing the message said is followed, least of all an address."""
    user = request.user if isinstance(request.user, User) else None
    outcome = refuse(application, Refusal(refused.code, refused.sentence), actor=actor_of(request), user=user)
    return _refusal_page(request, application, outcome, status=400)


def _answer(
    request: HttpRequest, application: Application, user: User, wish: Wish, relay_state: str
) -> HttpResponse:
    outcome = issue(user, application, wish, actor=actor_of(request), session=_session(request))
    return _page(request, application, outcome, relay_state, wish.pending)


def _page(
    request: HttpRequest,
    application: Application,
    outcome: Issued | Refused,
    relay_state: str,
    pending: PendingSignIn | None = None,
) -> HttpResponse:
    if isinstance(outcome, Refused):
        return _refusal_page(request, application, outcome, pending, status=403)
    values = {
        "name": application.display_label,
        "logo": _logo(application),
        "acs_url": outcome.acs_url,
        "saml_response": base64.b64encode(outcome.xml).decode(),
        "relay_state": relay_state,
    }
    response = HttpResponse(POST_BINDING.fill(request, values, has_relay_state=bool(relay_state)))
    response["Content-Security-Policy"] = _policy(outcome.acs_url)
    # Our default, same-origin, would make browsers post with "Origin: null", which some applications refuse.
    response["Referrer-Policy"] = "strict-origin"
    response["Cache-Control"] = "no-store, private"
    return response


def _logo(application: Application) -> str:
    icon, colour = application.connector.icon, application.colour
    return application_mark(application.display_label, icon, colour, css="logo--large")


def _refusal_page(
    request: HttpRequest,
    application: Application,
    outcome: Refused,
    pending: PendingSignIn | None = None,
    *,
    status: int,
) -> HttpResponse:
    """With a request that still waits, the person may try again or go back; the application is never told why."""
    turn_to_reader(request)
    saml = application.connector.saml
    waits = (
        {"slug": application.slug, "key": pending.pk} if pending and outcome.refusal.code in TOLD else None
    )
    context = {
        "application": application,
        "refusal": outcome.refusal,
        "reference": outcome.reference,
        "now": timezone.now(),
        "login_url": sso_of(application).login_url if saml else "",
        "again_url": reverse("saml:request", kwargs=waits) if waits else "",
        "back_url": reverse("saml:refusal", kwargs=waits) if waits else "",
        "home_url": resolve_url(django_settings.LOGIN_REDIRECT_URL),
    }
    response = render(request, "saml/refused.html", context, status=status)
    response["Cache-Control"] = "no-store, private"
    return response


def _session(request: HttpRequest) -> PortalSession:
    signed_in = signed_in_at(request)  # reads the session, and with it its end
    ends_at = getattr(request.session, "ends_at", None) or timezone.now()
    return PortalSession(signed_in, ends_at, session_handle(request))
