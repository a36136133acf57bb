"""How a person signs in: password, passkeys, authenticator app, recovery codes. Whatever changes it asks for a recent sign-in."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts import authenticators, passkeys, portal_sessions
from apps.accounts.access import actor_of, person_required
from apps.accounts.forms import CodeForm, NewPasskeyForm
from apps.accounts.models import Passkey, PortalSession
from apps.accounts.recent import recent_authentication_required
from apps.accounts.second_factors import (
    authenticator_of,
    has_second_factor,
    passkeys_of,
    recovery_codes_left,
    second_factor_required,
)
from apps.accounts.signing_out import known_handle
from apps.launcher.views.tiles import person
from apps.lib.devices import device


@person_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    user = person(request)
    context = {
        "authenticator": authenticator_of(user),
        "passkeys": passkeys_of(user),
        "codes_left": recovery_codes_left(user),
        "sessions": [(one, device(one.user_agent)) for one in portal_sessions.sessions_of(user)],
        "this_one": known_handle(request),
        "required": second_factor_required(user),
    }
    return render(request, "launcher/security.html", context)


@person_required
@recent_authentication_required
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def authenticator(request: HttpRequest) -> HttpResponse:
    """A new app. Its answer to the first code shows the recovery codes, this once."""
    user = person(request)
    if authenticator_of(user):
        return redirect("launcher:security")
    form = CodeForm(request.POST if request.method == "POST" else None)
    waiting = authenticators.begin_authenticator(user)
    if form.is_valid():
        codes = authenticators.confirm_authenticator(user, form.cleaned_data["code"], actor=actor_of(request))
        if codes:
            return _shown_once(request, codes)
        form.add_error(
            "code", _("This is not the code that the app shows now. Check that its clock is right.")
        )
    address = authenticators.address_of(waiting)
    picture = authenticators.qr_code(address)
    context = {"form": form, "secret": waiting.secret, "address": address, "picture": picture}
    return render(request, "launcher/authenticator.html", context, status=422 if form.is_bound else 200)


@person_required
@recent_authentication_required
@require_http_methods(["GET", "HEAD", "POST"])
def authenticator_removal(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        if authenticators.remove_authenticator(person(request), actor=actor_of(request)):
            messages.success(request, _("Signing in no longer asks for a code."))
        return redirect("launcher:security")
    context = {
        "title": _("Remove the authenticator app?"),
        "consequence": _(
            "From the next sign-in on your password is enough. Your recovery codes are gone as well."
        ),
        "action": _("Remove"),
        "cancel_url": reverse("launcher:security"),
    }
    if second_factor_required(person(request)):
        context["consequence"] = _(
            "Your organisation asks you for a second factor: at your next sign-in you will set one up again. Your recovery codes are gone now."
        )
    return render(request, "launcher/confirm.html", context)


@person_required
@recent_authentication_required
@require_http_methods(["GET", "HEAD", "POST"])
def recovery_codes(request: HttpRequest) -> HttpResponse:
    user = person(request)
    if not has_second_factor(user):
        return redirect("launcher:security")
    if request.method == "POST":
        return _shown_once(request, authenticators.new_recovery_codes(user, actor=actor_of(request)))
    context = {
        "title": _("New recovery codes?"),
        "consequence": _("The ones you have stop working at once."),
        "action": _("Make new codes"),
        "kind": "primary",
        "cancel_url": reverse("launcher:security"),
    }
    return render(request, "launcher/confirm.html", context)


@person_required
@recent_authentication_required
@require_http_methods(["GET", "HEAD", "POST"])
def passkey_new(request: HttpRequest) -> HttpResponse:
    user = person(request)
    form = NewPasskeyForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        given, name = form.cleaned_data["credential"], form.cleaned_data["name"]
        try:
            codes = passkeys.add_passkey(request, user, given, name=name, actor=actor_of(request))
        except passkeys.PasskeyRefused:
            form.add_error(
                None, _("The answer of your device was not good, or came too late. Try once more.")
            )
        else:
            messages.success(request, _("The passkey was added."))
            return _shown_once(request, codes) if codes else redirect("launcher:security")
    options, possible = passkeys.registration_options(request, user), passkeys.possible_at(request)
    context = {"form": form, "options": options, "possible": possible}
    return render(request, "launcher/passkey_new.html", context, status=422 if form.is_bound else 200)


@person_required
@recent_authentication_required
@require_http_methods(["GET", "HEAD", "POST"])
def passkey_removal(request: HttpRequest, pk: UUID) -> HttpResponse:
    passkey = get_object_or_404(Passkey.objects, pk=pk, user=person(request))
    if request.method == "POST":
        passkeys.remove_passkey(passkey, actor=actor_of(request))
        messages.success(request, _("The passkey was removed."))
        return redirect("launcher:security")
    context = {
        "title": _("Remove the passkey %(name)s?") % {"name": passkey},
        "consequence": _("It signs you in no longer. On the device it stays until you delete it there."),
        "action": _("Remove"),
        "cancel_url": reverse("launcher:security"),
    }
    return render(request, "launcher/confirm.html", context)


@person_required
@require_POST
def session_end(request: HttpRequest, pk: UUID) -> HttpResponse:
    one = get_object_or_404(PortalSession.objects, pk=pk, user=person(request))
    portal_sessions.end_sessions([one], actor=actor_of(request))
    messages.success(request, _("That session has ended."))
    return redirect("launcher:security")


@person_required
@require_POST
def sessions_end(request: HttpRequest) -> HttpResponse:
    """All but the one that asks."""
    user, own = person(request), known_handle(request)
    others = [one for one in portal_sessions.sessions_of(user) if one.handle != own]
    portal_sessions.end_sessions(others, actor=actor_of(request))
    messages.success(request, _("You are signed in here and nowhere else."))
    return redirect("launcher:security")


def _shown_once(request: HttpRequest, codes: list[str]) -> HttpResponse:
    return render(
        request, "launcher/recovery_codes.html", {"codes": codes, "url": reverse("launcher:security")}
    )
