from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from apps.accounts.access import actor_for, public
from apps.accounts.forms import NewPasswordForm
from apps.accounts.one_time_links import tell_of_new_password
from apps.accounts.pending import Pending, begin_sign_in, go_on, missing, pending_sign_in
from apps.directory.actions import set_password
from apps.directory.errors import FieldsInvalid


@public
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def expired(request: HttpRequest) -> HttpResponse:
    """For whoever has just given a password that is too old: a new one, and the sign-in goes on."""
    pending = pending_sign_in(request)
    if pending is None or missing(pending) != "accounts:expired":
        return go_on(request)
    form = NewPasswordForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _changed(request, form, pending):
        messages.success(
            request, _("Your password is changed. Wherever else you were signed in, you no longer are.")
        )
        return go_on(request)
    context = {"form": form, "person": pending.user}
    return render(request, "accounts/expired.html", context, status=422 if form.is_bound else 200)


@sensitive_variables("password")
def _changed(request: HttpRequest, form: NewPasswordForm, pending: Pending) -> bool:
    """False leaves the reason in the form."""
    password = form.cleaned_data["password"]
    if pending.user.check_password(password):
        form.add_error("password", _("This is the one that has expired."))
        return False
    try:
        with transaction.atomic():
            user = set_password(pending.user, password, actor=actor_for(request, pending.user))
            tell_of_new_password(user)
    except FieldsInvalid as error:
        form.add_error("password", error.fields["password"])
        return False
    begin_sign_in(request, user, pending.destination, shown=pending.shown)
    return True
