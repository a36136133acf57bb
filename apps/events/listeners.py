"""Who wants to know, after a commit, that events were written: rung once for a transaction, and a hint that may be lost. The log knows none of them."""

from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, transaction

from apps.tenants.context import current_tenant_id

# Runs outside any tenant, with the tenant's id and the types of what was written in it.
Listener = Callable[[UUID, Collection[str]], None]
_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Called from AppConfig.ready() of the listening app."""
    if listener not in _listeners:
        _listeners.append(listener)


def note_written(types: Collection[str]) -> None:
    """By whoever writes events, in their transaction. Costs no statement."""
    tenant_id = current_tenant_id()
    _noted().setdefault(tenant_id, set()).update(types)
    transaction.on_commit(lambda: _tell(tenant_id), robust=True)


def _tell(tenant_id: UUID) -> None:
    """The first of a transaction's hooks takes what all of it noted. What a savepoint took back comes along: a hint too many."""
    if types := _noted().pop(tenant_id, None):
        for listener in _listeners:
            listener(tenant_id, types)


def _noted() -> dict[UUID, set[str]]:
    """Beside the connection, which belongs to one thread and has one transaction at a time."""
    connection: Any = connections[DEFAULT_DB_ALIAS]
    noted: dict[UUID, set[str]] = connection.__dict__.setdefault("noted_events", {})
    return noted
