from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from apps.accounts.access import actor_of, administrator_required, role_of
from apps.accounts.models import Role
from apps.accounts.recent import recent_authentication_to_write
from apps.console.forms.sign_in_policy import SignInPolicyForm
from apps.console.pages import refusals_on, show
from apps.directory.policies import policy_of_tenant, update_policy


@administrator_required
@recent_authentication_to_write
def index(request: HttpRequest) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    form = SignInPolicyForm.of(policy_of_tenant(), data, owner=role_of(request.user) == Role.OWNER)
    if form.is_valid():
        with refusals_on(form):
            update_policy(actor=actor_of(request), **form.cleaned_data)
            messages.success(request, _("The sign-in policy was saved."))
            return redirect("console:sign_in_policy")
    return show(request, "console/sign_in_policy.html", {}, form=form)
