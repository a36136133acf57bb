"""A person's own pages: what is known of them, their password, what they did."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.db import transaction
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from apps.accounts.access import actor_of, person_required
from apps.accounts.actions import person_with
from apps.accounts.one_time_links import tell_of_new_password
from apps.applications.models import Application
from apps.directory.actions import set_password
from apps.directory.errors import FieldsInvalid
from apps.directory.models import Group
from apps.events.models import Event
from apps.events.types import EventType
from apps.launcher.forms import PasswordChangeForm
from apps.launcher.views.tiles import person
from apps.lib.devices import device

OWN_ACTIVITY = (
    EventType.USER_LOGIN_ATTEMPT,
    EventType.USER_LOGOUT,
    EventType.USER_LOCKOUT,
    EventType.USER_UNLOCK,
    EventType.USER_PASSWORD_CHANGE,
    EventType.USER_PASSWORD_LINK,
    EventType.USER_MFA_CREATE,
    EventType.USER_MFA_DELETE,
    EventType.RECOVERY_CODES_CREATE,
    EventType.RECOVERY_CODE_USE,
    EventType.PASSKEY_CREATE,
    EventType.PASSKEY_DELETE,
    EventType.SESSION_END,
    EventType.SSO_AUTH,
    EventType.SSO_LOGOUT,
)
PAGE = 25
LAST_PAGE = 40  # older lines are the administrators' event log's business


@person_required
@require_safe
def profile(request: HttpRequest) -> HttpResponse:
    return render(request, "launcher/profile.html")


@person_required
@require_safe
def groups(request: HttpRequest) -> HttpResponse:
    """The person's own, and what each opens."""
    opened = Prefetch("applications", Application.objects.shown().defer("logo").order_by("display_label"))
    mine = Group.objects.filter(members=request.user).prefetch_related(opened)
    return render(request, "launcher/groups.html", {"groups": mine})


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
    user, actor = person(request), actor_of(request)
    if person_with(user.username, form.cleaned_data["current"], actor=actor) != user:
        form.add_error("current", _("This is not your current password, or it was tried too often."))
        return False
    try:
        with transaction.atomic():
            changed = set_password(user, form.cleaned_data["password"], actor=actor)
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
