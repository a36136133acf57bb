from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.access import actor_of, administrator_required
from apps.accounts.exports import tell_of_export
from apps.accounts.notices import IN_SIGHT
from apps.applications.models import Application
from apps.console.application_page import application_or_404, show_tab
from apps.console.forms.people import ConfirmForm
from apps.console.pages import page_of, search_text, show, with_query
from apps.events.actors import Target
from apps.lib.spreadsheets import CONTENT_TYPE
from apps.provisioning.errors import ImportRefused
from apps.provisioning.import_models import IMPORTABLE, NOT_IMPORTED
from apps.provisioning.imports import actions, queries
from apps.provisioning.imports.export import PARTS, as_table, part_of
from apps.provisioning.models import Import, ImportState, Integration

SHOWS = ("new", "selected")


def _integration(pk: UUID) -> tuple[Application, Integration]:
    """Raises Http404 where Identity Management is not configured."""
    application = application_or_404(pk)
    integration: Integration | None = getattr(application, "integration", None)
    if integration is None:
        raise Http404
    return application, integration


def _run(pk: UUID, import_pk: UUID) -> Import:
    runs = Import.objects.select_related("integration__application")
    run: Import = get_object_or_404(runs, pk=import_pk, integration__application_id=pk)
    return run


def _to(run: Import, show_rows: str = "") -> HttpResponse:
    address = reverse("console:application_import", args=[run.integration.application_id, run.pk])
    return redirect(f"{address}?show={show_rows}" if show_rows else address)


def _tell(request: HttpRequest, refusal: ImportRefused) -> None:
    for texts in refusal.fields.values():
        messages.error(request, " ".join(texts))


@administrator_required
def index(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The newest import, or what importing means and the button that begins one."""
    application, integration = _integration(pk)
    if request.method == "POST":
        try:
            run = actions.start_import(integration, actor=actor_of(request))
        except ImportRefused as refusal:
            _tell(request, refusal)
            return redirect("console:application_imports", pk)
        return redirect("console:application_import", pk, run.pk)
    newest = queries.newest_import(integration)
    if newest is not None:
        return _to(newest)
    context = {"integration": integration}
    return show_tab(request, "console/application_imports.html", application, context)


@administrator_required
@require_safe
def run(request: HttpRequest, pk: UUID, import_pk: UUID) -> HttpResponse:
    """The accounts there; ?show=new is the New Users-only filter, ?show=selected the latest selection with what came of it."""
    application, integration = _integration(pk)
    found = _run(pk, import_pk)
    text, shown = search_text(request), request.GET.get("show", "")
    rows = queries.rows_of(found)
    counts = _counts(rows, found)
    if shown == "new":
        rows = rows.not_imported()
    elif shown == "selected":
        rows = rows.filter(selection=found.selection, selection__gt=0)
    page = page_of(rows.matching(text) if text else rows, request, size=IN_SIGHT)
    queries.add_matches(page.rows)
    context: dict[str, Any] = {
        "integration": integration,
        "run": found,
        "page": page,
        "q": text,
        "show": shown if shown in SHOWS else "",
        "everything_url": reverse("console:application_import_selection", args=[pk, import_pk]),
        "here": with_query(request),
        "choosing": found.state == ImportState.READY,
        "in_sight": IN_SIGHT,
    } | counts
    return show_tab(request, "console/application_import.html", application, context)


def _counts(rows: Any, found: Import) -> dict[str, int]:
    counted: dict[str, int] = rows.order_by().aggregate(
        new_count=Count("pk", filter=NOT_IMPORTED),
        importable=Count("pk", filter=IMPORTABLE),
        selected_count=Count("pk", filter=Q(selection=found.selection, selection__gt=0)),
    )
    return counted


@administrator_required
def selection(request: HttpRequest, pk: UUID, import_pk: UUID) -> HttpResponse:
    """POST with `rows` takes these in; GET asks whether everybody who is new is meant, and POST with `all` takes them in."""
    found = _run(pk, import_pk)
    if request.method == "POST":
        chosen = None if "all" in request.POST else _ids(request.POST.getlist("rows"))
        try:
            actions.select_rows(found, chosen, actor=actor_of(request))
        except ImportRefused as refusal:
            _tell(request, refusal)
            return _to(found)
        return _to(found, "selected")
    count = queries.rows_of(found).importable().count()
    text = ngettext("Import %(count)s new user?", "Import all %(count)s new users?", count)
    consequence = _(
        "They become people here, or are linked to people who have the same e-mail address. They get no password, no role and no mail, "
        "and no access until they are in a user group that is bound to %(name)s."
    )
    if count > IN_SIGHT:
        consequence += " " + _("It takes a while: a mail tells you when it is done.")
    context: dict[str, Any] = {
        "title": text % {"count": count},
        "consequence": consequence % {"name": found.integration},
        "action": _("Import"),
        "cancel_url": reverse("console:application_import", args=[pk, import_pk]),
        "breadcrumb_text": str(found.integration),
        "hidden": [{"name": "all", "value": "1"}],
        "kind": "primary",
    }
    return show(request, "console/confirm.html", context, form=ConfirmForm())


def _ids(texts: list[str]) -> list[UUID]:
    """Whatever else somebody may send names no row."""
    ids = []
    for text in texts:
        try:
            ids.append(UUID(text))
        except ValueError:
            continue
    return ids


@administrator_required  # type: ignore[arg-type]  # a streamed answer is not an HttpResponse to the stubs
@require_safe
def export(request: HttpRequest, pk: UUID, import_pk: UUID) -> StreamingHttpResponse:
    """CSV, written while it is read; ?show=new or ?show=failed leaves out the others."""
    found, part = _run(pk, import_pk), request.GET.get("show", PARTS[0])
    if part not in PARTS:
        raise Http404
    rows, application = part_of(found, part), Target.of("application", found.integration.application)
    tell_of_export(
        rows.count(),
        actor=actor_of(request),
        filters={"show": part},
        target=application,
        application=application,
    )
    response = StreamingHttpResponse(as_table(rows), content_type=CONTENT_TYPE)
    name = f"{found.integration.application.slug}-accounts-{part}-{found.created_at:%Y%m%d-%H%M}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@administrator_required
@require_POST
def stop(request: HttpRequest, pk: UUID, import_pk: UUID) -> HttpResponse:
    found = _run(pk, import_pk)
    actions.stop_import(found, actor=actor_of(request))
    messages.success(request, _("It was stopped. What was done so far stays."))
    return _to(found)


@administrator_required
@require_POST
def resumption(request: HttpRequest, pk: UUID, import_pk: UUID) -> HttpResponse:
    """Reading goes on where it failed."""
    found = _run(pk, import_pk)
    try:
        actions.resume_import(found, actor=actor_of(request))
    except ImportRefused as refusal:
        _tell(request, refusal)
    return _to(found)
