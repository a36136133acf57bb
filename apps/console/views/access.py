"""The access report: who can reach an application and why, to look at and as a file."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Count
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.accounts.access import actor_of, administrator_required
from apps.applications.models import Application
from apps.console.application_page import application_or_404, applications_for_pages
from apps.console.pages import page_of, search_text, show
from apps.insights.access_export import FORMATS
from apps.insights.access_report import Access, access_of, everything, people_of
from apps.insights.actions import note_access_export


@administrator_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    text = search_text(request)
    found = applications_for_pages().filter(display_label__icontains=text)
    page = page_of(found.annotate(group_count=Count("assignments")).order_by("display_label", "pk"), request)
    return show(request, "console/access_reports.html", {"page": page, "q": text})


@administrator_required
@require_safe
def report(request: HttpRequest, pk: UUID) -> HttpResponse:
    application, text = application_or_404(pk), search_text(request)
    people = people_of(application)
    if text:
        people = people.matching(text)
    page = page_of(people, request)
    context = {"application": application, "page": page, "q": text, "rows": access_of(application, page.rows)}
    return show(request, "console/access_report.html", context)


@administrator_required  # type: ignore[arg-type]  # a streamed answer is not an HttpResponse to the stubs
@require_safe
def export(request: HttpRequest, pk: UUID) -> StreamingHttpResponse:
    application = application_or_404(pk)
    note_access_export(application, actor=actor_of(request))
    return _file(application.slug, everything([application]))


@administrator_required  # type: ignore[arg-type]  # as above
@require_safe
def export_all(request: HttpRequest) -> StreamingHttpResponse:
    note_access_export(None, actor=actor_of(request))
    applications: list[Application] = list(applications_for_pages().order_by("display_label", "pk"))
    return _file("all", everything(applications))


def _file(name: str, rows: Iterable[Access]) -> StreamingHttpResponse:
    content_type, written = FORMATS["csv"]
    response = StreamingHttpResponse(written(rows), content_type=content_type)
    stamp = f"{timezone.now():%Y%m%d-%H%M%S}"
    response["Content-Disposition"] = f'attachment; filename="access-{name}-{stamp}.csv"'
    return response
