from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from apps.accounts import destinations
from apps.accounts.access import actor_of, public
from apps.accounts.actions import person_with
from apps.accounts.forms import SignInForm
from apps.accounts.pending import sign_in
from apps.accounts.second_factors import days_are_over
from apps.accounts.signing_out import FOLLOWS, sign_out, what_follows


@public
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """`next` says where to go on; with `reauthenticate` a person who is signed in gives the password again (ForceAuthn)."""
    anew = "reauthenticate" in request.GET
    destination = destinations.destination(request)
    if request.method != "POST":
        if request.user.is_authenticated and not anew:
            return redirect(destination)
        typed = {"username": request.user.get_username()} if anew else {}
        return _page(request, SignInForm(initial=typed), destination)
    form = SignInForm(request.POST)
    if form.is_valid():
        user = person_with(**form.cleaned_data, actor=actor_of(request))
        if user is not None:
            return sign_in(request, user, destination)
        form.add_error(None, _("This username and password do not sign in."))
    return _page(request, form, destination, status=422)


def _page(request: HttpRequest, form: SignInForm, destination: str, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "destination": destination,
        "application": destinations.asking(request, destination),
        "anew": request.user.is_authenticated,
        "second_factor_over": days_are_over(request),
        "sign_out_url": request.session.get(FOLLOWS, ""),
    }
    return render(request, "accounts/login.html", context, status=status)


@public
@require_http_methods(["GET", "HEAD", "POST"])
def logout(request: HttpRequest) -> HttpResponse:
    """Opening the address only asks: a picture on another site must not sign anybody out."""
    if request.method != "POST" and request.user.is_authenticated:
        return render(request, "accounts/logout.html")
    if request.method == "POST" and (signed_out := sign_out(request)):
        if address := what_follows(request, signed_out):
            return redirect(address)
        messages.success(
            request, _("You are signed out here. Applications that you opened may still be signed in.")
        )
    return redirect("accounts:login")
