"""One statement, on the shortest way to the driver; or, for PostgreSQL, several in one message."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

Fetch = Callable[[Any], Any]
WAITING = "statements_that_wait"


def run(connection: Any, sql: str, parameters: Sequence[Any], fetch: Fetch | None = None) -> Any:
    """
    What `fetch` makes of the cursor. As with `connection.cursor()`, with the same refusals, but without its two wrappers where nobody
    listens to statements: they take as long as many a statement does.
    """
    waiting: list[tuple[str, Sequence[Any]]] | None = connection.__dict__.get(WAITING)
    if waiting is not None and fetch is None:
        waiting.append((sql, parameters))
        return None
    if connection.execute_wrappers or connection.queries_logged:
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return fetch and fetch(cursor)
    connection.validate_thread_sharing()
    if connection.connection is None:
        connection.ensure_connection()
    connection.validate_no_broken_transaction()
    with connection.wrap_database_errors:
        cursor = connection.create_cursor()
        try:
            cursor.execute(sql, parameters)
            return fetch and fetch(cursor)
        finally:
            cursor.close()


@contextmanager
def together() -> Iterator[None]:
    """
    In a transaction, for rows that are written one after the other while nothing is asked: PostgreSQL gets them in one message when the block
    ends, which raises what it refuses. After an exception nothing is written. For SQLite, which is no message away, it is nothing.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.vendor != "postgresql" or WAITING in connection.__dict__:
        yield
        return
    waiting: list[tuple[str, Sequence[Any]]] = []
    connection.__dict__[WAITING] = waiting
    try:
        yield
    finally:
        del connection.__dict__[WAITING]
    if waiting:
        run(
            connection,
            "; ".join(sql for sql, _ in waiting),
            [each for _, values in waiting for each in values],
        )
