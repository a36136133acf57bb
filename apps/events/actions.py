"""The one way to write a line: inside the transaction of the change it tells about (docs/walk.md)."""

from collections.abc import Mapping, Sequence
from typing import Any, Required, TypedDict, Unpack
from uuid import UUID, uuid4

from django.conf import settings
from django.utils import timezone
from django.utils.functional import Promise

from apps.events.actors import Actor, Target
from apps.events.lines import after_commit
from apps.events.listeners import note_written
from apps.events.models import Event
from apps.events.types import EventType
from apps.lib.correlation import current_correlation_id
from apps.lib.language import written
from apps.tenants.bulk import insert_rows
from apps.tenants.context import current_tenant_id
from apps.tenants.prepared import insert, insert_values


class Said(TypedDict, total=False):
    """`changes` is [{"field", "from", "to"}] and, like `details`, must never hold a secret. Texts of ours come lazy, or in apps.lib.language.WRITTEN."""

    target: Target | None
    success: bool
    error_message: str | Promise
    message_chain: dict[str, str | Promise] | None
    changes: list[dict[str, Any]] | None
    details: dict[str, Any] | None
    id: UUID
    correlation_id: UUID | None


class Told(Said, total=False):
    actor: Required[Actor]
    application: Target | None


def record(event_type: EventType, **told: Unpack[Told]) -> None:
    if settings.EVENTS_TO_STDOUT:
        recorded(event_type, **told)
    else:
        insert_values(Event, line(event_type, **told))
        note_written([event_type])


def recorded(event_type: EventType, **told: Unpack[Told]) -> Event:
    """For a caller that goes on with the event itself: it tells a person where to find it, say (Event.reference)."""
    event = Event(**line(event_type, **told))
    insert(event)
    after_commit([event])
    note_written([event_type])
    return event


def record_all(lines: Sequence[Mapping[str, Any]], *, common: Mapping[str, Any] | None = None) -> None:
    """Many at once, in their order. `common` is what all of them have and none of them says, for example authored()."""
    all_have = {**(common or {}), "created_at": timezone.now()}
    insert_rows(Event, lines, common=all_have)
    note_written({each["type"] for each in lines})
    if settings.EVENTS_TO_STDOUT:
        tenant_id = current_tenant_id()
        after_commit([Event(**all_have, **each, tenant_id=tenant_id) for each in lines])


def line(event_type: EventType, **told: Unpack[Told]) -> dict[str, Any]:
    """One that is not written yet."""
    return authored(told["actor"], told.get("application")) | _rest(event_type, told)


def authored(actor: Actor, application: Target | None = None) -> dict[str, Any]:
    """The part of a line that says whose it is, and in which application."""
    row: dict[str, Any] = {
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "actor_name": actor.name[:255],
        "client_ip": actor.client_ip,
        "user_agent": actor.user_agent[:255],
        "auth_method": actor.auth_method,
    }
    if application is not None:
        row |= {"application_id": application.id, "application_name": application.name[:255]}
    return row


def unauthored(event_type: EventType, **said: Unpack[Said]) -> dict[str, Any]:
    """The rest of it, for many that have one author (record_all)."""
    return _rest(event_type, said)


def _rest(event_type: EventType, told: Said) -> dict[str, Any]:
    target = told.get("target")
    row: dict[str, Any] = {
        "id": told.get("id") or uuid4(),
        "type": event_type,
        "success": told.get("success", True),
        "correlation_id": told.get("correlation_id") or current_correlation_id(),
        "error_message": _written(told.get("error_message", "")),
        "message_chain": {name: _written(text) for name, text in (told.get("message_chain") or {}).items()},
        "changes": told.get("changes") or [],
        "details": told.get("details") or {},
    }
    if target is not None:
        row |= {"target_kind": target.kind, "target_id": target.id, "target_name": target.name[:255]}
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
