"""What pages and the API show of imports. Reads only."""

from collections.abc import Iterable
from typing import Any

from apps.directory.models import User
from apps.provisioning.models import Import, ImportRow, Integration, RemoteUser, RowState


def newest_import(integration: Integration) -> Import | None:
    found: Import | None = Import.objects.filter(integration=integration).first()
    return found


def rows_of(run: Import) -> Any:
    """QuerySet, in the order of the application's list."""
    return ImportRow.objects.filter(run=run).select_related("user")


def add_matches(rows: Iterable[ImportRow]) -> None:
    """Each new row gets `match`: the person whose e-mail address it has, to whom it would be linked, or None; and
    `match_elsewhere`: that person has another account there, so that it would not. Two queries.
    """
    rows = list(rows)
    keys = {row.email_key for row in rows if row.state == RowState.NEW and row.email_key}
    people = {person.email_key: person for person in User.objects.holding(*keys)}
    there = RemoteUser.objects.filter(user__in=[person.pk for person in people.values()])
    runs = Import.objects.filter(pk__in={row.run_id for row in rows})
    placed = set(there.filter(integration__in=runs.values("integration")).values_list("user_id", flat=True))
    for row in rows:
        match = people.get(row.email_key) if row.state == RowState.NEW else None
        row.match = match  # type: ignore[attr-defined]
        row.match_elsewhere = match is not None and match.pk in placed  # type: ignore[attr-defined]
