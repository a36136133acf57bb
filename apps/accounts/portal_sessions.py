"""Where a person is signed in, for their own eyes, and how they end it from elsewhere."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from apps.accounts.access import client_ip
from apps.accounts.models import PortalSession
from apps.directory.models import User
from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.tenants.prepared import PreparedQuery

# No process writes more often than that. It remembers by itself: a session that is saved again would last longer.
ROUGHLY = dt.timedelta(minutes=5)
_OF_PERSON = PreparedQuery(lambda user: PortalSession.objects.filter(user=user), user=UUID)


def note_session(request: HttpRequest, user: User, handle: str) -> None:
    """It begins, or goes on for the same person."""
    now = timezone.now()
    values = {"user": user, "session_key": request.session.session_key, "last_seen_at": now, **_seen(request)}
    if not PortalSession.objects.filter(handle=handle).update(**values):
        PortalSession.objects.create(handle=handle, started_at=now, **values)
    _is_due(handle)


def note_seen(request: HttpRequest, handle: str) -> None:
    """The person was just here; a session that no row knows of is left alone."""
    if _is_due(handle):
        PortalSession.objects.filter(handle=handle).update(last_seen_at=timezone.now(), **_seen(request))


def key_changed(before: str, after: str) -> None:
    PortalSession.objects.filter(session_key=before).update(session_key=after)


def forget_session(handle: str) -> None:
    PortalSession.objects.filter(handle=handle).delete()


def sessions_of(user: User) -> list[PortalSession]:
    """Those that open a page now, latest first. Rows whose session is over are dropped on the way."""
    rows = list(PortalSession.objects.filter(user=user))
    keys = [row.session_key for row in rows]
    alive = {
        session.session_key
        for session in Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
        if session.get_decoded().get(HASH_SESSION_KEY) == user.get_session_auth_hash()
    }
    over = [row.pk for row in rows if row.session_key not in alive]
    if over:
        PortalSession.objects.filter(pk__in=over).delete()
    return [row for row in rows if row.session_key in alive]


@transaction.atomic
def end_sessions(sessions: list[PortalSession], *, actor: Actor) -> None:
    """At once: the next page that one of them asks for is the sign-in."""
    for one in sessions:
        details = {"client_ip": one.client_ip, "started_at": one.started_at.isoformat()}
        record(EventType.SESSION_END, actor=actor, target=Target.of("user", one.user), details=details)
    _end(sessions)


def end_with_access(user: User, **_signal: Any) -> dict[str, int]:
    """Of somebody who is leaving: at once, and the event of it tells how many there were. Most have none."""
    if not _OF_PERSON.exists(user=user.pk):
        return {"sessions_ended": 0}
    sessions = sessions_of(user)
    _end(sessions)
    return {"sessions_ended": len(sessions)}


def _end(sessions: list[PortalSession]) -> None:
    Session.objects.filter(session_key__in=[one.session_key for one in sessions]).delete()
    PortalSession.objects.filter(pk__in=[one.pk for one in sessions]).delete()


def _is_due(handle: str) -> bool:
    """Once in ROUGHLY for each session."""
    return bool(caches["default"].add(f"seen:{handle}", value=True, timeout=ROUGHLY.total_seconds()))


def _seen(request: HttpRequest) -> dict[str, str]:
    return {
        "client_ip": client_ip(request)[:45],
        "user_agent": request.headers.get("User-Agent", "").replace("\x00", "")[:255],
    }
