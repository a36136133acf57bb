from datetime import datetime
from typing import Any

from django.contrib.sessions.backends import db

HANDLE = "handle"  # session: a random name that outlives every change of the session's key


class SessionStore(db.SessionStore):
    """Django's sessions in the database. `ends_at` is what the row says: the session object itself only knows how long one
    would last that is saved now. None before the row was read, and when there is none."""

    ends_at: datetime | None = None

    def _get_session_from_db(self) -> Any:
        row = super()._get_session_from_db()  # type: ignore[misc]  # Django's own, without a type
        self.ends_at = row.expire_date if row is not None else None
        return row

    def cycle_key(self) -> None:
        """The row that tells the person of this session follows."""
        from apps.accounts.portal_sessions import key_changed

        before = self.session_key
        super().cycle_key()
        if before and self.get(HANDLE):
            key_changed(before, str(self.session_key))
