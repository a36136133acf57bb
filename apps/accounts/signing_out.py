"""
How a session of the portal ends, and what comes after it.

Floors above may have something left to do then, such as telling applications: in their AppConfig.ready() they call `continue_with`.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from django.contrib.auth import logout as end_session
from django.http import HttpRequest

from apps.accounts.access import actor_of
from apps.accounts.actions import record_sign_out
from apps.accounts.portal_sessions import forget_session
from apps.accounts.sessions import HANDLE
from apps.directory.models import User
from apps.events.actors import Actor, Target

FOLLOWS = "after_sign_out"  # session of the same browser afterwards: the address where the sign-out goes on


@dataclass(frozen=True, slots=True)
class SignedOut:
    """Who was signed in until just now. `handle` names the session that is over."""

    user: User
    handle: str
    actor: Actor


Continuation = Callable[[HttpRequest, SignedOut], str]
_continuations: list[Continuation] = []


def continue_with(continuation: Continuation) -> None:
    """It is told of every sign-out at the portal and answers with the address of this organisation to go on at, or ""."""
    _continuations.append(continuation)


def session_handle(request: HttpRequest) -> str:
    """Of the person who is signed in; given with the sign-in, so that asking later changes nothing."""
    handle = known_handle(request)
    if not handle:
        handle = request.session[HANDLE] = secrets.token_hex(16)
    return handle


def known_handle(request: HttpRequest) -> str:
    """ "" where nobody has signed in."""
    return str(request.session.get(HANDLE, ""))


def sign_out(request: HttpRequest, *, application: Target | None = None) -> SignedOut | None:
    """Ends the session at once, whatever else is still to be done. `application` is the one that asked for it.

    None when there was nobody: what is left of a session, of a person who may no longer sign in, ends all the same.
    """
    user, actor, handle = request.user, actor_of(request), known_handle(request)
    if isinstance(user, User):
        record_sign_out(user, actor=actor, application=application)
    if handle:
        forget_session(handle)
    end_session(request)
    return SignedOut(user, handle, actor) if isinstance(user, User) else None


def what_follows(request: HttpRequest, signed_out: SignedOut) -> str:
    """Where the browser goes on, or ""."""
    return next((address for each in _continuations if (address := each(request, signed_out))), "")


def remember_what_follows(request: HttpRequest, address: str) -> None:
    """For a browser that strays on its way: the sign-in page leads back to `address`, a path of this tenant."""
    request.session[FOLLOWS] = address


def forget_what_follows(request: HttpRequest) -> None:
    """Nothing is left to be done."""
    request.session.pop(FOLLOWS, None)
