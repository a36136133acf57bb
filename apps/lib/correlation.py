"""To which request what happens belongs, also later and elsewhere: a person's change and the requests it caused bear one id.

A request has one of its own; a run of many steps has its row's. It is in every line of the server's log meanwhile.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

import structlog

_current: ContextVar[UUID | None] = ContextVar("correlation_id", default=None)


def current_correlation_id() -> UUID | None:
    """None in what a worker does by itself: what it does for somebody bears the id that was stored with the work."""
    return _current.get()


@contextmanager
def correlated(correlation_id: UUID) -> Iterator[None]:
    token = _current.set(correlation_id)
    try:
        with structlog.contextvars.bound_contextvars(correlation_id=str(correlation_id)):
            yield
    finally:
        _current.reset(token)
