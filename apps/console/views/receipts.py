"""What became of the access of those who left: all of them, and one to keep or to print."""

from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.accounts.access import any_role_required
from apps.console.chips import receipt_chip, told_chip
from apps.console.pages import PAGE_SIZE, search_text, show, with_query
from apps.directory.models import User
from apps.events.models import Event
from apps.insights.receipts import PROMISED, newest_offboardings, offboardings, receipts_of, signed_on_to


@any_role_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Newest first; `?q=` looks for the person's name, `?before=` names the event after which the page begins."""
    text, last = search_text(request), _event(request.GET.get("before", ""))
    rows = _named(text, last) if text else newest_offboardings(PAGE_SIZE + 1, last)
    older = with_query(request, before=rows[PAGE_SIZE - 1].pk) if len(rows) > PAGE_SIZE else ""
    found = receipts_of(rows[:PAGE_SIZE])
    context = {
        "rows": [(each, receipt_chip(each)) for each in found],
        "q": text,
        "older": older,
        "newest": with_query(request, before=None) if last is not None else "",
    }
    return show(request, "console/receipts.html", context)


@any_role_required
@require_safe
def receipt(request: HttpRequest, pk: UUID) -> HttpResponse:
    """As it stands now: while something is owed, it asks again by itself."""
    event = get_object_or_404(offboardings(), pk=pk)
    found = receipts_of([event])[0]
    recent = timezone.now() - event.created_at < 10 * PROMISED
    context: dict[str, Any] = {
        "receipt": found,
        "event": event,
        "chip": receipt_chip(found),
        "told": [(each, told_chip(each.state)) for each in found.told],
        "unmanaged": sorted(set(signed_on_to(event)) - {each.application for each in found.told}),
        "person_exists": User.objects.filter(pk=event.target_id).exists(),
        "under_way": bool(found.outstanding) and recent,
        "now": timezone.now(),
    }
    return show(request, "console/receipt.html", context)


def _named(text: str, last: Event | None) -> list[Event]:
    events = offboardings().filter(target_name__icontains=text)
    if last is not None:
        events = events.filter(
            Q(created_at__lt=last.created_at) | Q(created_at=last.created_at, pk__lt=last.pk)
        )
    return list(events[: PAGE_SIZE + 1])


def _event(key: str) -> Event | None:
    try:
        found: Event | None = offboardings().filter(pk=UUID(key)).first()
    except ValueError:
        return None
    return found
