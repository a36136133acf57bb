from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.encoding import iri_to_uri
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.access import person_required, role_of
from apps.accounts.announcement_models import Announcement
from apps.accounts.announcements import announcement_for, close_announcement
from apps.accounts.destinations import remember_asking, straight_from_sign_in
from apps.applications.access import has_access
from apps.applications.models import Application
from apps.directory.models import Group, User
from apps.launcher.actions import note_opened
from apps.launcher.tiles import recent_of, tiles_for
from apps.lib.pictures import picture_response
from apps.provisioning.queries import being_set_up
from apps.saml import responses as sso


@person_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    search = request.GET.get("q", "")[:100]
    user: Any = request.user
    tiles = tiles_for(user, search=search, waiting=being_set_up(user))
    favourites = [tile for tile in tiles if tile.favourite]
    context = {
        "greeting": greeting(user),
        "tiles": tiles,
        "favourites": favourites,
        "others": [tile for tile in tiles if not tile.favourite],
        "waiting": any(tile.waiting for tile in tiles),
        "recent": [] if search else recent_of(tiles),
        "search": search,
        "nothing_matches": bool(tiles) and all(tile.hidden for tile in tiles),
        "groups": groups_of(user),
        "announcement": announcement_for(user),
    }
    return render(request, "launcher/index.html", context)


@person_required
@require_POST
def announcement_closing(request: HttpRequest, pk: UUID) -> HttpResponse:
    """For good: another announcement has another id."""
    close_announcement(person(request), get_object_or_404(Announcement.objects, pk=pk))
    return redirect("launcher:index")


def greeting(user: User) -> str:
    """By the person's own clock or their organisation's; neutral when nobody knows their time zone."""
    name = {"name": user.first_name or user.full_name or user.username}
    if not (user.timezone or user.tenant.timezone):
        return _("Hello, %(name)s") % name
    hour = timezone.localtime().hour  # LocalTimeMiddleware
    if 5 <= hour < 12:
        return _("Good morning, %(name)s") % name
    if 12 <= hour < 18:
        return _("Good afternoon, %(name)s") % name
    return _("Good evening, %(name)s") % name


def _named_at_the_sign_in(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Whoever is not signed in reads on the sign-in page what they were about to open.

    Only what a stranger can learn anyway: an application with single sign-on is told by the public metadata of its slug, and its label
    by the sign-in page that a SAML request leads to. A bookmark has neither, and slugs can be guessed.
    """

    @wraps(view)
    def naming(request: HttpRequest, slug: str) -> HttpResponse:
        if not request.user.is_authenticated:
            application = Application.objects.shown().defer("logo").filter(active=True, slug=slug).first()
            if application is not None and not application.is_bookmark:
                remember_asking(request, address=request.get_full_path(), label=application.display_label)
        return view(request, slug)

    return naming


@_named_at_the_sign_in
@person_required
@require_safe
def launch(request: HttpRequest, slug: str) -> HttpResponse:
    """Single sign-on has a gate of its own, whose refusal a person can read and an administrator find in the log."""
    application = get_object_or_404(Application.objects.shown(), slug=slug)
    if application.is_bookmark:
        address = urlsplit(application.bookmark_url)
        web_address = (
            address.scheme in {"https", "http"} and address.hostname
        )  # actions refuse to store another
        if not web_address or not has_access(person(request), application):
            raise Http404
        note_opened(person(request), application)
        return _opening(request, application, application.bookmark_url)
    if address_there := sso.starts_there(person(request), application):
        note_opened(person(request), application)
        return _opening(request, application, address_there)
    answer = sso.launch(request, application)
    if answer.status_code == HTTPStatus.OK:
        note_opened(person(request), application)
    return answer


def _opening(request: HttpRequest, application: Application, address: str) -> HttpResponse:
    """To another site; after a sign-in by a page that goes on by itself, where our own policy would refuse a redirect."""
    if not straight_from_sign_in(request):
        return redirect(address)
    response = render(request, "launcher/opening.html", {"application": application, "address": address})
    response["Refresh"] = f"0; url={iri_to_uri(address)}"
    return response


@person_required
@require_safe
def logo(request: HttpRequest, slug: str) -> HttpResponse:
    visible = (
        Application.objects.all()
        if role_of(request.user)
        else Application.objects.assigned_to(person(request))
    )
    picture = visible.filter(slug=slug).exclude(logo=b"").values_list("logo", flat=True).first()
    if picture is None:
        raise Http404
    return picture_response(bytes(picture))


def person(request: HttpRequest) -> User:
    user: Any = request.user  # person_required let nobody else in
    return user  # type: ignore[no-any-return]


def groups_of(user: User) -> list[Group]:
    return list(Group.objects.filter(members=user))
