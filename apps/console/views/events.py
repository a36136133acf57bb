from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.accounts.access import any_role_required
from apps.console.forms.events import EventFilterForm
from apps.console.pages import PAGE_SIZE, show, with_query
from apps.events.export import FORMATS
from apps.events.models import Event


def log_page(request: HttpRequest, form: EventFilterForm) -> dict[str, Any]:
    """One page of the log after the event that `?after=` names. By key, not by number: the log grows while one reads."""
    events = form.events()
    after = _event(request.GET.get("after", ""))
    if after is not None:
        events = events.filter(
            Q(created_at__lt=after.created_at) | Q(created_at=after.created_at, pk__lt=after.pk)
        )
    rows = list(events[: PAGE_SIZE + 1])
    more, rows = len(rows) > PAGE_SIZE, rows[:PAGE_SIZE]
    return {
        "events": rows,
        "filters": form,
        "live": request.GET.get("live") == "1" and after is None,
        "live_url": with_query(request, live="1", after=None),
        "still_url": with_query(request, live=None),
        "newest": with_query(request, after=None) if after is not None else "",
        "older": with_query(request, after=rows[-1].pk, live=None) if more else "",
        "export_query": with_query(request, after=None, live=None),
    }


def _event(key: str) -> Event | None:
    try:
        found: Event | None = Event.objects.filter(pk=UUID(key)).first()
    except ValueError:
        return None
    return found


@any_role_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    return show(request, "console/events.html", log_page(request, EventFilterForm(request.GET)))


@any_role_required
@require_safe
def event(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One line with all it holds, and what happened around it to the same person, group or application."""
    shown = get_object_or_404(Event.objects, pk=pk)
    about = Event.objects.filter(target_kind=shown.target_kind, target_id=shown.target_id).exclude(
        pk=shown.pk
    )
    neighbours = about.filter(created_at__lte=shown.created_at)[:5] if shown.target_id else []
    later = reversed(about.filter(created_at__gt=shown.created_at).reverse()[:5]) if shown.target_id else []
    return show(request, "console/event.html", {"event": shown, "neighbours": [*later, *neighbours]})


@any_role_required  # type: ignore[arg-type]  # a streamed answer is not an HttpResponse to the stubs
@require_safe
def export(request: HttpRequest, form: str) -> StreamingHttpResponse:
    """The filtered log as a file, written while it is read, so that its size does not matter."""
    if form not in FORMATS:
        raise Http404
    content_type, write = FORMATS[form]
    events = EventFilterForm(request.GET).events().iterator(chunk_size=1000)
    response = StreamingHttpResponse(write(events), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="events-{timezone.now():%Y%m%d-%H%M%S}.{form}"'
    return response
