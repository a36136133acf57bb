"""Between the password and the session: the code, and setting one up where the organisation requires it."""

from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from apps.accounts.access import actor_for, public
from apps.accounts.actions import tried
from apps.accounts.authenticators import (
    address_of,
    begin_authenticator,
    code_is_right,
    confirm_authenticator,
    method_of,
    qr_code,
)
from apps.accounts.forms import CodeForm
from apps.accounts.pending import begin_sign_in, go_on, missing, pending_sign_in
from apps.accounts.second_factors import authenticator_of, passkeys_of


@public
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    pending = pending_sign_in(request)
    if pending is None or missing(pending) != "accounts:code":
        return go_on(request)
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        given = form.cleaned_data["code"]
        actor = replace(actor_for(request, pending.user), auth_method=method_of(given))
        if tried(pending.user, right=lambda: code_is_right(pending.user, given, actor=actor), actor=actor):
            begin_sign_in(request, pending.user, pending.destination, shown=actor.auth_method)
            return go_on(request)
        form.add_error(
            "code", _("This code is not good, or no longer: an app shows a new one every 30 seconds.")
        )
    context = {
        "form": form,
        "person": pending.user,
        "app": authenticator_of(pending.user),
        "passkeys": passkeys_of(pending.user),
        "destination": pending.destination,
    }
    return render(request, "accounts/code.html", context, status=422 if form.is_bound else 200)


@public
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: HttpRequest) -> HttpResponse:
    """For whoever has to have a second factor and has none: first that, then the session."""
    pending = pending_sign_in(request)
    if pending is None or missing(pending) != "accounts:second_factor":
        return go_on(request)
    form = CodeForm(request.POST if request.method == "POST" else None)
    authenticator = begin_authenticator(pending.user)
    if form.is_valid():
        codes = confirm_authenticator(
            pending.user, form.cleaned_data["code"], actor=actor_for(request, pending.user)
        )
        if codes:
            begin_sign_in(request, pending.user, pending.destination, shown="password+totp")
            return render(
                request, "accounts/recovery_codes.html", {"codes": codes, "url": reverse("accounts:code")}
            )
        form.add_error(
            "code", _("This is not the code that the app shows now. Check that its clock is right.")
        )
    address = address_of(authenticator)
    context = {"form": form, "secret": authenticator.secret, "address": address, "picture": qr_code(address)}
    return render(request, "accounts/second_factor.html", context, status=422 if form.is_bound else 200)
