"""
Django's PostgreSQL backend, in which every statement says for which tenant it runs: the second wall (docs/decisions/0007).

The setting `gatehouse.tenant` travels in the same message as the statement and ends with its transaction (`is_local`). Nothing is
remembered, here or on the connection: no rollback, savepoint, lost connection or pooler between us and the server can leave a
statement under another tenant's setting, and what goes around these cursors finds no setting, hence no rows.

A transaction begins in the message of its first statement, too, and ends in that of rows which have waited (docs/decisions/0040).
"""

import select
import time
from collections.abc import Iterable
from typing import Any, NoReturn, Self

from django.db.backends.postgresql import base
from django.db.backends.postgresql.psycopg_any import register_tzloader
from psycopg import ClientCursor, ServerCursor, sql
from psycopg.pq import TransactionStatus

from apps.tenants.context import visible_rows
from apps.tenants.running import forget_waiting, send_waiting

BEGINS = "begins_with_its_next_statement"
# Of a page that is not read in order, as if its disk had no head to move; PostgreSQL's own 4 makes a few hundred keys dearer than all rows.
NEAR_PAGES = (
    "SELECT set_config('random_page_cost', '1.1', false) WHERE current_setting('random_page_cost') = '4'"
)
ANSWERS_STILL = 5.0  # seconds after its last statement: so long a connection that the server has not closed is taken for usable


def before(status: TransactionStatus, *, begins: bool) -> list[str]:
    """The statements that go before one, in its message: the transaction's beginning, and the tenant in context."""
    if status == TransactionStatus.INERROR:
        return []  # an aborted transaction takes nothing but its end
    rows = visible_rows()
    idle = status == TransactionStatus.IDLE
    start = ["BEGIN"] if idle and begins else []
    # At first there is no older setting to clear. Outside transactions some statements (CREATE DATABASE) must stand alone.
    if idle and not rows:
        return start
    setting = f"SELECT set_config('gatehouse.tenant', '{rows}', true)"  # an id, "*" or "": nothing to escape
    return [*start, setting]


def behind(statements: list[str], query: Any) -> Any:
    text = "".join(f"{each}; " for each in statements)
    if isinstance(query, str):
        return text + query
    return sql.SQL(text) + (query if isinstance(query, sql.Composable) else sql.SQL(query.decode()))


class Cursor(base.Cursor, ClientCursor[Any]):
    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        connection = self.connection
        first = before(connection.info.transaction_status, begins=getattr(connection, BEGINS, False))
        super().execute(behind(first, query) if first else query, params, **options)
        for _ in first:
            self.nextset()  # past their answers
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
    last_asked = 0.0  # by time.monotonic()

    def get_connection_params(self) -> dict[str, Any]:
        return {**super().get_connection_params(), "cursor_factory": Cursor}

    def init_connection_state(self) -> None:
        super().init_connection_state()
        self.connection.execute(NEAR_PAGES)

    def _set_autocommit(self, autocommit: bool) -> None:
        """The driver is left in autocommit: otherwise it would send BEGIN in a message of its own, as it does for a set isolation level."""
        if self.connection.isolation_level is not None:
            super()._set_autocommit(autocommit)  # type: ignore[misc]
            return
        if not self.connection.autocommit:
            super()._set_autocommit(autocommit=True)  # type: ignore[misc]
        setattr(self.connection, BEGINS, not autocommit)

    def is_usable(self) -> bool:
        """Without a message where it answered a moment ago: it is asked before each request."""
        answered_lately = time.monotonic() - self.last_asked < ANSWERS_STILL
        if self.connection is None or not answered_lately or self.errors_occurred:
            return bool(super().is_usable())
        aborted = self.connection.info.transaction_status == TransactionStatus.INERROR
        return not aborted and not self._has_news()

    def _has_news(self) -> bool:
        """Nothing was asked: if there is something to read, the server has said good-bye, or the connection has ended."""
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLIN)
        return bool(poll.poll(0))

    def create_cursor(self, name: str | None = None) -> Any:
        send_waiting(self)
        self.last_asked = time.monotonic()
        if name is None:
            return super().create_cursor()
        cursor = HeldCursor(self.connection, name=name, scrollable=False, withhold=True)
        register_tzloader(self.timezone, cursor)
        return cursor

    def _commit(self) -> None:
        send_waiting(self, then="COMMIT")  # after which there is nothing left to commit
        super()._commit()  # type: ignore[misc]  # not in the stubs

    def _rollback(self) -> None:
        forget_waiting(self)
        super()._rollback()  # type: ignore[misc]

    def chunked_cursor(self) -> Any:
        """In a transaction a server-side cursor would look for its later rows under whatever tenant is then in context."""
        return self.cursor() if self.in_atomic_block else super().chunked_cursor()
