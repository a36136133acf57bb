"""
Transactions that PostgreSQL ended because they were at odds with another one: nothing is wrong with what they wrote, so they begin again.

Two wait for each other (a deadlock), or saw different orders (a serialization failure): PostgreSQL ends one of them so that the other can go
on, and says "try again". A worker's lease must not be lost by that. Everything else is an error as ever.
"""

import functools
import random
import time
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import structlog
from django.db import OperationalError, connection, transaction
from django.db.models import Model

P = ParamSpec("P")
R = TypeVar("R")
log = structlog.get_logger(__name__)

GAVE_WAY = {"40P01", "40001"}  # deadlock_detected, serialization_failure
MOST_ATTEMPTS = 5
WAIT_SECONDS = 0.05  # at the most before the second attempt; twice before the third, and so on


def gave_way(error: BaseException) -> bool:
    return isinstance(error, OperationalError) and getattr(error.__cause__, "sqlstate", "") in GAVE_WAY


def retried(function: Callable[P, R]) -> Callable[P, R]:
    """A transaction that begins again when it gave way, MOST_ATTEMPTS times in all; then the error is raised.

    What it read and decided is read and decided anew, and models among its arguments are as they were; what else it changes outside
    the database has to bear being done twice. Within a transaction of somebody else's it is a savepoint: only the outermost can begin again.
    """

    @functools.wraps(function)
    def until_it_passes(*args: P.args, **kwargs: P.kwargs) -> R:
        if connection.in_atomic_block:
            with transaction.atomic():
                return function(*args, **kwargs)
        models = [each for each in (*args, *kwargs.values()) if isinstance(each, Model)]
        before = [(each, dict(each.__dict__)) for each in models]
        attempt = 0
        while True:
            attempt += 1
            try:
                with transaction.atomic():
                    return function(*args, **kwargs)
            except OperationalError as error:
                if attempt == MOST_ATTEMPTS or not gave_way(error):
                    raise
            _wait(function.__qualname__, attempt)
            for model, values in before:
                model.__dict__.clear()
                model.__dict__.update(values)

    return until_it_passes


def joining(function: Callable[P, R]) -> Callable[P, R]:
    """A transaction of its own, or part of the one that is open. Not even a savepoint there: for what refuses before it writes, or whose
    refusals end the open one.
    """

    @functools.wraps(function)
    def joined(*args: P.args, **kwargs: P.kwargs) -> R:
        if connection.in_atomic_block:
            return function(*args, **kwargs)
        with transaction.atomic():
            return function(*args, **kwargs)

    return joined


def retry_statement(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    """For connection.execute_wrapper(): a statement outside any transaction is a transaction of its own."""
    for attempt in range(1, MOST_ATTEMPTS):
        try:
            return execute(sql, params, many, context)
        except OperationalError as error:
            if connection.in_atomic_block or not gave_way(error):
                raise
            _wait("statement", attempt)
    return execute(sql, params, many, context)


def _wait(what: str, attempt: int) -> None:
    log.warning("gave_way", what=what, attempt=attempt)
    time.sleep(random.uniform(0, WAIT_SECONDS * 2 ** (attempt - 1)))  # noqa: S311 - not a secret
