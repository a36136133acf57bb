"""Settings, Administrators: who has which role. Nobody gives, takes or changes what they do not have themselves."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.accounts.access import (
    READERS,
    RoleMissing,
    actor_of,
    administrator_required,
    may_grant,
    may_write,
    role_of,
    who_may_grant,
)
from apps.accounts.actions import change_role, remove_administrator
from apps.accounts.administrators import administrators_of_tenant, appoint
from apps.accounts.models import Administrator
from apps.accounts.recent import recent_authentication_required, recent_authentication_to_write
from apps.console.forms.administrators import NewAdministratorForm, RoleForm
from apps.console.forms.people import ConfirmForm
from apps.console.pages import refusals_on, show


@administrator_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    own, rows = role_of(request.user), list(administrators_of_tenant())
    for row in rows:
        row.changeable = may_write(request) and may_grant(own, row.role)
    return show(request, "console/administrators.html", {"administrators": rows})


@administrator_required
@recent_authentication_required
def new(request: HttpRequest) -> HttpResponse:
    form = NewAdministratorForm(role_of(request.user), request.POST if request.method == "POST" else None)
    if form.is_valid():
        with refusals_on(form):
            values = form.cleaned_data
            administrator, invited = appoint(values["person"], values["role"], actor=actor_of(request))
            messages.success(request, _appointed(administrator, invited=invited))
            return redirect("console:administrators")
    return show(request, "console/administrator_new.html", {}, form=form)


def _appointed(administrator: Administrator, *, invited: bool) -> str:
    words = {"name": administrator.user, "role": administrator.get_role_display()}
    if invited:
        return _("%(name)s was added as %(role)s, and gets a mail with a link to set a password.") % words
    return _("%(name)s now has the role %(role)s.") % words


def _administrator_or_403(request: HttpRequest, pk: UUID) -> Administrator:
    administrator: Administrator = get_object_or_404(Administrator.objects.select_related("user"), pk=pk)
    if request.method == "POST" and not may_grant(role_of(request.user), administrator.role):
        raise RoleMissing(who_may_grant(administrator.role))
    return administrator


@administrator_required
@recent_authentication_to_write
def role(request: HttpRequest, pk: UUID) -> HttpResponse:
    administrator, own = _administrator_or_403(request, pk), role_of(request.user)
    data = request.POST if request.method == "POST" else None
    form = RoleForm(own, data, initial={"role": administrator.role})
    if form.is_valid():
        with refusals_on(form):
            administrator = change_role(administrator, form.cleaned_data["role"], actor=actor_of(request))
            words = {"name": administrator.user, "role": administrator.get_role_display()}
            messages.success(request, _("%(name)s now has the role %(role)s.") % words)
            return _after_a_change(request, administrator, administrator.role)
    context: dict[str, Any] = {
        "administrator": administrator,
        "changeable": may_grant(own, administrator.role),
        "own": administrator.user == request.user,
    }
    return show(request, "console/administrator.html", context, form=form)


@administrator_required
@recent_authentication_required
def removal(request: HttpRequest, pk: UUID) -> HttpResponse:
    administrator = _administrator_or_403(request, pk)
    form = ConfirmForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        with refusals_on(form):
            remove_administrator(administrator, actor=actor_of(request))
            messages.success(request, _("%(name)s has no role any more.") % {"name": administrator.user})
            return _after_a_change(request, administrator, None)
    context = {
        "title": _("Take the role of %(name)s?") % {"name": administrator.user},
        "consequence": _(
            "The console closes for them with their next page, and their API keys are gone for good. They stay a person of the "
            "organisation, with their groups and applications."
        ),
        "action": _("Take the role"),
        "cancel_url": reverse("console:administrators"),
        "breadcrumb_text": _("Administrators"),
    }
    return show(request, "console/confirm.html", context, form=form)


def _after_a_change(request: HttpRequest, administrator: Administrator, left: str | None) -> HttpResponse:
    """`left` is the role they have now. Whoever gave up their own may not be able to open the list again."""
    stays = administrator.user != request.user or left in READERS
    return redirect("console:administrators" if stays else "launcher:index")
