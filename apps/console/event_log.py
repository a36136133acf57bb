"""One page of the log as its address asks for it: rows, what narrows them, the chart above, and what is new since."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.utils import timezone

from apps.console.charts import Bar, drawn
from apps.console.event_columns import USUAL
from apps.console.forms.events import EventFilterForm, moment_of
from apps.console.pages import PAGE_SIZE, with_query
from apps.events.counting import COUNTED
from apps.events.frequency import edges_between, frequency
from apps.events.models import Event
from apps.events.search import Cursor, Search
from apps.events.types import EventType
from apps.lib import language
from apps.lib.moments import in_utc

OVERLAP = timedelta(seconds=5)  # a line may be committed after one that was written later
MOST_NEW = 50  # rows that one look at what is new brings


@dataclass(frozen=True, slots=True)
class Narrowed:
    """One filter in words, and the address without it."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Chart:
    """`url` of a bar is the log narrowed to it. `partly`: there is more before the first bar; `far`: as many as ever are were counted."""

    bars: list[tuple[Bar, str]]
    succeeded: int
    failed: int
    partly: bool
    far: bool

    @property
    def form(self) -> str:
        """Of the moments below it: with seconds where a bar is less than a minute."""
        bar = self.bars[0][0]
        return "j M H:i:s" if bar.ends - bar.begins < timedelta(minutes=1) else "j M Y, H:i"

    @property
    def width(self) -> int:
        return self.bars[-1][0].x + 20 if self.bars else 0


def instead_of_page(request: HttpRequest, form: EventFilterForm) -> HttpResponse | None:
    """What a page of the log answers before it is one: a better address, or the rows that htmx asks for."""
    return new_rows(request, form) if "newer" in request.GET else tidy(request)


def tidy(request: HttpRequest) -> HttpResponseRedirect | None:
    """Where a form's address has moments without a zone, or what says nothing: an address to keep."""
    query = QueryDict(mutable=True)
    for name, values in request.GET.lists():
        for value in filter(None, values):
            query.appendlist(name, _settled(value) if name in {"since", "until"} else value)
    if tuple(query.getlist("column")) == USUAL:
        del query["column"]
    if query.urlencode() == request.GET.urlencode():
        return None
    return HttpResponseRedirect(f"{request.path}?{query.urlencode()}")


def _settled(text: str) -> str:
    moment = moment_of(text)
    return text if moment is None else in_utc(moment)


def log_page(request: HttpRequest, form: EventFilterForm) -> dict[str, Any]:
    """One page of the log after the event, or before the moment, that `?after=` names. By key, not by number: the log grows while one reads."""
    search = form.search()
    after = cursor_of(request.GET.get("after", ""))
    found = search.page(PAGE_SIZE, after)
    live = request.GET.get("live") == "1" and after is None
    return {
        "events": found.rows,
        "columns": form.columns(),
        "filters": form,
        "narrowed": list(narrowed(request, form)),
        "chart": chart_of(request, search),
        "reached": found.reached if len(found.rows) < PAGE_SIZE else None,
        "live": live,
        "live_url": with_query(request, live="1", after=None),
        "live_next": _live_url(request, found.rows) if live else "",
        "still_url": with_query(request, live=None),
        "newest": with_query(request, after=None) if after is not None else "",
        "older": with_query(request, after=cursor_text(found.next), live=None) if found.next else "",
        "kept": kept(request, form),
        "zone": timezone.localtime().tzname(),
    }


def kept(request: HttpRequest, form: EventFilterForm) -> str:
    """The filters alone, also those that the page's own address says: for a file, and for the page of one event."""
    about = {name: thing.pk for name, thing in (("application", form.only), ("person", form.about)) if thing}
    gone = dict.fromkeys(("after", "live", "column", "chart", "newer", "shown"))
    query = with_query(request, **gone, **about)
    return "" if query == "?" else query


def cursor_of(text: str) -> Cursor | None:
    """An event's id, or a moment."""
    if moment := moment_of(text):
        return Cursor(moment)
    try:
        event = Event.objects.filter(pk=UUID(text)).first()
    except ValueError:
        return None
    return Cursor(event.created_at, event.pk) if event else None


def cursor_text(cursor: Cursor) -> str:
    """As cursor_of reads it."""
    return str(cursor.id) if cursor.id else in_utc(cursor.moment)


# --- What narrows it


def narrowed(request: HttpRequest, form: EventFilterForm) -> Iterator[Narrowed]:
    for kind in form.types():
        yield Narrowed(str(EventType(kind).label), _without(request, "type", kind))
    for name, field in form.fields.items():
        value = form.value(name)
        if value and name not in {"type", "column"}:
            yield Narrowed(f"{field.label}: {_in_words(field, value)}", _without(request, name))


def _in_words(field: Any, value: Any) -> str:
    if isinstance(value, datetime):
        form = "j M Y, H:i:s T" if value.second else "j M Y, H:i T"  # a bar may be a second wide
        return language.day(timezone.localtime(value), form)
    return str(dict(getattr(field, "choices", ())).get(value, value))


def _without(request: HttpRequest, name: str, value: str = "") -> str:
    query = request.GET.copy()
    query.setlist(name, [each for each in query.getlist(name) if value and each != value])
    for gone in ("after", *([] if query.getlist(name) else [name])):
        query.pop(gone, None)
    return f"?{query.urlencode()}"


# --- The chart


def chart_of(request: HttpRequest, search: Search) -> Chart:
    """Of the newest REACH lines at most; of COUNTED for `?chart=all`."""
    far = request.GET.get("chart") == "all"
    search, first, partly = search.reach(COUNTED if far else None)
    if first is None:
        return Chart([], 0, 0, partly, far)
    first = search.since or first
    last = min(search.until - timedelta(microseconds=1) if search.until else timezone.now(), timezone.now())
    edges = edges_between(first, max(first, last))
    counts = frequency(search, edges)
    bars = [(bar, _narrowed_to(request, bar)) for bar in drawn(edges, counts)]
    return Chart(bars, sum(good for good, _bad in counts), sum(bad for _good, bad in counts), partly, far)


def _narrowed_to(request: HttpRequest, bar: Bar) -> str:
    return with_query(
        request,
        since=in_utc(bar.begins),
        until=in_utc(bar.ends),
        time=None,
        after=None,
        live=None,
        chart=None,
    )


# --- What is new


def new_rows(request: HttpRequest, form: EventFilterForm) -> HttpResponse:
    """For htmx: the rows that came since `?newer=`, without those of `?shown=`, below a row that asks again. 204 where nothing did."""
    since = (moment_of(request.GET.get("newer", "")) or timezone.now()) - OVERLAP
    shown = set(request.GET.get("shown", "").split(","))
    search = form.search()
    search = replace(search, since=max(since, search.since or since))
    lines = search.page(MOST_NEW + len(shown)).rows
    rows = [event for event in lines if event.reference not in shown]
    if not rows:
        return HttpResponse(status=204)
    context = {
        "events": rows[:MOST_NEW],
        "columns": form.columns(),
        "kept": kept(request, form),
        "live_next": _live_url(request, lines),
        "skipped": len(rows) > MOST_NEW,
    }
    return render(request, "console/events_new.html", context)


def _live_url(request: HttpRequest, lines: list[Event]) -> str:
    newest = lines[0].created_at if lines else timezone.now()
    shown = [event.reference for event in lines if event.created_at > newest - OVERLAP]
    return with_query(request, newer=in_utc(newest), shown=",".join(shown) or None)
