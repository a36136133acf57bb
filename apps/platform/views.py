"""What the installation's operators see and do. Names of people, groups and applications stay in their organisation."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.access import actor_of
from apps.accounts.administrators import with_second_factor
from apps.accounts.recent import recent_authentication_required, recent_authentication_to_write
from apps.directory.errors import DirectoryError
from apps.directory.models import User
from apps.events.models import Event
from apps.events.types import EventType
from apps.platform import actions
from apps.platform.access import operator_required
from apps.platform.counts import people_and_applications
from apps.platform.forms import (
    DeletionForm,
    NewOperatorForm,
    NewOrganisationForm,
    OrganisationForm,
    RefusableForm,
)
from apps.platform.health import health
from apps.tenants.addresses import path_prefix
from apps.tenants.models import Tenant
from apps.tenants.platform import customers

PAGE_SIZE = 50
LATELY = 10
ABOUT_OPERATORS = (EventType.OPERATOR_CREATE, EventType.OPERATOR_DELETE)


@operator_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return redirect("platform:tenants")


@operator_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "").replace("\x00", "").strip()
    rows = customers().filter(name__icontains=text) | customers().filter(slug__icontains=text)
    page = Paginator(rows.order_by("slug"), PAGE_SIZE).get_page(request.GET.get("page"))
    counts = people_and_applications([tenant.pk for tenant in page.object_list])
    context = {
        "rows": [(tenant, *counts[tenant.pk], path_prefix(tenant)) for tenant in page.object_list],
        "total": page.paginator.count,
        "q": text,
        "page": page,
        "events": Event.objects.filter(target_kind="organization")[:LATELY],
    }
    return render(request, "platform/tenants.html", context)


def _form_page(request: HttpRequest, template: str, form: RefusableForm, **context: Any) -> HttpResponse:
    return render(request, template, {"form": form} | context, status=422 if form.errors else 200)


@operator_required
@recent_authentication_required
def new(request: HttpRequest) -> HttpResponse:
    form = NewOrganisationForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            tenant = actions.create_organisation(actor=actor_of(request), **form.cleaned_data)
        except DirectoryError as error:
            form.refuse(error)
        else:
            text = _("%(name)s was created. %(owner)s gets a mail with a link to set a password.")
            messages.success(request, text % {"name": tenant, "owner": form.cleaned_data["owner"]})
            return redirect("platform:tenant", tenant.pk)
    return _form_page(request, "platform/tenant_new.html", form)


@operator_required
@recent_authentication_to_write
def tenant(request: HttpRequest, pk: UUID) -> HttpResponse:
    shown = get_object_or_404(customers(), pk=pk)
    form = OrganisationForm(request.POST if request.method == "POST" else None, initial={"name": shown.name})
    if form.is_valid():
        try:
            actions.rename_organisation(shown, name=form.cleaned_data["name"], actor=actor_of(request))
        except DirectoryError as error:
            form.refuse(error)
        else:
            messages.success(request, _("The name was saved."))
            return redirect("platform:tenant", pk)
    return _form_page(request, "platform/tenant.html", form, **_about(shown))


def _about(shown: Tenant) -> dict[str, Any]:
    people, applications = people_and_applications([shown.pk])[shown.pk]
    return {
        "shown": shown,
        "people": str(people),  # "0" is a number to show, 0 is none
        "applications": str(applications),
        "address": path_prefix(shown),
        "events": Event.objects.about("organization", shown.pk)[:LATELY],
    }


@operator_required
@recent_authentication_required
def suspension(request: HttpRequest, pk: UUID) -> HttpResponse:
    shown = get_object_or_404(customers(), pk=pk)
    if request.method == "POST":
        actions.suspend_organisation(shown, actor=actor_of(request))
        messages.success(request, _("%(name)s is suspended.") % {"name": shown})
        return redirect("platform:tenant", pk)
    context = {
        "title": _("Suspend %(name)s?") % {"name": shown},
        "consequence": _(
            "From now on nobody signs in, applications get no sign-ons, identity providers and scripts are told to come again later, and "
            "no worker writes to an application. Nothing is deleted: after resuming, everything goes on where it stopped."
        ),
        "action": _("Suspend"),
        "cancel_url": reverse("platform:tenant", args=[pk]),
    }
    return render(request, "platform/confirm.html", context | {"shown": shown})


@operator_required
@recent_authentication_required
@require_POST
def resumption(request: HttpRequest, pk: UUID) -> HttpResponse:
    shown = get_object_or_404(customers(), pk=pk)
    actions.resume_organisation(shown, actor=actor_of(request))
    messages.success(request, _("%(name)s goes on.") % {"name": shown})
    return redirect("platform:tenant", pk)


@operator_required
@recent_authentication_required
def deletion(request: HttpRequest, pk: UUID) -> HttpResponse:
    shown = get_object_or_404(customers(), pk=pk)
    form = DeletionForm(shown.name, request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            actions.delete_organisation(shown, actor=actor_of(request))
        except DirectoryError as error:
            form.refuse(error)
        else:
            messages.success(request, _("%(name)s was deleted.") % {"name": shown})
            return redirect("platform:tenants")
    context = {
        "title": _("Delete %(name)s?") % {"name": shown},
        "consequence": _(
            "Its people, groups, applications, certificates, keys and its event log are gone for good. Accounts at the applications stay as "
            "they are: nobody manages them any more."
        ),
        "action": _("Delete"),
        "cancel_url": reverse("platform:tenant", args=[pk]),
    }
    return _form_page(request, "platform/confirm.html", form, shown=shown, **context)


@operator_required
@require_safe
def operators(request: HttpRequest) -> HttpResponse:
    context = {
        "rows": with_second_factor(User.objects.order_by("username_key")),
        "events": Event.objects.filter(type__in=ABOUT_OPERATORS)[:LATELY],
    }
    return render(request, "platform/operators.html", context)


@operator_required
@recent_authentication_required
def operator_new(request: HttpRequest) -> HttpResponse:
    form = NewOperatorForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            user = actions.invite_operator(actor=actor_of(request), **form.cleaned_data)
        except DirectoryError as error:
            form.refuse(error)
        else:
            text = _("%(name)s is an operator now, and gets a mail with a link to set a password.")
            messages.success(request, text % {"name": user})
            return redirect("platform:operators")
    return _form_page(request, "platform/operator_new.html", form)


@operator_required
@recent_authentication_required
def operator_removal(request: HttpRequest, pk: UUID) -> HttpResponse:
    shown = get_object_or_404(User, pk=pk)
    form = RefusableForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            actions.remove_operator(shown, actor=actor_of(request))
        except DirectoryError as error:
            form.refuse(error)
        else:
            messages.success(request, _("%(name)s is no operator any more.") % {"name": shown})
            return redirect("platform:operators")
    context = {
        "title": _("Remove the operator %(name)s?") % {"name": shown},
        "consequence": _(
            "Their account here is gone for good, and so are their sessions, password and second factor. What they did stays in the log. "
            "Accounts that they have in organisations stay as they are."
        ),
        "action": _("Remove"),
        "cancel_url": reverse("platform:operators"),
    }
    return _form_page(request, "platform/confirm.html", form, shown=_("Operators"), **context)


@operator_required
@require_safe
def health_page(request: HttpRequest) -> HttpResponse:
    lines = health()
    return render(
        request,
        "platform/health.html",
        {"lines": lines, "failing": sum(line.state == "failing" for line in lines)},
    )
