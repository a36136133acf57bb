"""One statement, on the shortest way to the driver; or, for PostgreSQL, several in one message."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

Fetch = Callable[[Any], Any]
Statement = tuple[str, Sequence[Any]]
WAITING = "statements_that_wait"


def run(connection: Any, sql: str, parameters: Sequence[Any], fetch: Fetch | None = None) -> Any:
    """
    What `fetch` makes of the cursor. As with `connection.cursor()`, with the same refusals, but without its two wrappers where nobody
    listens to statements: they take as long as many a statement does.
    """
    waiting: list[Statement] | None = connection.__dict__.get(WAITING)
    if waiting is not None and fetch is None and connection.in_atomic_block:
        waiting.append((sql, parameters))
        return None
    return _run(connection, [(sql, parameters)], fetch)


def _run(connection: Any, statements: Sequence[Statement], fetch: Fetch | None = None) -> Any:
    if connection.execute_wrappers or connection.queries_logged:
        with connection.cursor() as cursor:
            cursor.execute(*_joined(statements))
            return fetch and fetch(cursor)
    connection.validate_thread_sharing()
    connection.close_if_health_check_failed()
    if connection.connection is None:
        connection.ensure_connection()
    connection.validate_no_broken_transaction()
    with connection.wrap_database_errors:
        cursor = connection.create_cursor()
        try:
            if len(statements) == 1:
                cursor.execute(*statements[0])
            else:  # each by itself: psycopg remembers no text with more than fifty places, and would take it apart at each run
                cursor.execute("; ".join(cursor.mogrify(*each) for each in statements))
            return fetch and fetch(cursor)
        finally:
            cursor.close()


def _joined(statements: Sequence[Statement]) -> Statement:
    return "; ".join(sql for sql, _ in statements), [each for _, values in statements for each in values]


@contextmanager
def together() -> Iterator[None]:
    """
    PostgreSQL gets rows that a transaction writes one after the other in one message, before whatever is asked next, with the
    transaction's COMMIT if that is inside the block, or when the outermost of such blocks ends; and it is there that it raises what it
    refuses. After an exception nothing more is written. For SQLite, which is no message away, it is nothing.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.vendor != "postgresql" or WAITING in connection.__dict__:
        yield
        return
    connection.__dict__[WAITING] = []
    try:
        yield
        send_waiting(connection)
    finally:
        del connection.__dict__[WAITING]


def send_waiting(connection: Any, *, then: str = "") -> None:
    """
    By the connection (apps.tenants.postgresql), before every cursor that it makes and every commit: whoever asks, whichever way, sees what was
    written before. `then` is sent behind it, if there is anything.
    """
    waiting: list[Statement] | None = connection.__dict__.get(WAITING)
    if waiting:
        connection.__dict__[WAITING] = []
        _run(connection, [*waiting, (then, ())] if then else waiting)


def forget_waiting(connection: Any) -> None:
    """Before a rollback. One to a savepoint is a statement like others, which takes back what went before it."""
    if WAITING in connection.__dict__:
        connection.__dict__[WAITING] = []
