"""
Django's PostgreSQL backend, in which every statement says for which tenant it runs: the second wall (docs/decisions/0007).

The setting `gatehouse.tenant` travels in the same message as the statement and ends with its transaction (`is_local`). Nothing is
remembered, here or on the connection: no rollback, savepoint, lost connection or pooler between us and the server can leave a
statement under another tenant's setting, and what goes around these cursors finds no setting, hence no rows.
"""

from collections.abc import Iterable
from typing import Any, NoReturn, Self

from django.db.backends.postgresql import base
from django.db.backends.postgresql.psycopg_any import register_tzloader
from psycopg import ClientCursor, ServerCursor, sql
from psycopg.pq import TransactionStatus

from apps.tenants.context import visible_rows
from apps.tenants.running import forget_waiting, send_waiting


def with_tenant(query: Any, status: TransactionStatus) -> Any:
    """`query` behind the statement that sets the tenant in context, or `query` itself where that cannot or need not be."""
    rows = visible_rows()
    # An aborted transaction takes nothing but its end. Outside transactions there is no older setting to clear, and
    # some statements (CREATE DATABASE) must stand alone.
    if status == TransactionStatus.INERROR or (status == TransactionStatus.IDLE and not rows):
        return query
    setting = (
        f"SELECT set_config('gatehouse.tenant', '{rows}', true); "  # an id, "*" or "": nothing to escape
    )
    if isinstance(query, str):
        return setting + query
    return sql.SQL(setting) + (query if isinstance(query, sql.Composable) else sql.SQL(query.decode()))


class Cursor(base.Cursor, ClientCursor[Any]):
    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        behind = with_tenant(query, self.connection.info.transaction_status)
        super().execute(behind, params, **options)
        if behind is not query:
            self.nextset()  # past the answer of set_config
        return self

    def executemany(self, query: Any, params_seq: Iterable[Any], **options: Any) -> None:
        """One by one: psycopg's pipeline takes single statements only."""
        for params in params_seq:
            self.execute(query, params, **options)

    def stream(self, *_: Any, **__: Any) -> NoReturn:
        raise NotImplementedError("stream() would run under no tenant, or the last one.")

    def copy(self, *_: Any, **__: Any) -> NoReturn:
        raise NotImplementedError("copy() would run under no tenant, or the last one.")


class HeldCursor(base.ServerSideCursor, ServerCursor[Any]):
    """For QuerySet.iterator(): the rows are chosen now, under this tenant, and fetched bit by bit later (WITH HOLD)."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        with self.connection.transaction():
            self.connection.execute("SELECT")  # brings the setting into the transaction
            super().execute(query, params, **options)
        return self


class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self) -> dict[str, Any]:
        return {**super().get_connection_params(), "cursor_factory": Cursor}

    def create_cursor(self, name: str | None = None) -> Any:
        send_waiting(self)
        if name is None:
            return super().create_cursor()
        cursor = HeldCursor(self.connection, name=name, scrollable=False, withhold=True)
        register_tzloader(self.timezone, cursor)
        return cursor

    def _commit(self) -> None:
        send_waiting(self)
        super()._commit()  # type: ignore[misc]  # not in the stubs

    def _rollback(self) -> None:
        forget_waiting(self)
        super()._rollback()  # type: ignore[misc]

    def chunked_cursor(self) -> Any:
        """In a transaction a server-side cursor would look for its later rows under whatever tenant is then in context."""
        return self.cursor() if self.in_atomic_block else super().chunked_cursor()
