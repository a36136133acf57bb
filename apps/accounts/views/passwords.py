"""Pages of people who cannot sign in yet, or no longer: forgotten password, links from mails."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from apps.accounts.access import actor_for, client_ip, public
from apps.accounts.forgotten import ask_for_reset_link
from apps.accounts.forms import ForgottenForm, NewPasswordForm
from apps.accounts.models import LinkPurpose
from apps.accounts.one_time_links import LinkOver, person_of, use_link
from apps.directory.errors import FieldsInvalid
from apps.directory.models import User


@public
@require_http_methods(["GET", "HEAD", "POST"])
def forgotten(request: HttpRequest) -> HttpResponse:
    """Says the same about every name. `sent` is the page after the form."""
    form = ForgottenForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        ask_for_reset_link(form.cleaned_data["username"], client_ip=client_ip(request))
        return redirect(f"{request.path}?sent=yes")
    context = {"form": form, "sent": "sent" in request.GET and not form.is_bound}
    return render(request, "accounts/forgotten.html", context, status=422 if form.is_bound else 200)


@public
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def reset(request: HttpRequest, token: str) -> HttpResponse:
    return _set_password(request, token, LinkPurpose.RESET)


@public
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    return _set_password(request, token, LinkPurpose.INVITATION)


@sensitive_variables("token", "form")
def _set_password(request: HttpRequest, token: str, purpose: LinkPurpose) -> HttpResponse:
    """Signs nobody in: who holds the link still has what the sign-in asks besides the password ahead of them."""
    form = NewPasswordForm(request.POST if request.method == "POST" else None)
    try:
        person = person_of(token, purpose)
        if form.is_valid() and _used(request, form, token, purpose, person):
            messages.success(request, _("Your password is set. Sign in with it now."))
            return redirect("accounts:login")
    except LinkOver:
        return render(request, "accounts/link_over.html", {"purpose": purpose.value}, status=404)
    context: dict[str, Any] = {"form": form, "person": person, "purpose": purpose.value}
    return render(request, "accounts/new_password.html", context, status=422 if form.is_bound else 200)


@sensitive_variables("token")
def _used(
    request: HttpRequest, form: NewPasswordForm, token: str, purpose: LinkPurpose, person: User
) -> bool:
    """False leaves the reason in the form."""
    try:
        use_link(token, purpose, form.cleaned_data["password"], actor=actor_for(request, person))
    except FieldsInvalid as error:
        form.add_error("password", error.fields["password"])
        return False
    return True
