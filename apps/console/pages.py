"""What every console page shares: its frame's values, paging, tabs, and refusals that come back into the form."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.access import may_write
from apps.console.forms.base import ActionForm
from apps.directory.errors import DirectoryError
from apps.directory.models import User
from apps.provisioning.models import Job

PAGE_SIZE = 25
FAR = 1000  # rows; nearer pages are read at once
SIZES = (25, 50, 100)  # that a list may be asked for


@dataclass(frozen=True, slots=True)
class Tab:
    url: str
    text: Any
    count: int | str = 0
    bad: bool = False
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Size:
    """How many rows a page could have, and where a page of that many is."""

    rows: int
    url: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Page:
    """One screenful of a list; `previous` and `next` are query strings that keep the filters, "" at the ends. `sizes` are empty
    where every row is in sight anyway.
    """

    rows: list[Any]
    total: int
    previous: str
    next: str
    text: str
    sizes: list[Size]


def show(
    request: HttpRequest, template: str, context: dict[str, Any], *, form: forms.Form | None = None
) -> HttpResponse:
    """Renders; 422 when `form` was refused (the page shows it again with everything that was typed)."""
    refused = form is not None and form.is_bound and bool(form.errors)
    context = {"form": form, "may_write": may_write(request)} | context
    return render(request, template, context, status=422 if refused else 200)


def search_text(request: HttpRequest) -> str:
    """What `?q=` looks for. Without U+0000, which PostgreSQL takes in no text."""
    return request.GET.get("q", "").replace("\x00", "").strip()


def template_context(_request: HttpRequest) -> dict[str, Any]:
    """For the side menu, which pages of other apps show, too."""
    return {"failing_applications": _failing_applications}


def _failing_applications() -> int:
    """How many have something failing now; called by the template, so a page without the menu asks nothing."""
    failing = Job.objects.failing().order_by().values("integration").distinct()
    return int(failing.count())


@contextmanager
def refusals_on(form: ActionForm) -> Iterator[None]:
    """What an action refuses comes back into the form."""
    try:
        yield
    except DirectoryError as error:
        form.refuse(error)


def with_query(request: HttpRequest, **changes: Any) -> str:
    """This page's query string with some values changed; None takes one out."""
    query = request.GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value is not None:
            query[name] = str(value)
    return f"?{query.urlencode()}"


def page_of(rows: Any, request: HttpRequest, *, size: int = 0, total: int | None = None) -> Page:
    """The page of a QuerySet that `?page=` names; what is no number, or too large a one, means the nearest there is. Its size is
    `size`, or else `?size=`, one of SIZES.

    What lies before a page far down is counted off by its ids alone: only the rows that are shown are read. `total` is how many rows
    there are, where that is known.
    """
    asked = request.GET.get("size", "")
    chosen = size or next((one for one in SIZES if str(one) == asked), PAGE_SIZE)
    paginator = Paginator(rows, chosen)
    if total is not None:
        paginator.count = total
    page = paginator.get_page(request.GET.get("page"))
    total = paginator.count
    offered = [] if size or total <= PAGE_SIZE else SIZES
    return Page(
        rows=_read(rows, page.object_list, far=page.start_index() > FAR),
        total=total,
        previous=with_query(request, page=page.previous_page_number()) if page.has_previous() else "",
        next=with_query(request, page=page.next_page_number()) if page.has_next() else "",
        text=_("%(first)s–%(last)s of %(total)s")
        % {"first": page.start_index(), "last": page.end_index(), "total": total},
        sizes=[Size(one, with_query(request, size=one, page=None), one == chosen) for one in offered],
    )


def _read(rows: Any, shown: Any, *, far: bool) -> list[Any]:
    if not far:
        return list(shown)
    keys = list(shown.values_list("pk", flat=True))
    found = rows.in_bulk(keys)
    return [found[key] for key in keys if key in found]


def back_to_form(request: HttpRequest, page: str, pk: UUID) -> HttpResponse:
    """For an address that takes a form and shows it again when it is refused: reloaded, or left by the search field or the pager
    on it (their addresses are relative), it leads to the page with the form, and the query goes along."""
    query = request.META.get("QUERY_STRING", "")
    return redirect(reverse(page, args=[pk]) + (f"?{query}" if query else ""))


def person_or_404(key: str) -> User:
    """Whom a page's address names; what is no id names nobody."""
    try:
        pk = UUID(key)
    except ValueError:
        raise Http404 from None
    person: User = get_object_or_404(User.objects, pk=pk)
    return person
