"""
A sign-in between the password and the session: what it still takes. The browser is nobody until all of it is done.

What is missing is asked of the database at every step, never of the browser: leaving out a page, or opening a later one, leads to the
one that is next.
"""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from apps.accounts import destinations
from apps.accounts.access import password_expired
from apps.accounts.authenticated import begin_session
from apps.accounts.second_factors import has_second_factor, note_due, second_factor_due
from apps.directory.models import User

PENDING = (
    "pending_sign_in"  # session: {"user", "account", "at", "destination"} of whoever has given their password
)
BY_PASSWORD = "password"  # noqa: S105 - what was shown, not the thing itself
LIFETIME = dt.timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Pending:
    """`shown` is what the log will say the sign-in was by."""

    user: User
    destination: str
    shown: str

    @property
    def second(self) -> bool:
        """What there is besides the password was shown, too."""
        return self.shown != BY_PASSWORD


def begin_sign_in(request: HttpRequest, user: User, destination: str, *, shown: str = BY_PASSWORD) -> None:
    """After the right password, or a later step. The session gets a new key: nobody else holds it while the rest is asked."""
    request.session.cycle_key()
    request.session[PENDING] = {
        "user": str(user.pk),
        "account": user.get_session_auth_hash(),
        "at": timezone.now().timestamp(),
        "destination": destination,
        "shown": shown,
    }


def sign_in(request: HttpRequest, user: User, destination: str) -> HttpResponse:
    """After the right password: the session at once where nothing else is asked, which is most sign-ins, else the next page."""
    pending = Pending(user, destination, BY_PASSWORD)
    page, due = next_step(pending)
    if not page:
        return _begin(request, pending, due)
    begin_sign_in(request, user, destination)
    return redirect(page)


def pending_sign_in(request: HttpRequest) -> Pending | None:
    """None when there is none, when it took too long, or when the account has changed since."""
    noted = request.session.get(PENDING)
    if not noted or abs(timezone.now().timestamp() - noted["at"]) > LIFETIME.total_seconds():
        return None
    user: User | None = User.objects.filter(pk=UUID(noted["user"]), active=True).first()
    if user is None or user.get_session_auth_hash() != noted["account"]:
        return None
    return Pending(user, noted["destination"], noted.get("shown", BY_PASSWORD))


def next_step(pending: Pending) -> tuple[str, dt.datetime | None]:
    """The page that asks for what is next, "" when that is nothing; and until when they may do without a second factor that they must have.

    The code before the new password: whoever has only found an old one in a list changes nothing.
    """
    has_second = has_second_factor(pending.user)
    if has_second and not pending.second:
        return "accounts:code", None
    if password_expired(pending.user):
        return "accounts:expired", None
    due = None if has_second else second_factor_due(pending.user)
    return ("accounts:second_factor" if due and due <= timezone.now() else ""), due


def missing(pending: Pending) -> str:
    return next_step(pending)[0]


def go_on(request: HttpRequest) -> HttpResponse:
    """To the page that asks what is missing; when nothing is, the session begins."""
    pending = pending_sign_in(request)
    if pending is None:
        request.session.pop(PENDING, None)
        return redirect("accounts:login")
    page, due = next_step(pending)
    return redirect(page) if page else _begin(request, pending, due)


def _begin(request: HttpRequest, pending: Pending, due: dt.datetime | None) -> HttpResponse:
    request.session.pop(PENDING, None)
    begin_session(request, pending.user, shown=pending.shown)
    request.session[destinations.CAME_FOR] = pending.destination
    note_due(request, due)
    return redirect(pending.destination)
