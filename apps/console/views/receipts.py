"""What became of the access of those who left: all of them, and one to keep or to print."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.accounts.access import any_role_required
from apps.console.chips import receipt_chip, told_chip
from apps.console.event_log import cursor_of, cursor_text
from apps.console.pages import PAGE_SIZE, search_text, show, with_query
from apps.directory.models import User
from apps.insights.receipts import PROMISED, offboarded, offboardings, receipts_of, signed_on_to


@any_role_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Newest first; `?q=` looks for the person's name, `?before=` names the event, or the moment, after which the page begins."""
    text, before = search_text(request), cursor_of(request.GET.get("before", ""))
    found = offboarded(name=text).filled(PAGE_SIZE, before)
    context = {
        "rows": [(each, receipt_chip(each)) for each in receipts_of(found.rows)],
        "q": text,
        "reached": found.reached,
        "older": with_query(request, before=cursor_text(found.next)) if found.next else "",
        "newest": with_query(request, before=None) if before is not None else "",
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
