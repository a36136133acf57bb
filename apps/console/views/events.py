from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.accounts.access import actor_of, administrator_required, any_role_required
from apps.console.event_log import instead_of_page, log_page
from apps.console.event_page import about
from apps.console.forms.events import EventFilterForm
from apps.console.pages import show
from apps.events.export import FORMATS, exported
from apps.events.models import Event


@any_role_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    form = EventFilterForm(request.GET)
    return instead_of_page(request, form) or show(request, "console/events.html", log_page(request, form))


@any_role_required
@require_safe
def event(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One line with all it holds and leads to; its address keeps the filters, so that one can go on from line to line."""
    return show(request, "console/event.html", about(request, get_object_or_404(Event.objects, pk=pk)))


@administrator_required  # type: ignore[arg-type]  # a streamed answer is not an HttpResponse to the stubs
@require_safe
def export(request: HttpRequest, form: str) -> StreamingHttpResponse:
    """The filtered log as a file, written while it is read, so that its size does not matter."""
    if form not in FORMATS:
        raise Http404
    content_type, write = FORMATS[form]
    filters = EventFilterForm(request.GET)
    events = exported(filters.search(), form, request.META.get("QUERY_STRING", ""), actor=actor_of(request))
    response = StreamingHttpResponse(write(events), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="events-{timezone.now():%Y%m%d-%H%M%S}.{form}"'
    return response
