"""Single logout by way of the browser (SAML profiles 4.4): one application after the other, each by a page of its own.

Why no frames: docs/decisions/0013-logout-goes-from-page-to-page.md. All pages but the one that takes messages have a random key
in their address; what they show is where this browser was signed in.
"""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.access import actor_of, public
from apps.accounts.signing_out import (
    SignedOut,
    forget_what_follows,
    known_handle,
    remember_what_follows,
    sign_out,
)
from apps.applications.models import Application
from apps.directory.models import User
from apps.events.actors import Target
from apps.lib.errors import SecretError
from apps.saml.actions.settings import sso_of
from apps.saml.addresses import slo_url
from apps.saml.authn_request import TOLERANCE
from apps.saml.errors import RequestMismatch, RequestRefused, RequestStale, RequestUnreadable
from apps.saml.front_door import LARGEST_FORM, REQUEST, RESPONSE, Received, from_form, from_redirect
from apps.saml.logout import runs
from apps.saml.logout.messages import Outgoing, logout_response
from apps.saml.logout.reading import (
    PARTIAL_LOGOUT,
    REQUESTER,
    SUCCESS,
    UNKNOWN_PRINCIPAL,
    in_response_to,
    read_logout_request,
    read_logout_response,
)
from apps.saml.logout.sessions import is_over, session_asked_for
from apps.saml.models import LogoutBinding, LogoutRun, LogoutStep, SsoSettings
from apps.saml.policies import form_policy

State = LogoutStep.State


def after_sign_out(request: HttpRequest, signed_out: SignedOut) -> str:
    """The portal session is over; what is left is to tell the applications. Registered in apps.py."""
    run = runs.begin(None, signed_out.handle)
    return _address(request, run) if run is not None else ""


@public
@csrf_exempt  # the form stands on the application's page; nothing but its signature counts, and it ends no session by itself
@never_cache
@require_http_methods(["GET", "POST"])
def slo(request: HttpRequest, slug: str) -> HttpResponse:
    """Takes both kinds of message and sends the browser on to a page of this site, where its Lax cookie comes along."""
    application = _application(slug)
    settings = sso_of(application)
    try:
        received = _received(request, settings)
        if received.parameter == REQUEST:
            key = _stored(received, settings).pk
            return _see_other(reverse("saml:logout_request", kwargs={"slug": slug, "key": key}))
        return _see_other(_run_address(_answered(request, received, settings)))
    except RequestRefused as refused:
        return _refusal(request, application, refused)


def _received(request: HttpRequest, settings: SsoSettings) -> Received:
    takes = (REQUEST, RESPONSE)
    if request.method == "GET":
        query = request.META.get("QUERY_STRING", "")
        return from_redirect(query, settings.sp_certificates, takes=takes)
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > LARGEST_FORM:
        raise RequestUnreadable(_("The message is too large."))
    return from_form(dict(request.POST.lists()), settings.sp_certificates, takes=takes)


def _stored(received: Received, settings: SsoSettings) -> LogoutRun:
    destination = slo_url(settings.application)
    asked = read_logout_request(received, settings, destination=destination, now=timezone.now())
    return runs.add_logout_request(settings.application, asked)


def _answered(request: HttpRequest, received: Received, settings: SsoSettings) -> LogoutRun:
    """An answer that is not believed settles its step as failed: one careless application must not stop the way round."""
    application, actor = settings.application, actor_of(request)
    try:
        answer = read_logout_response(
            received, settings, destination=slo_url(application), now=timezone.now()
        )
    except RequestRefused as refused:
        run = runs.refuse_answer(application, in_response_to(received), refused, actor=actor)
        if run is None:
            raise
        return run
    return runs.take_answer(application, answer, actor=actor)


@public  # whose session ends is decided by the cookie and the signed request together
@never_cache
@require_GET
def requested(request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
    """SP-initiated: ends this browser's session, if it is the one that was meant, then goes round the other applications."""
    application = _application(slug)
    run = get_object_or_404(LogoutRun.objects.select_related("initiator"), pk=key, initiator=application)
    if run.created_at < timezone.now() - TOLERANCE:
        sentence = _("This sign-out is over. Sign out again at the application.")
        return _refusal(request, application, RequestStale(sentence))
    if not runs.claim(run):
        return redirect(_run_address(run))
    handle = known_handle(request)
    if session_asked_for(application, handle, run.name_id, run.session_indexes) is None:
        return _not_here(request, application, run)
    sign_out(request, application=Target.of("application", application))
    runs.begin(run, handle)
    return redirect(_address(request, run))


def _not_here(request: HttpRequest, application: Application, run: LogoutRun) -> HttpResponse:
    """Somebody else's session, or none: nobody is signed out, and the application is told so (core 3.7.3.2)."""
    if is_over(application, run.name_id, run.session_indexes, timezone.now()):
        return _answer(request, application, run, SUCCESS)
    sentence = _(
        "The application asked to sign out somebody who is not signed in here. Nobody was signed out."
    )
    refused = RequestMismatch(sentence)
    user = request.user if isinstance(request.user, User) else None
    runs.record_refusal(application, refused, actor=actor_of(request), user=user)
    return _answer(request, application, run, REQUESTER, UNKNOWN_PRINCIPAL)


@public  # tells no more than the browser was told before: where it was signed in
@never_cache
@require_GET
def progress(request: HttpRequest, key: UUID) -> HttpResponse:
    """Where everything stands. While somebody waits to be asked the page goes on by itself, without scripts."""
    run = _run(key)
    steps = list(run.steps.select_related("run", "session__application__sso"))
    waiting = next((step for step in steps if step.state == State.WAITING), None) if _is_fresh(run) else None
    everywhere = all(step.state == State.CONFIRMED for step in steps)
    if waiting is None:
        runs.finish(run, actor=actor_of(request))
    if everywhere:
        forget_what_follows(request)
    go_on = _step_address(waiting) if waiting else ""
    answer = reverse("saml:logout_answer", kwargs={"key": run.pk}) if run.initiator else ""
    context = {
        "run": run,
        "rows": [(step, _step_address(step)) for step in steps],
        "go_on": go_on,
        "everywhere": everywhere,
        "answer_url": answer if run.initiator and sso_of(run.initiator).slo_url else "",
    }
    response = render(request, "saml/logout.html", context)
    if target := go_on or (everywhere and context["answer_url"]):
        response["Refresh"] = f"1; url={target}"
    return response


@public  # asks the application about a session that this run is about, and nothing else
@never_cache
@require_GET
def step(request: HttpRequest, key: UUID, step: UUID) -> HttpResponse:
    """Asks one application, for the first time or again."""
    found = get_object_or_404(
        LogoutStep.objects.select_related("run", "session__application"),
        pk=step,
        run_id=key,
        run__begun_at__isnull=False,
    )
    outgoing = runs.ask(found, actor=actor_of(request)) if _is_fresh(found.run) else None
    if outgoing is None:
        return redirect(_run_address(found.run))
    return _carried(request, found.session.application, outgoing)


@public  # says to the application that asked what its page said before
@never_cache
@require_GET
def answer(request: HttpRequest, key: UUID) -> HttpResponse:
    """Back to the application that began, with how it went."""
    run = _run(key)
    if run.initiator is None:
        raise Http404
    states = set(run.steps.values_list("state", flat=True))
    if State.WAITING in states and _is_fresh(run):
        return redirect(_run_address(run))
    statuses = (SUCCESS,) if states <= {State.CONFIRMED} else (SUCCESS, PARTIAL_LOGOUT)
    return _answer(request, run.initiator, run, *statuses)


# --- what the views have in common


def _application(slug: str) -> Application:
    application: Application = get_object_or_404(Application.objects, slug=slug)
    if application.connector.saml is None:
        raise Http404
    return application


def _run(key: UUID) -> LogoutRun:
    runs_begun = LogoutRun.objects.select_related("initiator").filter(begun_at__isnull=False)
    run: LogoutRun = get_object_or_404(runs_begun, pk=key)
    return run


def _is_fresh(run: LogoutRun) -> bool:
    return bool(run.created_at > timezone.now() - runs.RUN_LIFETIME)


def _run_address(run: LogoutRun) -> str:
    return reverse("saml:logout", kwargs={"key": run.pk})


def _step_address(step: LogoutStep) -> str:
    return reverse("saml:logout_step", kwargs={"key": step.run_id, "step": step.pk})


def _address(request: HttpRequest, run: LogoutRun) -> str:
    """And the sign-in page knows it: an application that never answers keeps the browser."""
    address = _run_address(run)
    remember_what_follows(request, address)
    return address


def _see_other(address: str) -> HttpResponse:
    response = HttpResponseRedirect(address)
    response.status_code = 303
    return response


def _answer(request: HttpRequest, application: Application, run: LogoutRun, *statuses: str) -> HttpResponse:
    try:
        outgoing = logout_response(
            application, *statuses, in_response_to=run.request_id, relay_state=run.relay_state
        )
    except SecretError:
        # After a restore without ENCRYPTION_KEYS: an operator's matter, told in the person's words.
        outgoing = None
    if outgoing is None:
        sentence = _(
            "The application cannot be told how the sign-out went: it has no address for the answer."
        )
        return _refusal(request, application, RequestMismatch(sentence))
    return _carried(request, application, outgoing)


def _carried(request: HttpRequest, application: Application, outgoing: Outgoing) -> HttpResponse:
    if outgoing.binding is LogoutBinding.REDIRECT:
        return redirect(outgoing.url)
    context = {"application": application, "url": outgoing.url, "fields": outgoing.fields}
    response = render(request, "saml/logout_post.html", context)
    response["Content-Security-Policy"] = form_policy(outgoing.url)
    # Our default, same-origin, would make browsers post with "Origin: null", which some applications refuse.
    response["Referrer-Policy"] = "strict-origin"
    return response


def _refusal(request: HttpRequest, application: Application, refused: RequestRefused) -> HttpResponse:
    """Nothing the message said is followed, least of all an address. It ended no session."""
    user = request.user if isinstance(request.user, User) else None
    event = runs.record_refusal(application, refused, actor=actor_of(request), user=user)
    context: dict[str, Any] = {
        "application": application,
        "sentence": refused.sentence,
        "reference": event.reference,
        "now": timezone.now(),
    }
    return render(request, "saml/logout_refused.html", context, status=400)
