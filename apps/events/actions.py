"""The one way to write a line: inside the transaction of the change it tells about (docs/walk.md)."""

from collections.abc import Mapping, Sequence
from typing import Any, Required, TypedDict, Unpack
from uuid import UUID, uuid4

from django.utils.functional import Promise

from apps.events.actors import Actor, Target
from apps.events.models import Event
from apps.events.types import EventType
from apps.lib.language import written
from apps.tenants.bulk import insert_rows
from apps.tenants.prepared import insert


class Told(TypedDict, total=False):
    """`changes` is [{"field", "from", "to"}] and, like `details`, must never hold a secret. Texts of ours come lazy, or in apps.lib.language.WRITTEN."""

    actor: Required[Actor]
    target: Target | None
    application: Target | None
    success: bool
    error_message: str | Promise
    message_chain: dict[str, str | Promise] | None
    changes: list[dict[str, Any]] | None
    details: dict[str, Any] | None
    id: UUID


def record(event_type: EventType, **told: Unpack[Told]) -> Event:
    event = Event(**line(event_type, **told))
    insert(event)
    return event


def record_all(lines: Sequence[Mapping[str, Any]]) -> None:
    """Many at once, in their order."""
    insert_rows(Event, lines)


def line(event_type: EventType, **told: Unpack[Told]) -> dict[str, Any]:
    """One that is not written yet."""
    actor, target, application = told["actor"], told.get("target"), told.get("application")
    row: dict[str, Any] = {
        "id": told.get("id") or uuid4(),
        "type": event_type,
        "success": told.get("success", True),
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "actor_name": actor.name[:255],
        "client_ip": actor.client_ip,
        "user_agent": actor.user_agent[:255],
        "error_message": _written(told.get("error_message", "")),
        "message_chain": {name: _written(text) for name, text in (told.get("message_chain") or {}).items()},
        "changes": told.get("changes") or [],
        "details": told.get("details") or {},
    }
    if target is not None:
        row |= {"target_kind": target.kind, "target_id": target.id, "target_name": target.name[:255]}
    if application is not None:
        row |= {"application_id": application.id, "application_name": application.name[:255]}
    return row


def _written(text: str | Promise) -> str:
    return written(text) if isinstance(text, Promise) else text


def changes_between(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    """The fields of `after` that differ, in order."""
    return [
        {"field": field, "from": before.get(field), "to": value}
        for field, value in after.items()
        if before.get(field) != value
    ]
