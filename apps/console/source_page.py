"""What every page of one identity source shares: its frame, its tabs, whether it called yet."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.console.chips import Chip
from apps.console.pages import Tab, show
from apps.scim.guides import steps_done
from apps.scim.models import ExternalGroup, ExternalIdentity, PendingGroupLink, PendingLink, ScimToken, Source

MOST_LOOKS = 600  # of a page that waits, every three seconds: half an hour


@dataclass(frozen=True, slots=True)
class SourceState:
    """`chip` says whether it can call, and did."""

    source: Source
    chip: Chip
    called_at: datetime | None
    waits: bool
    waiting: int  # people and groups to be linked


def source_or_404(pk: UUID) -> Source:
    source: Source = get_object_or_404(Source.objects, pk=pk)
    return source


def sources_for_pages() -> Any:
    """Each with people, group_count, waiting, waiting_groups, live_tokens and called_at, in one query."""
    return Source.objects.annotate(
        people=_counted(ExternalIdentity.objects.all()),  # as the tab lists them: those deleted there, too
        waiting=_counted(PendingLink.objects.filter(rejected_at=None)),
        group_count=_counted(ExternalGroup.objects.all()),
        waiting_groups=_counted(PendingGroupLink.objects.filter(rejected_at=None)),
        live_tokens=_counted(ScimToken.objects.live()),
        called_at=Subquery(
            ScimToken.objects.filter(source=OuterRef("pk"))
            .order_by()
            .values("source")
            .annotate(at=Max("last_used_at"))
            .values("at")
        ),
    )


def _counted(rows: Any) -> Any:
    own = rows.filter(source=OuterRef("pk")).order_by().values("source").annotate(number=Count("pk"))
    return Coalesce(Subquery(own.values("number")), 0)


def state_of(source: Any) -> SourceState:
    """Of a row of sources_for_pages."""
    if not source.live_tokens:
        chip = Chip("expired", _("No good token"))
    elif source.called_at is None:
        chip = Chip("pending", _("Waiting for the first request"))
    else:
        chip = Chip("active", _("Connected"))
    waits = bool(source.live_tokens) and source.called_at is None
    return SourceState(source, chip, source.called_at, waits, source.waiting + source.waiting_groups)


def show_source(
    request: HttpRequest, template: str, source: Source, context: dict[str, Any], **options: Any
) -> HttpResponse:
    row = sources_for_pages().get(pk=source.pk)
    keys = [source.pk]
    tabs = [
        Tab(reverse("console:source", args=keys), _("Set-up"), exact=True),
        Tab(
            reverse("console:source_people", args=keys),
            _("People"),
            row.waiting or row.people,
            bad=row.waiting > 0,
        ),
        Tab(
            reverse("console:source_groups", args=keys),
            _("Groups"),
            row.waiting_groups or row.group_count,
            bad=row.waiting_groups > 0,
        ),
        Tab(reverse("console:source_requests", args=keys), _("Requests")),
        Tab(reverse("console:source_mapping", args=keys), _("Attribute mapping")),
        Tab(reverse("console:source_settings", args=keys), _("Settings")),
    ]
    state, guide = state_of(row), context.get("guide")
    done = steps_done(guide, called=state.called_at is not None, people=row.people > 0) if guide else 0
    waits = state.waits or (guide is not None and row.live_tokens > 0 and done < len(guide.steps))
    frame = {
        "source": row,
        "state": state,
        "tabs": tabs,
        "steps_done": done,
        "look": _next_look(request) if waits else 0,
    }
    return show(request, template, frame | context, **options)


def _next_look(request: HttpRequest) -> int:
    """A page that waits looks again by itself, so often and no more: 0 is the end, and a reload the beginning."""
    looks = request.GET.get("look", "")
    number = int(looks) if looks.isdecimal() and len(looks) < 5 else 0
    return number + 1 if number < MOST_LOOKS else 0


def tokens_of(source: Source) -> list[ScimToken]:
    """Good ones first; of the others those of the last ninety days."""
    since = timezone.now() - timedelta(days=90)
    rows = ScimToken.objects.select_related("source").filter(source=source)
    recent = rows.filter(Q(revoked_at=None) | Q(revoked_at__gt=since))
    return sorted(recent, key=lambda token: not token.is_live)
