from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from apps.accounts import destinations
from apps.accounts.access import actor_of, person_required
from apps.accounts.actions import person_with
from apps.accounts.authenticated import confirm_session
from apps.accounts.forms import PasswordAgainForm


@person_required
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def again(request: HttpRequest) -> HttpResponse:
    """The person who is signed in, and nobody else, shows that it is still them; `next` says where to go on.
    Wrong guesses count towards the lock: an open screen is no oracle."""
    destination = destinations.destination(request)
    form = PasswordAgainForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        user = person_with(
            request.user.get_username(), form.cleaned_data["password"], actor=actor_of(request)
        )
        if user is not None and user == request.user:
            confirm_session(request, user, shown="password")
            request.session[destinations.CAME_FOR] = destination
            return redirect(destination)
        form.add_error("password", _("This is not your password, or it was tried too often."))
    context = {"form": form, "back": destination}
    return render(request, "accounts/reauthentication.html", context, status=422 if form.is_bound else 200)
