"""System checks of the database (`manage.py check --database default`, and before every migration)."""

from collections.abc import Iterable
from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register  # noqa: A004 - Django's name
from django.db import connections

from apps.tenants.row_security import unguarded_tables


@register(Tags.database)
def role_is_bound_by_row_security(databases: Iterable[str] | None = None, **_: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    for connection in (connections[alias] for alias in databases or ()):
        if connection.vendor != "postgresql":
            continue
        with connection.cursor() as cursor:
            cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
            (exempt,) = cursor.fetchone()
        if exempt:
            found.append(
                Warning(
                    "The database role is a superuser or has BYPASSRLS: row-level security does not bind it.",
                    hint="Give DATABASE_URL a role made with CREATE ROLE … NOSUPERUSER NOBYPASSRLS that owns the database.",
                    id="gatehouse.W002",
                )
            )
    return found


@register(Tags.database)
def tables_are_guarded(databases: Iterable[str] | None = None, **_: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    for alias in databases or ():
        if tables := unguarded_tables(connections[alias]):
            found.append(
                Warning(
                    f"Row-level security is not in place on {', '.join(tables)}.",
                    hint="manage.py migrate puts it there.",
                    id="gatehouse.W003",
                )
            )
    return found
