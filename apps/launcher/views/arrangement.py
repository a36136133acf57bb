"""A person's own order of their applications, and which of them are favourites: with buttons, so that nothing has to be dragged, and by dragging where scripts run."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.access import person_required
from apps.applications.models import Application
from apps.launcher import actions
from apps.launcher.tiles import tiles_for
from apps.launcher.views.tiles import person


def _own(request: HttpRequest, slug: str) -> Application:
    """Raises Http404 for what is not in the person's launcher."""
    mine = Application.objects.assigned_to(person(request)).shown().defer("logo")
    application: Application = get_object_or_404(mine, slug=slug)
    return application


def _back(request: HttpRequest, slug: str = "") -> HttpResponse:
    if request.POST.get("from") == "launcher":
        return redirect("launcher:index")
    return redirect(reverse("launcher:arrangement") + (f"#{slug}" if slug else ""))


@person_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    tiles = tiles_for(person(request))
    return render(request, "launcher/arrangement.html", {"tiles": tiles})


@person_required
@require_POST
def favourite(request: HttpRequest, slug: str) -> HttpResponse:
    application = _own(request, slug)
    actions.set_favourite(person(request), application, favourite=request.POST.get("favourite") == "1")
    return _back(request, slug)


@person_required
@require_POST
def move(request: HttpRequest, slug: str) -> HttpResponse:
    """One place up or down, by a button, or to `place` (from 0), by dragging; beyond the ends of the list is the end."""
    application = _own(request, slug)
    order = [tile.pk for tile in tiles_for(person(request))]
    place = order.index(application.pk)
    wanted = request.POST.get("place", "")
    step = -1 if request.POST.get("direction") == "up" else 1
    other = int(wanted) if wanted.isdecimal() and len(wanted) < 6 else place + step
    other = max(0, min(other, len(order) - 1))
    if other != place:
        order.insert(other, order.pop(place))
        actions.set_order(person(request), order)
    return _back(request, slug)


@person_required
@require_POST
def reset(request: HttpRequest) -> HttpResponse:
    actions.forget_order(person(request))
    return _back(request)
