"""
Tables whose rows are never changed, and go only with their organisation or into an archive: triggers refuse everything else, whoever
asks, also past the product (docs/security.md, "The event log").

The one door is `removing()`: for rows of one tenant, to the end of one transaction, and for DELETE alone. On PostgreSQL it is the setting
`gatehouse.removes`, local to the transaction; on SQLite a function of our own connections, so that no other program deletes at all.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from django.apps import AppConfig
from django.db import connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from apps.tenants.row_security import owned_models

EVERYTHING = "*"  # for emptying the database between tests
NAME = "gatehouse_append_only"
FUNCTION = f"""
CREATE OR REPLACE FUNCTION {NAME}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        IF current_setting('gatehouse.removes', true) = '{EVERYTHING}' THEN RETURN NULL; END IF;
    ELSIF TG_OP = 'DELETE' THEN
        IF current_setting('gatehouse.removes', true) = OLD.tenant_id::text THEN RETURN OLD; END IF;
    END IF;
    RAISE EXCEPTION '% on % is refused: its rows are append only', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""
_removes: ContextVar[str] = ContextVar("removes", default="")


@contextmanager
def removing(tenant_id: UUID) -> Iterator[None]:
    """In a transaction: what is deleted of this tenant's append-only rows meanwhile is let go."""
    with transaction.atomic(), _door(str(tenant_id)):
        yield


@contextmanager
def _door(rows: str) -> Iterator[None]:
    token = _removes.set(rows)
    try:
        _set(rows)
        yield
        _set("")  # after an error the transaction is over, and the setting with it
    finally:
        _removes.reset(token)


def _set(rows: str) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('gatehouse.removes', %s, true)", [rows])


def lets_go(tenant_id: str) -> bool:
    """What SQLite's triggers ask. It keeps a UUID as 32 digits."""
    rows = _removes.get()
    return rows == EVERYTHING or rows.replace("-", "") == tenant_id


def give_function(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """To each new connection: without it, as in other programs, the triggers fail, which refuses as well."""
    if connection.vendor == "sqlite":
        connection.connection.create_function(f"{NAME}_lets_go", 1, lets_go)


def append_only_tables(app: AppConfig | None = None) -> list[str]:
    return [model._meta.db_table for model in owned_models(app) if getattr(model, "append_only", False)]  # noqa: SLF001 - Django's documented Meta API


def build_triggers(sender: AppConfig, using: str, **_: Any) -> None:
    """After each migration: SQLite loses them whenever a table is made anew."""
    database = connections[using]
    tables = append_only_tables(sender)
    with database.cursor() as cursor:
        there = set(database.introspection.table_names(cursor)) if tables else set()
    with transaction.atomic(using=using), database.cursor() as cursor:
        for table in tables:
            if table in there:
                for statement in triggers(database, table):
                    cursor.execute(statement)


def triggers(database: BaseDatabaseWrapper, table: str) -> list[str]:
    name = database.ops.quote_name(table)
    if database.vendor == "postgresql":
        rows, whole = f"{NAME}_rows", f"{NAME}_whole"
        return [
            FUNCTION,
            f"DROP TRIGGER IF EXISTS {rows} ON {name}",
            f"CREATE TRIGGER {rows} BEFORE UPDATE OR DELETE ON {name} FOR EACH ROW EXECUTE FUNCTION {NAME}()",
            f"DROP TRIGGER IF EXISTS {whole} ON {name}",
            f"CREATE TRIGGER {whole} BEFORE TRUNCATE ON {name} FOR EACH STATEMENT EXECUTE FUNCTION {NAME}()",
        ]
    refuse = f"SELECT RAISE(ABORT, '{table} is append only')"
    update, delete = (database.ops.quote_name(f"{table}_{what}") for what in ("update", "delete"))
    return [
        f"CREATE TRIGGER IF NOT EXISTS {update} BEFORE UPDATE ON {name} BEGIN {refuse}; END",
        f"CREATE TRIGGER IF NOT EXISTS {delete} BEFORE DELETE ON {name} WHEN NOT {NAME}_lets_go(OLD.tenant_id) BEGIN {refuse}; END",
    ]
