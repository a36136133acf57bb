import io
import zipfile
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Max, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from apps.accounts.access import actor_of, administrator_required
from apps.applications.actions import remove_application, update_application
from apps.applications.models import Application
from apps.console.application_filters import STATES, in_state
from apps.console.application_page import application_or_404, applications_for_pages, show_tab
from apps.console.chips import chips_of
from apps.console.consequences import deletion_of
from apps.console.event_log import instead_of_page, log_page
from apps.console.forms.applications import DeletionForm, GeneralForm
from apps.console.forms.events import EventFilterForm
from apps.console.pages import page_of, refusals_on, search_text, show
from apps.events.models import Event
from apps.saml.actions.key_pairs import certificates_of
from apps.saml.actions.settings import sso_of
from apps.saml.addresses import sso_url
from apps.saml.metadata_export import identity_provider_metadata


@administrator_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    text, state = search_text(request), request.GET.get("state", "")
    found = (
        in_state(applications_for_pages(), state)
        .filter(Q(display_label__icontains=text) | Q(description__icontains=text))
        .annotate(group_count=Count("assignments"))
    )
    page = page_of(found.order_by("display_label", "pk"), request)
    last = _last_events(page.rows)
    rows = [(application, chips_of(application), last.get(str(application.pk))) for application in page.rows]
    return show(
        request,
        "console/applications.html",
        {"page": page, "rows": rows, "q": text} | {"state": state, "states": STATES},
    )


def _last_events(applications: Iterable[Application]) -> dict[str, Any]:
    keys = [str(application.pk) for application in applications]
    events = Event.objects.filter(application_id__in=keys).order_by()
    return dict(events.values_list("application_id").annotate(Max("created_at")))


@administrator_required
def general(request: HttpRequest, pk: UUID) -> HttpResponse:
    application = application_or_404(pk)
    posted = request.method == "POST"
    form = GeneralForm.of(application, request.POST if posted else None, request.FILES if posted else None)
    if form.is_valid():
        with refusals_on(form):
            values = form.values()
            if request.POST.get("remove_logo"):
                values["logo"] = b""
            update_application(application, actor=actor_of(request), **values)
            messages.success(request, _("The application was saved."))
            return redirect("console:application", application.pk)
    return show_tab(request, "console/application.html", application, {}, form=form)


@administrator_required
@require_safe
def created(request: HttpRequest, pk: UUID) -> HttpResponse:
    application = application_or_404(pk)
    return show(
        request,
        "console/application_created.html",
        {"application": application, "sso_url": sso_url(application)},
    )


@administrator_required
@require_safe
def logo(request: HttpRequest, pk: UUID) -> HttpResponse:
    picture = get_object_or_404(Application.objects, pk=pk).logo
    if not picture:
        raise Http404
    return HttpResponse(
        bytes(picture), content_type="image/png", headers={"X-Content-Type-Options": "nosniff"}
    )


@administrator_required
@require_safe
def events(request: HttpRequest, pk: UUID) -> HttpResponse:
    application = application_or_404(pk)
    form = EventFilterForm(request.GET, application=application)
    return instead_of_page(request, form) or show_tab(
        request, "console/application_events.html", application, log_page(request, form)
    )


@administrator_required
def deletion(request: HttpRequest) -> HttpResponse:
    """Of the ticked applications, all or none. Their number has to be typed (seeds, "To delete the application")."""
    chosen = _chosen(request.POST if request.method == "POST" else request.GET)
    if not chosen:
        if (
            request.headers.get("X-Requested-With") == "fetch"
        ):  # dialog.js: the browser comes again for the page
            return redirect("console:applications")
        messages.warning(request, _("Tick the applications to delete first."))
        return redirect("console:applications")
    form = DeletionForm(len(chosen), request.POST if request.method == "POST" else None)
    if form.is_valid():
        with transaction.atomic():
            for application in chosen:
                remove_application(application, actor=actor_of(request))
        text = ngettext(
            "%(count)s application was deleted.", "%(count)s applications were deleted.", len(chosen)
        )
        messages.success(request, text % {"count": len(chosen)})
        return redirect("console:applications")
    context = {
        "title": ngettext("Delete %(count)s application?", "Delete %(count)s applications?", len(chosen))
        % {"count": len(chosen)},
        "consequence": deletion_of(chosen),
        "action": ngettext("Delete application", "Delete applications", len(chosen)),
        "hidden": [{"name": "application", "value": application.pk} for application in chosen],
        "cancel_url": reverse("console:applications"),
        "post_url": reverse("console:application_deletion"),
        "breadcrumb_text": _("SSO applications"),
    }
    return show(request, "console/confirm.html", context, form=form)


@administrator_required
@require_safe
def metadata(request: HttpRequest) -> HttpResponse:
    """ "Export Metadata" of the ticked applications (seeds): the file of one, an archive of several."""
    chosen = [each for each in _chosen(request.GET) if each.connector.saml is not None]
    if not chosen:
        messages.warning(
            request, _("Tick applications with single sign-on first. Bookmarks have no metadata.")
        )
        return redirect("console:applications")
    files = {
        f"Gatehouse-{each.slug}-metadata.xml": identity_provider_metadata(sso_of(each), certificates_of(each))
        for each in chosen
    }
    if len(files) == 1:
        name, content = next(iter(files.items()))
        return _download(name, content, "application/samlmetadata+xml")
    return _download("Gatehouse-metadata.zip", _archive(files), "application/zip")


def _archive(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _download(name: str, content: bytes, content_type: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(content, content_type=content_type, headers=headers)


def _chosen(values: Any) -> list[Application]:
    keys = []
    for value in values.getlist("application"):
        try:
            keys.append(UUID(value))
        except ValueError:
            continue
    return list(Application.objects.filter(pk__in=keys).defer("logo"))
