"""Single logout at the service provider: begun here, or asked for by the identity provider."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from apps.sandbox import actions, signing_out
from apps.sandbox.access import person_required, public
from apps.sandbox.errors import AssertionRefused
from apps.sandbox.saml import logout as messages_of_logout
from apps.sandbox.views.service_provider import (
    COOKIE,
    current_sign_in,
    refused_page,
    service_provider_or_404,
)


@person_required
@require_POST
def logout(request: HttpRequest, slug: str) -> HttpResponse:
    """Here alone, or with `everywhere` at the identity provider and whatever it knows of."""
    there = service_provider_or_404(slug)
    sign_in = current_sign_in(request, there)
    response = redirect("sandbox:sp", slug=slug)
    if sign_in is not None and "everywhere" in request.POST and there.idp_slo_url:
        response = HttpResponseRedirect(signing_out.sign_out_everywhere(sign_in))
    elif sign_in is not None:
        actions.remove_sign_in(sign_in)
    return _without_cookie(response, slug)


@person_required
@require_POST
def answers(request: HttpRequest, slug: str) -> HttpResponse:
    """The switch of the fault: whether logout requests are answered."""
    there = service_provider_or_404(slug)
    signing_out.set_ignores_logout(there, ignores="ignore" in request.POST)
    if there.ignores_logout:
        messages.warning(request, _("It takes logout requests and does not answer them."))
    else:
        messages.success(request, _("It answers logout requests."))
    return redirect("sandbox:sp", slug=slug)


@public
@never_cache
@require_safe
def slo(request: HttpRequest, slug: str) -> HttpResponse:
    """Both kinds of message, by Redirect; the signature decides."""
    there = service_provider_or_404(slug)
    try:
        message = messages_of_logout.read(
            request.META.get("QUERY_STRING", ""),
            slo_url=there.slo_url,
            issuer=there.idp_entity_id,
            certificates=there.idp_certificates,
            now=timezone.now(),
        )
        if message.kind == messages_of_logout.RESPONSE:
            return _end_page(request, slug, everywhere=signing_out.take_answer(there, message))
    except AssertionRefused as refused:
        return refused_page(request, there, refused, of_logout=True)
    if there.ignores_logout or not there.idp_slo_url:
        return _end_page(request, slug, silent=True)
    return _without_cookie(HttpResponseRedirect(signing_out.sign_out_as_asked(there, message)), slug)


def _end_page(
    request: HttpRequest, slug: str, *, everywhere: bool = False, silent: bool = False
) -> HttpResponse:
    context = {"slug": slug, "everywhere": everywhere, "silent": silent}
    return render(request, "sandbox/logout.html", context)


def _without_cookie(response: HttpResponse, slug: str) -> HttpResponse:
    response.delete_cookie(COOKIE, path=reverse("sandbox:sp", kwargs={"slug": slug}), samesite="Lax")
    return response
