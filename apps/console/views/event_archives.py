"""How long events are kept at hand, and the files of those that are not any more."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.accounts.access import actor_of, administrator_required
from apps.accounts.recent import recent_authentication_to_write
from apps.console.forms.event_archives import RetentionForm
from apps.console.pages import show
from apps.events.archiving.actions import months_kept, note_download, set_retention
from apps.events.archiving.files import path_of
from apps.events.models import EventCheckpoint

PIECE = 64 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class Archived:
    """`size` in bytes, None where the file is not on this machine."""

    checkpoint: EventCheckpoint
    since: datetime
    until: datetime
    size: int | None


def _archived(checkpoint: EventCheckpoint) -> Archived:
    since, until = (datetime.fromisoformat(checkpoint.archive[end]) for end in ("from", "to"))
    path = path_of(checkpoint)
    return Archived(checkpoint, since, until, path.stat().st_size if path.exists() else None)


@administrator_required
@recent_authentication_to_write
def index(request: HttpRequest) -> HttpResponse:
    data: Any = request.POST if request.method == "POST" else None
    form = RetentionForm(data, initial={"months": months_kept() or ""})
    if form.is_valid():
        set_retention(form.cleaned_data["months"], actor=actor_of(request))
        messages.success(request, _("How long events are kept was saved."))
        return redirect("console:event_archives")
    archives = EventCheckpoint.objects.exclude(archive={}).order_by("-sequence")
    last = EventCheckpoint.objects.order_by("-number").first()
    context = {"archives": [_archived(each) for each in archives], "last": last}
    return show(request, "console/event_archives.html", context, form=form)


@administrator_required  # type: ignore[arg-type]  # a streamed answer is not an HttpResponse to the stubs
@require_safe
def download(request: HttpRequest, pk: UUID) -> StreamingHttpResponse:
    """That somebody took it along is an event."""
    archived = get_object_or_404(EventCheckpoint.objects.exclude(archive={}), pk=pk)
    path = path_of(archived)
    if not path.is_file():
        raise Http404
    note_download(archived, actor=actor_of(request))
    response = StreamingHttpResponse(_pieces(path), content_type="application/gzip")
    response["Content-Disposition"] = f'attachment; filename="{path.name}"'
    response["Content-Length"] = str(path.stat().st_size)
    return response


def _pieces(path: Path) -> Iterator[bytes]:
    """Opened by whoever reads, and closed when they stop."""
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece
