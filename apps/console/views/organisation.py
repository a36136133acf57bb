"""Settings of the organisation as a whole: its name, language, time zone and logo, all certificates at one look, and mail."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.access import actor_of, administrator_required
from apps.accounts.announcements import announce, announcement
from apps.accounts.organisation_settings import FIELDS, update_organisation
from apps.accounts.trial_mail import send_trial_mail
from apps.console.chips import certificate_chip
from apps.console.event_columns import USUAL
from apps.console.forms.organisation import AnnouncementForm, OrganisationForm
from apps.console.pages import page_of, refusals_on, show
from apps.events.models import Event
from apps.events.types import EventType
from apps.insights.actions import set_digest
from apps.insights.digest import digest_wanted
from apps.lib import language
from apps.mail.models import Letter
from apps.saml.models import KeyPair
from apps.tenants.addresses import tenant_url

LATELY = 10


@administrator_required
def index(request: HttpRequest) -> HttpResponse:
    tenant = request.tenant  # type: ignore[attr-defined]
    posted = request.method == "POST"
    form = OrganisationForm(
        request.POST if posted else None,
        request.FILES if posted else None,
        initial={field: getattr(tenant, field) for field in FIELDS},
    )
    if form.is_valid():
        with refusals_on(form):
            values = form.values()
            if request.POST.get("remove_logo"):
                values["logo"] = b""
            update_organisation(tenant, actor=actor_of(request), **values)
            messages.success(request, _("The settings were saved."))
            return redirect("console:organisation")
    return _show(request, form=form)


@administrator_required
@require_POST
def announcement_index(request: HttpRequest) -> HttpResponse:
    """What the launcher tells everybody."""
    form = AnnouncementForm.of(announcement(), request.POST)
    if form.is_valid():
        with refusals_on(form):
            values = form.cleaned_data
            announce(request.tenant, values["text"], until=values["until"], actor=actor_of(request))  # type: ignore[attr-defined]
            messages.success(request, _("The announcement was saved."))
            return redirect("console:organisation")
    return _show(request, announcement_form=form)


def _show(request: HttpRequest, **forms: Any) -> HttpResponse:
    """The page with the form that was refused, and the other as it is saved."""
    tenant = request.tenant  # type: ignore[attr-defined]
    form = forms.get("form") or OrganisationForm(initial={field: getattr(tenant, field) for field in FIELDS})
    announcement_form = forms.get("announcement_form") or AnnouncementForm.of(announcement())
    addresses = [
        (_("Launcher"), tenant_url(tenant, "launcher:index")),
        (_("Console"), tenant_url(tenant, "console:overview")),
        (_("SCIM base URL"), tenant_url(tenant, "scim:root")),
        (_("REST API"), tenant_url(tenant, "api:root")),
    ]
    context = {"form": form, "announcement_form": announcement_form, "addresses": addresses}
    return show(request, "console/organisation.html", context, form=next(iter(forms.values())))


@administrator_required
@require_safe
def certificates(request: HttpRequest) -> HttpResponse:
    """Of all applications, the one that ends first on top."""
    rows = KeyPair.objects.select_related("application").defer("application__logo")
    page = page_of(rows.order_by("not_after", "pk"), request)
    for row in page.rows:
        row.chip, row.day = certificate_chip(row), language.day(timezone.localtime(row.not_after))
    return show(request, "console/certificates.html", {"page": page})


@administrator_required
def mail(request: HttpRequest) -> HttpResponse:
    tenant = request.tenant  # type: ignore[attr-defined]
    if request.method == "POST" and "digest" in request.POST:
        set_digest(tenant, enabled=request.POST["digest"] == "on", actor=actor_of(request))
        messages.success(request, _("Saved."))
        return redirect("console:mail")
    if request.method == "POST":
        if send_trial_mail(request.user):  # type: ignore[arg-type]  # the guard lets people in, nobody anonymous
            text = _("A mail to %(address)s is on its way. Below it says when it was sent, or why not.")
            messages.success(request, text % {"address": request.user.email})  # type: ignore[union-attr]
        else:
            messages.warning(request, _("You have no e-mail address here."))
        return redirect("console:mail")
    context = {
        "sender": settings.DEFAULT_FROM_EMAIL,
        "as_files": settings.EMAIL_BACKEND.endswith("filebased.EmailBackend"),
        "digest": digest_wanted(),
        "waiting": str(Letter.objects.count()),
        "columns": USUAL,
        "events": Event.objects.filter(type=EventType.MAIL_SEND)[:LATELY],
    }
    return show(request, "console/mail.html", context)
