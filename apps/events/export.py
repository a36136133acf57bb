"""The log as CSV or JSON Lines: times in UTC, cells that a spreadsheet would run as formulas defused."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from django.utils import timezone

from apps.events.actions import record
from apps.events.actors import Actor
from apps.events.catalogue import service_of
from apps.events.models import Event
from apps.events.search import Search
from apps.events.types import EventType
from apps.lib.moments import in_utc
from apps.lib.spreadsheets import CONTENT_TYPE, as_csv

CHUNK = 1000  # lines in memory
COLUMNS = ["id", "created_at", "event_type", "success", "actor_kind", "actor_id", "actor_name", "target_kind", "target_id", "target_name",
           "application_id", "application_name", "client_ip", "user_agent", "error_message", "auth_method", "correlation_id"]  # fmt: skip


def as_document(event: Event) -> dict[str, Any]:
    document = {column: getattr(event, column) for column in COLUMNS if column != "event_type"}
    document |= {
        "event_type": event.type,
        "id": str(event.id),
        "created_at": in_utc(event.created_at),
        "service": service_of(event.type),
        "correlation_id": str(event.correlation_id or ""),
        "reference": event.reference,
    }
    return document | {
        "message_chain": event.message_chain,
        "changes": event.changes,
        "details": event.details,
    }


def exported(search: Search, form: str, query: str, *, actor: Actor) -> Iterator[Event]:
    """The lines, read while they are written, so that their number does not matter; and one more line that says who took which."""
    until = timezone.now()
    record(EventType.EVENTS_EXPORT, actor=actor, details={"format": form, "filters": query})
    search = replace(search, until=min(until, search.until or until))
    return iter(search.events().iterator(chunk_size=CHUNK))


def _as_csv(events: Iterable[Event]) -> Iterator[bytes]:
    documents = (as_document(event) for event in events)
    return as_csv(COLUMNS, ([document[column] for column in COLUMNS] for document in documents))


def _as_jsonl(events: Iterable[Event]) -> Iterator[bytes]:
    for event in events:
        yield json.dumps(as_document(event), ensure_ascii=False).encode() + b"\n"


FORMATS: dict[str, tuple[str, Callable[[Iterable[Event]], Iterator[bytes]]]] = {
    "csv": (CONTENT_TYPE, _as_csv),
    "jsonl": ("application/jsonl", _as_jsonl),
}
