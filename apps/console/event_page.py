"""All that one event leads to: what it names as far as it is still there, what was sent, what belongs to it, what comes before and after."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse

from apps.accounts.access import READERS, role_of
from apps.applications.models import Application
from apps.console.forms.events import EventFilterForm
from apps.directory.models import Group, User
from apps.events.export import as_document
from apps.events.models import Event
from apps.events.search import Cursor
from apps.provisioning.models import Attempt
from apps.scim.models import Source

NEIGHBOURS = 20


@dataclass(frozen=True, slots=True)
class Kind:
    """Things of one kind, the page that shows one, and whether the help desk may open it."""

    model: Any
    page: str
    help_desk: bool = False


KINDS = {
    "user": Kind(User, "console:user", help_desk=True),
    "group": Kind(Group, "console:group"),
    "application": Kind(Application, "console:application"),
    "source": Kind(Source, "console:source"),
}
ACTORS = {"administrator": "user", "person": "user", "scim_source": "source"}


def about(request: HttpRequest, event: Event) -> dict[str, Any]:
    """For the template."""
    administers = role_of(request.user) in READERS
    address = _addresses(administers=administers)
    form = EventFilterForm(request.GET)
    search, here = form.search(), Cursor(event.created_at, event.pk)
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    related = _related(event)
    return {
        "event": event,
        "target_url": address(event.target_kind, event.target_id),
        "application_url": address("application", event.application_id),
        "actor_url": address(ACTORS.get(event.actor_kind, ""), event.actor_id),
        "group_url": address("group", event.details.get("group", "")),
        "attempt": _attempt(event) if administers else None,
        "related": related[:NEIGHBOURS],
        "more_related": len(related) > NEIGHBOURS,
        "around": _around(event),
        "document": as_document(event),
        "query": query,
        "later": _one(search.page(1, here, ascending=True).rows, query),
        "earlier": _one(search.page(1, here).rows, query),
    }


def _addresses(*, administers: bool) -> Callable[[str, str], str]:
    def address(kind: str, key: str) -> str:
        """ "" for what has no page, is not there any more, or is none of the reader's business."""
        known = KINDS.get(kind)
        if known is None or not (administers or known.help_desk):
            return ""
        try:
            there = known.model.objects.filter(pk=UUID(str(key))).exists()
        except ValueError:
            return ""
        return reverse(known.page, args=[key]) if there else ""

    return address


def _attempt(event: Event) -> Attempt | None:
    """What was sent and answered, without secrets; gone after some weeks (apps/provisioning/retention.py)."""
    key = event.details.get("attempt")
    found: Attempt | None = (
        Attempt.objects.filter(pk=key).select_related("job__integration").first() if key else None
    )
    return found


def _related(event: Event) -> list[Event]:
    """What the same request caused, here and in applications, in the order in which it happened."""
    if event.correlation_id is None:
        return []
    same = Event.objects.filter(correlation_id=event.correlation_id).exclude(pk=event.pk)
    return list(same.order_by("created_at", "pk")[: NEIGHBOURS + 1])


def _around(event: Event) -> list[Event]:
    """What happened to the same person, group or application right before and after, newest first."""
    if not event.target_id:
        return []
    same = Event.objects.filter(target_kind=event.target_kind, target_id=event.target_id).exclude(pk=event.pk)
    later = same.filter(created_at__gt=event.created_at).order_by("created_at", "pk")[:5]
    return [*reversed(later), *same.filter(created_at__lte=event.created_at)[:5]]


def _one(rows: Iterable[Event], query: str) -> str:
    return next((reverse("console:event", args=[each.pk]) + query for each in rows), "")
