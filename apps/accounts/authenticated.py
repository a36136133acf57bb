"""A person has just shown who they are: what their session remembers of it."""

from dataclasses import replace

from django.contrib.auth import SESSION_KEY
from django.contrib.auth import login as start_session
from django.http import HttpRequest
from django.utils import timezone

from apps.accounts import destinations
from apps.accounts.access import actor_of
from apps.accounts.actions import record_sign_in
from apps.accounts.organisations import note_organisation
from apps.accounts.portal_sessions import note_session
from apps.accounts.signing_out import FOLLOWS, session_handle
from apps.directory.models import User


def begin_session(request: HttpRequest, user: User, *, shown: str) -> None:
    """Signs `user` in: a session under a new key, with nothing in it of anybody else's.

    `shown` is what the log says it was by: password, password+totp, password+recovery_code, passkey.
    """
    again = SESSION_KEY in request.session  # also one that counts for nobody any more
    start_session(request, user)
    if again:
        request.session.cycle_key()  # Django keeps the key when the same person signs in again
    request.session.pop(destinations.ASKING, None)
    request.session.pop(FOLLOWS, None)
    note_session(request, user, session_handle(request))
    note_authentication(request)
    actor = actor_of(request)
    note_organisation(request, administers=actor.kind == "administrator")
    record_sign_in(user, actor=replace(actor, auth_method=shown))


def confirm_session(request: HttpRequest, user: User, *, shown: str) -> None:
    """The person who is signed in has shown it once more: the session goes on under a new key."""
    request.session.cycle_key()
    note_authentication(request)
    record_sign_in(user, actor=replace(actor_of(request), auth_method=shown), again=True)


def note_authentication(request: HttpRequest) -> None:
    request.session[destinations.SIGNED_IN_AT] = timezone.now().timestamp()
