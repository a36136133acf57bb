from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.accounts import destinations
from apps.accounts.access import actor_of, public
from apps.accounts.actions import record_refused_passkey
from apps.accounts.authenticated import confirm_session
from apps.accounts.forms import PasskeyForm
from apps.accounts.passkeys import PasskeyRefused, person_by_passkey, possible_at, sign_in_options
from apps.accounts.pending import begin_sign_in, go_on
from apps.directory.models import User


@public
@require_http_methods(["GET", "HEAD", "POST"])
def passkey(request: HttpRequest) -> HttpResponse:
    """In place of name, password and code. For somebody who is signed in it confirms that it is them."""
    destination = destinations.destination(request)
    form = PasskeyForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            user = person_by_passkey(request, form.cleaned_data["credential"])
            return _shown(request, user, destination)
        except PasskeyRefused as refusal:
            record_refused_passkey(actor=actor_of(request), reason=str(refusal))
            form.add_error(None, _("This passkey is not known here, or it took too long. Try once more."))
    context: dict[str, Any] = {
        "form": form,
        "options": sign_in_options(request),
        "possible": possible_at(request),
        "application": destinations.asking(request, destination),
        "destination": destination,
        "anew": request.user.is_authenticated,
    }
    return render(request, "accounts/passkey.html", context, status=422 if form.is_bound else 200)


def _shown(request: HttpRequest, user: User, destination: str) -> HttpResponse:
    if not request.user.is_authenticated:
        begin_sign_in(request, user, destination, shown="passkey")
        return go_on(request)
    if user != request.user:
        raise PasskeyRefused("somebody else's")
    confirm_session(request, user, shown="passkey")
    request.session[destinations.CAME_FOR] = destination
    return redirect(destination)
