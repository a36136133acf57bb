"""Where portal sessions were signed in to. Written with each assertion, read when one of the two sides signs out."""

import datetime as dt
import hashlib
from collections.abc import Sequence

from apps.applications.models import Application
from apps.directory.models import User
from apps.saml.models import SsoSession
from apps.saml.statement import Statement
from apps.tenants.prepared import insert


def session_index(handle: str, application: Application) -> str:
    """One for each portal session and application (core 2.7.2): it tells applications nothing about each other's."""
    return "_" + hashlib.sha256(f"{handle}:{application.pk}".encode()).hexdigest()[:40]


def remember_session(
    user: User, application: Application, statement: Statement, *, handle: str, ends_at: dt.datetime
) -> None:
    """In the transaction of the assertion; one statement. A second sign-in to the same application replaces what the first one said."""
    row = SsoSession(
        application=application,
        user=user,
        session_handle=handle,
        session_index=session_index(handle, application),
        name_id=statement.name_id,
        name_id_format=statement.name_id_format.value,
        ends_at=ends_at,
    )
    insert(
        row,
        unique=("session_handle", "application"),
        update=("name_id", "name_id_format", "ends_at", "ended_at"),
    )


def session_asked_for(
    application: Application, handle: str, name_id: str, indexes: Sequence[str]
) -> SsoSession | None:
    """This browser's own session, if it is the one that the application means: never another person's."""
    if not handle:
        return None
    rows = SsoSession.objects.select_related("user").filter(
        application=application, session_handle=handle, name_id=name_id, ended_at=None
    )
    row: SsoSession | None = (rows.filter(session_index__in=indexes) if indexes else rows).first()
    return row


def is_over(application: Application, name_id: str, indexes: Sequence[str], now: dt.datetime) -> bool:
    """Whether what the application means ended before it asked."""
    rows = SsoSession.objects.filter(
        application=application, name_id=name_id, session_index__in=list(indexes)
    )
    found = list(rows.values_list("ended_at", "ends_at"))
    return bool(found) and all(ended_at is not None or ends_at <= now for ended_at, ends_at in found)
