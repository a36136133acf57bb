"""The SSO endpoint and what the administrator of the other side downloads. Addresses end without a slash."""

from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings as django_settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.access import finds_its_person, public
from apps.accounts.destinations import remember_asking, signed_in_at
from apps.applications.models import Application
from apps.directory.models import User
from apps.saml.actions.key_pairs import certificates_of
from apps.saml.actions.requests import add_pending_sign_in, pending_sign_in
from apps.saml.actions.settings import sso_of
from apps.saml.addresses import sso_url
from apps.saml.authn_request import AuthnRequest, read_request
from apps.saml.errors import RequestRefused, RequestStale, RequestUnreadable
from apps.saml.front_door import LARGEST_FORM, from_form, from_redirect
from apps.saml.metadata_export import identity_provider_metadata
from apps.saml.models import PendingSignIn, SsoSettings
from apps.saml.old_requests import PENDING_LIFETIME
from apps.saml.responses import answer_at_once, answer_pending, answer_status, refusal_of
from apps.saml.sign_on_rows import settings_at


@public
@finds_its_person  # in the transaction that answers
@csrf_exempt  # the form stands on the application's page; what it may do is decided by the request itself
@require_http_methods(["GET", "POST"])
def sso(request: HttpRequest, slug: str) -> HttpResponse:
    """Answers whoever is signed in; everybody else goes on at a page of this site, where the request waits.

    A form posted by another site arrives without our Lax session cookie; the 303 to a GET of our own brings it back.
    """
    settings = settings_at(slug) or sso_of(_application(slug))
    application = settings.application
    application.tenant = request.tenant  # type: ignore[attr-defined]  # whose address this is: no need to ask again
    try:
        asked = _read(request, settings)
        pending = pending_sign_in(application, asked)
        at_once = request.method == "GET" and not pending.force_authn and not asked.demands.problem
        if at_once and (answer := answer_at_once(request, pending)):
            return answer
        add_pending_sign_in(pending)
    except RequestRefused as refused:
        return refusal_of(request, application, refused)
    if asked.demands.problem:
        sentence = _("The application asked for something that is not given here.")
        return answer_status(request, pending, asked.demands.problem, sentence)
    response = HttpResponseRedirect(reverse("saml:request", kwargs={"slug": slug, "key": pending.pk}))
    response.status_code = 303
    return response


@public  # IsPassive is answered where nobody is signed in; everybody else signs in first
@require_safe
def waiting_request(request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
    application = _application(slug)
    try:
        pending = _waiting(application, key)
    except RequestRefused as refused:
        return refusal_of(request, application, refused)
    if person := _person_for(request, pending):
        return answer_pending(request, person, pending)
    if pending.is_passive:
        sentence = _("Nobody was signed in, and the application asked not to show a page.")
        return answer_status(request, pending, "no_passive", sentence)
    remember_asking(request, address=request.get_full_path(), label=application.display_label)
    return _to_sign_in(request, again=request.user.is_authenticated)


@public  # whoever was shown the refusal; the key in the address was given to nobody else
@require_POST
def refusal(request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
    """ "Back to …" on the page that says why there is no sign-in: the application learns that there is none, not why."""
    application = _application(slug)
    try:
        pending = _waiting(application, key)
    except RequestRefused as refused:
        return refusal_of(request, application, refused)
    return answer_status(request, pending, "request_denied", _("The person went back without a sign-in."))


def _waiting(application: Application, key: UUID) -> PendingSignIn:
    """Raises RequestStale when it was answered, is too old or never was."""
    found: PendingSignIn | None = PendingSignIn.objects.filter(pk=key, application=application).first()
    if found is None or found.answered_at or found.created_at < timezone.now() - PENDING_LIFETIME:
        raise RequestStale(_("This sign-in request is over. Start again at the application."))
    return found


def _person_for(request: HttpRequest, pending: PendingSignIn) -> User | None:
    """Who may be answered for right now; with ForceAuthn only somebody who has just given their password."""
    if not isinstance(request.user, User) or (pending.force_authn and not _signed_in_since(request, pending)):
        return None
    return request.user


def _signed_in_since(request: HttpRequest, pending: PendingSignIn) -> bool:
    """ForceAuthn (core 3.4.1): the password was given in this browser after the request came in."""
    moment = signed_in_at(request)
    return moment is not None and moment >= pending.created_at


def _to_sign_in(request: HttpRequest, *, again: bool) -> HttpResponse:
    query = {"next": request.get_full_path()} | ({"reauthenticate": "yes"} if again else {})
    return HttpResponseRedirect(f"{resolve_url(django_settings.LOGIN_URL)}?{urlencode(query)}")


@public
@require_safe
def metadata(request: HttpRequest, slug: str) -> HttpResponse:
    """Stable, public and the entity ID. With `?download` as a file."""
    application = _application(slug)
    document = identity_provider_metadata(sso_of(application), certificates_of(application))
    response = HttpResponse(document, content_type="application/samlmetadata+xml")
    if "download" in request.GET:
        response["Content-Disposition"] = f'attachment; filename="Gatehouse-{slug}-metadata.xml"'
    return response


@public
@require_safe
def certificate(request: HttpRequest, slug: str) -> HttpResponse:
    """The certificate that signs now; the private key has no address."""
    active = certificates_of(_application(slug))[0]
    response = HttpResponse(active.certificate, content_type="application/x-pem-file")
    response["Content-Disposition"] = 'attachment; filename="certificate.pem"'
    return response


def _application(slug: str) -> Application:
    application: Application | None = Application.objects.filter(slug=slug).first()
    if application is None or application.connector.saml is None:
        raise Http404
    return application


def _read(request: HttpRequest, settings: SsoSettings) -> AuthnRequest:
    if request.method == "POST":
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or int(length) > LARGEST_FORM:
            raise RequestUnreadable(_("The sign-in request is too large."))
        received = from_form(dict(request.POST.lists()), settings.sp_certificates)
    else:
        received = from_redirect(request.META.get("QUERY_STRING", ""), settings.sp_certificates)
    return read_request(received, settings, destination=sso_url(settings.application), now=timezone.now())
