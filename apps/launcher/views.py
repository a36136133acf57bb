from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.encoding import iri_to_uri
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from apps.accounts.access import actor_of, person_required, role_of
from apps.accounts.actions import person_with
from apps.accounts.destinations import straight_from_sign_in
from apps.accounts.one_time_links import tell_of_new_password
from apps.applications.access import has_access
from apps.applications.models import Application
from apps.directory.actions import set_password
from apps.directory.errors import FieldsInvalid
from apps.directory.models import Group, User
from apps.events.models import Event
from apps.events.types import EventType
from apps.launcher.devices import device
from apps.launcher.forms import PasswordChangeForm
from apps.launcher.tiles import tiles_for
from apps.provisioning.queries import being_set_up
from apps.saml import responses as sso

OWN_ACTIVITY = (
    EventType.USER_LOGIN_ATTEMPT,
    EventType.USER_LOGOUT,
    EventType.USER_LOCKOUT,
    EventType.USER_PASSWORD_CHANGE,
    EventType.SSO_AUTH,
    EventType.SSO_LOGOUT,
)
PAGE = 25
LAST_PAGE = 40  # older lines are the administrators' event log's business


@person_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    search = request.GET.get("q", "")[:100]
    user: Any = request.user
    tiles = tiles_for(user, search=search, waiting=being_set_up(user))
    context = {
        "greeting": greeting(user),
        "tiles": tiles,
        "search": search,
        "nothing_matches": bool(tiles) and all(tile.hidden for tile in tiles),
        "groups": _groups(user),
    }
    return render(request, "launcher/index.html", context)


def greeting(user: User) -> str:
    """By the person's own clock; neutral when nobody knows their time zone."""
    name = {"name": user.first_name or user.full_name or user.username}
    if not user.timezone:
        return _("Hello, %(name)s") % name
    hour = timezone.localtime().hour  # LocalTimeMiddleware
    if 5 <= hour < 12:
        return _("Good morning, %(name)s") % name
    if 12 <= hour < 18:
        return _("Good afternoon, %(name)s") % name
    return _("Good evening, %(name)s") % name


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
        if not web_address or not has_access(_person(request), application):
            raise Http404
        return _opening(request, application, application.bookmark_url)
    if address_there := sso.starts_there(_person(request), application):
        return _opening(request, application, address_there)
    return sso.launch(request, application)


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
    """Pixels of our own writing (apps.applications.logos), and still served as if they were not."""
    visible = (
        Application.objects.all()
        if role_of(request.user)
        else Application.objects.assigned_to(_person(request))
    )
    picture = visible.filter(slug=slug).exclude(logo=b"").values_list("logo", flat=True).first()
    if picture is None:
        raise Http404
    headers = {
        "Cache-Control": "private, max-age=31536000, immutable",  # the address changes with the picture
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(bytes(picture), content_type="image/png", headers=headers)


@person_required
@require_safe
def profile(request: HttpRequest) -> HttpResponse:
    return render(request, "launcher/profile.html", {"groups": _groups(_person(request))})


@person_required
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    form = PasswordChangeForm(request.POST or None)
    if request.method != "POST":
        return render(request, "launcher/password.html", {"form": form})
    if form.is_valid() and _changed(request, form):
        messages.success(
            request, _("Your password is changed. Wherever else you were signed in, you no longer are.")
        )
        return redirect("launcher:password")
    return render(request, "launcher/password.html", {"form": form}, status=422)


def _changed(request: HttpRequest, form: PasswordChangeForm) -> bool:
    """False leaves the reason in the form. Wrong guesses count towards the lock: an open screen is no oracle."""
    person, actor = _person(request), actor_of(request)
    if person_with(person.username, form.cleaned_data["current"], actor=actor) != person:
        form.add_error("current", _("This is not your current password, or it was tried too often."))
        return False
    try:
        with transaction.atomic():
            changed = set_password(person, form.cleaned_data["password"], actor=actor)
            tell_of_new_password(changed)
    except FieldsInvalid as error:
        form.add_error("password", error.fields["password"])
        return False
    update_session_auth_hash(request, changed)
    return True


@person_required
@require_safe
def activity(request: HttpRequest) -> HttpResponse:
    given = request.GET.get("page", "1")
    page = min(int(given), LAST_PAGE) if given.isascii() and given.isdigit() else 1
    first = (max(page, 1) - 1) * PAGE
    mine = Event.objects.about("user", request.user.pk).filter(type__in=OWN_ACTIVITY)
    events = list(mine[first : first + PAGE + 1])
    context = {
        "rows": [(event, device(event.user_agent)) for event in events[:PAGE]],
        "previous": f"?page={page - 1}" if page > 1 else "",
        "next": f"?page={page + 1}" if len(events) > PAGE and page < LAST_PAGE else "",
        "shown": f"{first + 1}–{first + len(events[:PAGE])}",
    }
    return render(request, "launcher/activity.html", context)


def _person(request: HttpRequest) -> User:
    user: Any = request.user  # person_required let nobody else in
    return user  # type: ignore[no-any-return]


def _groups(user: User) -> list[Group]:
    return list(Group.objects.filter(members=user))
