"""Acts on many people: chosen in the list, reviewed with what they mean in each application, done, and kept with the results."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.access import actor_of, administrator_required
from apps.accounts.exports import tell_of_export
from apps.accounts.models import PeopleAct, PeopleRow, PeopleRun, RowOutcome, RunState
from apps.accounts.people_runs import actions
from apps.console.forms.people_runs import MOST_TICKED, PeopleActForm, PeopleFileForm
from apps.console.pages import page_of, refusals_on, search_text, show, with_query
from apps.console.people_consequences import effects_of, words_of
from apps.console.people_filters import PeopleFilter
from apps.directory.errors import DirectoryError
from apps.directory.models import Group, User
from apps.events.actors import Target
from apps.lib.language import written
from apps.lib.spreadsheets import CONTENT_TYPE, as_csv

RESULT_COLUMNS = ["line", "name", "email", "outcome", "problem"]


@administrator_required
def prepare(request: HttpRequest) -> HttpResponse:
    """Whom the list ticked, or all that its filters show; nothing is done before the review is confirmed."""
    if request.method != "POST":
        return redirect("console:users")
    form = PeopleActForm(request.POST)
    if form.is_valid():
        values = form.cleaned_data
        try:
            run = actions.prepare(
                PeopleAct(values["act"]),
                _chosen(request, everybody=values["everybody"]),
                actor=actor_of(request),
                group=values["to_group"],
            )
        except DirectoryError as error:
            _tell(request, error)
        else:
            return redirect("console:people_run", run.pk)
    else:
        messages.warning(request, _("Choose what to do with them first."))
    query = request.POST.get("query", "")
    return redirect(_list_of(query))


def _list_of(query: str) -> str:
    return reverse("console:users") + (query if query.startswith("?") else "")


def _chosen(request: HttpRequest, *, everybody: bool) -> Any:
    if everybody:
        return PeopleFilter.of(request.POST).people()
    ids = []
    for text in request.POST.getlist("user")[:MOST_TICKED]:
        try:
            ids.append(UUID(text))
        except ValueError:
            continue
    return User.objects.filter(pk__in=ids)


def _tell(request: HttpRequest, refusal: DirectoryError) -> None:
    for texts in refusal.fields.values():
        messages.warning(request, " ".join(texts))


@administrator_required
def people_import(request: HttpRequest) -> HttpResponse:
    """A file of people; each of its lines is looked at before anybody is added."""
    posted = request.method == "POST"
    form = PeopleFileForm(request.POST, request.FILES) if posted else PeopleFileForm()
    if form.is_valid():
        upload = form.cleaned_data["file"]
        with refusals_on(form):
            run = actions.prepare_import(
                upload.read(),
                file_name=upload.name or "",
                invites=form.cleaned_data["invites"],
                actor=actor_of(request),
                closed=Group.objects.exclude(external_groups=None),
            )
            return redirect("console:people_run", run.pk)
    return show(request, "console/people_import.html", {}, form=form)


@administrator_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    page = page_of(PeopleRun.objects.all(), request)
    return show(request, "console/people_runs.html", {"page": page})


@administrator_required
@require_safe
def run(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The review, how far it is, or what came of it: whichever the run has come to."""
    found = get_object_or_404(PeopleRun.objects.select_related("group"), pk=pk)
    text, shown = search_text(request), request.GET.get("show", "")
    rows = PeopleRow.objects.filter(run=found).select_related("user")
    counts = {
        RowOutcome.WAITING.value: found.left,
        RowOutcome.DONE.value: found.done,
        RowOutcome.UNCHANGED.value: found.unchanged,
        RowOutcome.REFUSED.value: found.refused,
    }
    if shown in RowOutcome:
        rows = rows.filter(outcome=shown)
    total = counts.get(shown, found.total) if found.state != RunState.CHECKING and not text else None
    page = page_of(rows.matching(text) if text else rows, request, total=total)
    context: dict[str, Any] = {
        "run": found,
        "page": page,
        "q": text,
        "show": shown,
        "here": with_query(request),
        "outcomes": [
            (
                outcome.value,
                _("Will be done")
                if outcome == RowOutcome.WAITING and found.state == RunState.REVIEW
                else outcome.label,
                counts[outcome.value],
            )
            for outcome in RowOutcome
        ],
        "words": words_of(found),
        "effects": effects_of(found) if found.state == RunState.REVIEW else [],
        "at_once": actions.AT_ONCE,
    }
    return show(request, "console/people_run.html", context)


@administrator_required
@require_POST
def start(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = get_object_or_404(PeopleRun.objects, pk=pk)
    try:
        actions.start(found, actor=actor_of(request))
    except DirectoryError as error:
        _tell(request, error)
    return redirect("console:people_run", pk)


@administrator_required
@require_POST
def stop(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = get_object_or_404(PeopleRun.objects, pk=pk)
    if actions.stop(found):
        messages.success(request, _("It was stopped. What was done so far stays."))
    return redirect("console:people_run", pk)


@administrator_required  # type: ignore[arg-type]  # a streamed answer is not an HttpResponse to the stubs
@require_safe
def export(request: HttpRequest, pk: UUID) -> StreamingHttpResponse:
    """What came of each, with the reason; `?show=` leaves out the others."""
    found = get_object_or_404(PeopleRun.objects, pk=pk)
    shown = request.GET.get("show", "")
    only = Q(outcome=shown) if shown in RowOutcome else Q()
    rows = PeopleRow.objects.filter(only, run=found).order_by("position")
    tell_of_export(
        rows.count(),
        actor=actor_of(request),
        filters={"outcome": shown if only else ""},
        target=Target("run", str(found.pk), written(found)),
    )
    body = as_csv(
        RESULT_COLUMNS,
        (
            (row.position, row.name, row.fields.get("email", row.email_key), row.outcome, row.problem)
            for row in rows.iterator(chunk_size=1000)
        ),
    )
    response = StreamingHttpResponse(body, content_type=CONTENT_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{found.act}-{found.created_at:%Y%m%d-%H%M}.csv"'
    return response
