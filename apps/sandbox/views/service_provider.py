"""The SAML service provider: its page, its metadata, where a sign-in starts and where it ends."""

from datetime import timedelta
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from csp.decorators import csp_update
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from apps.sandbox import actions
from apps.sandbox.access import View, person_required, public
from apps.sandbox.errors import AssertionRefused, MetadataRefused
from apps.sandbox.forms import IdentityProviderForm
from apps.sandbox.models import SandboxServiceProvider, SandboxSignIn
from apps.sandbox.saml import metadata
from apps.sandbox.signing_out import with_keys

COOKIE = "gatehouse_sandbox"
LONGEST_SESSION = timedelta(hours=12)
UNREADABLE = {"encoding", "document", "message"}


def service_provider_or_404(slug: str) -> SandboxServiceProvider:
    found: SandboxServiceProvider = get_object_or_404(SandboxServiceProvider, slug=slug)
    return found


@person_required
@require_safe
def page(request: HttpRequest, slug: str) -> HttpResponse:
    there = service_provider_or_404(slug)
    return _shown(request, there, IdentityProviderForm(initial={"url": there.idp_metadata_url}))


def _shown(
    request: HttpRequest, there: SandboxServiceProvider, form: IdentityProviderForm, status: int = 200
) -> HttpResponse:
    context = {
        "service_provider": there,
        "sign_in": current_sign_in(request, there),
        "latest": there.sign_ins.all()[:10],
        "form": form,
    }

    def shown(request: HttpRequest) -> HttpResponse:
        return render(request, "sandbox/service_provider.html", context, status=status)

    return _with_forms_to(there.idp_slo_url, shown)(request)  # signing out everywhere redirects there


@person_required
@require_POST
def identity_provider(request: HttpRequest, slug: str) -> HttpResponse:
    there = service_provider_or_404(slug)
    form = IdentityProviderForm(request.POST)
    if form.is_valid():
        try:
            actions.set_idp_metadata(there, **form.cleaned_data)
        except MetadataRefused as refused:
            form.add_error(None, str(refused.detail))
        else:
            messages.success(request, _("The identity provider is set."))
            return redirect("sandbox:sp", slug=slug)
    return _shown(request, there, form, status=422)


@person_required
@require_POST
def encryption(request: HttpRequest, slug: str) -> HttpResponse:
    """The switch: whether assertions that are not encrypted are refused."""
    there = service_provider_or_404(slug)
    actions.set_only_encrypted(there, only="only" in request.POST)
    if there.only_encrypted:
        messages.success(request, _("It takes encrypted assertions and no others."))
    else:
        messages.success(request, _("It takes assertions whether they are encrypted or not."))
    return redirect("sandbox:sp", slug=slug)


@public
@never_cache
@require_safe
def sp_metadata(_request: HttpRequest, slug: str) -> HttpResponse:
    there = service_provider_or_404(slug)
    certificate = with_keys(there).certificate
    document = metadata.write(there.entity_id, there.acs_url, there.slo_url, certificate)
    return HttpResponse(document, content_type=metadata.CONTENT_TYPE)


@public
@never_cache
@require_safe
def login(request: HttpRequest, slug: str) -> HttpResponse:
    """SP-initiated: by Redirect, or with `?binding=post` by a form that sends itself."""
    there = service_provider_or_404(slug)
    wants_post = request.GET.get("binding") == "post"
    sso_url = there.idp_post_url if wants_post else there.idp_redirect_url
    if not sso_url:
        refused = AssertionRefused(
            "trust", _("The identity provider has no address for this way of signing in.")
        )
        return refused_page(request, there, refused)
    asked = actions.add_authn_request(there)
    relay_state = reverse("sandbox:sp", kwargs={"slug": slug})
    if not wants_post:
        return HttpResponseRedirect(asked.redirect_address(sso_url, relay_state))
    return _form_to(sso_url, request, asked.post_value(sso_url), relay_state)


def _form_to(sso_url: str, request: HttpRequest, saml_request: str, relay_state: str) -> HttpResponse:
    """A form that sends itself."""
    context = {"sso_url": sso_url, "saml_request": saml_request, "relay_state": relay_state}

    def form(request: HttpRequest) -> HttpResponse:
        return render(request, "sandbox/authn_request.html", context)

    return _with_forms_to(sso_url, form)(request)


def _with_forms_to(url: str, view: View) -> View:
    """Our policy lets forms go home only, and so do redirects after them: a page names where else its own may lead."""
    address = urlsplit(url)
    if not address.netloc:
        return view
    return cast("View", csp_update({"form-action": [f"{address.scheme}://{address.netloc}"]})(view))


@public
@never_cache
@csrf_exempt  # posted from the identity provider's page; the signature and InResponseTo stand for the token
@require_POST
def acs(request: HttpRequest, slug: str) -> HttpResponse:
    there = service_provider_or_404(slug)
    try:
        sign_in = actions.add_sign_in(there, request.POST.get("SAMLResponse", ""))
    except AssertionRefused as refused:
        return refused_page(request, there, refused)
    response = HttpResponseRedirect(_landing(there, request.POST.get("RelayState", "")))
    response.set_signed_cookie(
        COOKIE,
        str(sign_in.pk),
        salt=_salt(there),
        max_age=LONGEST_SESSION,
        path=reverse("sandbox:sp", kwargs={"slug": slug}),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def refused_page(
    request: HttpRequest, there: SandboxServiceProvider, refused: AssertionRefused, *, of_logout: bool = False
) -> HttpResponse:
    """Read by anybody, so it names the service provider by nothing but the address."""
    context = {"slug": there.slug, "refused": refused, "of_logout": of_logout}
    status = 400 if refused.check in UNREADABLE else 403
    return render(request, "sandbox/refused.html", context, status=status)


def current_sign_in(request: HttpRequest, there: SandboxServiceProvider) -> SandboxSignIn | None:
    """Whoever the sandbox takes the browser for. The portal's own session has no part in it."""
    key = request.get_signed_cookie(COOKIE, default="", salt=_salt(there), max_age=LONGEST_SESSION)
    rows: Any = there.sign_ins.filter(pk=key, signed_out_at=None) if key else there.sign_ins.none()
    found: SandboxSignIn | None = rows.first()
    over = found is not None and found.ends_at is not None and found.ends_at <= timezone.now()
    return None if over else found


def _salt(there: SandboxServiceProvider) -> str:
    """A cookie of one service provider, or of one tenant, is worth nothing at another."""
    return f"sandbox sign-in:{there.tenant_id}:{there.pk}"


def _landing(there: SandboxServiceProvider, relay_state: str) -> str:
    """RelayState is a path below the sandbox or it is ignored."""
    below = reverse("sandbox:index")
    plain = unquote(relay_state)
    is_below = url_has_allowed_host_and_scheme(relay_state, allowed_hosts=None) and plain.startswith(below)
    if is_below and ".." not in plain and "\\" not in plain:
        return relay_state
    return reverse("sandbox:sp", kwargs={"slug": there.slug})
