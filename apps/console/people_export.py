"""People as a file, with the columns that an import takes back (apps.accounts.people_runs.reading)."""

from collections.abc import Iterator
from typing import Any

from apps.directory.actions import USER_FIELDS
from apps.directory.models import User
from apps.lib.spreadsheets import as_csv

COLUMNS = [*USER_FIELDS, "active", "groups", "added", "last_sign_in"]
CHUNK = 1000


def written(people: Any) -> Iterator[bytes]:
    """`people` is a QuerySet; it is read while the file is written, so that its size does not matter."""
    rows = people.prefetch_related("user_groups").iterator(chunk_size=CHUNK)
    return as_csv(COLUMNS, (_row(person) for person in rows))


def _row(person: User) -> list[str]:
    return [
        *(getattr(person, field) for field in USER_FIELDS),
        "true" if person.active else "false",
        "; ".join(group.name for group in person.user_groups.all()),
        person.created_at.isoformat(timespec="seconds"),
        person.last_login.isoformat(timespec="seconds") if person.last_login else "",
    ]
