"""The log as CSV or JSON Lines: times in UTC, cells that a spreadsheet would run as formulas defused."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from apps.events.models import Event
from apps.lib.spreadsheets import CONTENT_TYPE, as_csv

COLUMNS = ["id", "created_at", "event_type", "success", "actor_kind", "actor_id", "actor_name", "target_kind", "target_id", "target_name",
           "application_id", "application_name", "client_ip", "user_agent", "error_message"]  # fmt: skip


def as_document(event: Event) -> dict[str, Any]:
    document = {column: getattr(event, column) for column in COLUMNS if column != "event_type"}
    document |= {
        "event_type": event.type,
        "id": str(event.id),
        "created_at": event.created_at.isoformat().replace("+00:00", "Z"),
        "reference": event.reference,
    }
    return document | {
        "message_chain": event.message_chain,
        "changes": event.changes,
        "details": event.details,
    }


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
