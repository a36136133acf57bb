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
from apps.accounts.second_factors import has_second_factor, second_factor_required
from apps.directory.models import User

PENDING = (
    "pending_sign_in"  # session: {"user", "account", "at", "destination"} of whoever has given their password
)
LIFETIME = dt.timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Pending:
    """`second`: what there is besides the password was shown, too."""

    user: User
    destination: str
    second: bool


def begin_sign_in(request: HttpRequest, user: User, destination: str, *, second: bool = False) -> None:
    """After the right password, or a later step. The session gets a new key: nobody else holds it while the rest is asked."""
    request.session.cycle_key()
    request.session[PENDING] = {
        "user": str(user.pk),
        "account": user.get_session_auth_hash(),
        "at": timezone.now().timestamp(),
        "destination": destination,
        "second": second,
    }


def sign_in(request: HttpRequest, user: User, destination: str) -> HttpResponse:
    """After the right password: the session at once where nothing else is asked, which is most sign-ins, else the next page."""
    if missing(Pending(user, destination, second=False)):
        begin_sign_in(request, user, destination)
        return go_on(request)
    request.session.pop(PENDING, None)
    begin_session(request, user)
    request.session[destinations.CAME_FOR] = destination
    return redirect(destination)


def pending_sign_in(request: HttpRequest) -> Pending | None:
    """None when there is none, when it took too long, or when the account has changed since."""
    noted = request.session.get(PENDING)
    if not noted or abs(timezone.now().timestamp() - noted["at"]) > LIFETIME.total_seconds():
        return None
    user: User | None = User.objects.filter(pk=UUID(noted["user"]), active=True).first()
    if user is None or user.get_session_auth_hash() != noted["account"]:
        return None
    return Pending(user, noted["destination"], noted["second"])


def missing(pending: Pending) -> str:
    """The page that asks for what is next, "" when that is nothing. The code before the new password: whoever has only found an old one in a list changes nothing."""
    has_second = has_second_factor(pending.user)
    if has_second and not pending.second:
        return "accounts:code"
    if password_expired(pending.user):
        return "accounts:expired"
    return "" if has_second or not second_factor_required(pending.user) else "accounts:second_factor"


def go_on(request: HttpRequest) -> HttpResponse:
    """To the page that asks what is missing; when nothing is, the session begins."""
    pending = pending_sign_in(request)
    if pending is None:
        request.session.pop(PENDING, None)
        return redirect("accounts:login")
    if page := missing(pending):
        return redirect(page)
    request.session.pop(PENDING)
    begin_session(request, pending.user)
    request.session[destinations.CAME_FOR] = pending.destination
    return redirect(pending.destination)
