"""The one way to write a line: inside the transaction of the change it tells about (docs/walk.md)."""

from typing import Any

from apps.events.actors import Actor, Target
from apps.events.models import Event
from apps.events.types import EventType
from apps.tenants.prepared import insert


def record(
    event_type: EventType,
    *,
    actor: Actor,
    target: Target | None = None,
    application: Target | None = None,
    success: bool = True,
    error_message: str = "",
    message_chain: dict[str, str] | None = None,
    changes: list[dict[str, Any]] | None = None,
    details: dict[str, Any] | None = None,
) -> Event:
    """`changes` is [{"field", "from", "to"}] and, like `details`, must never hold a secret."""
    event = Event(
        type=event_type,
        success=success,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name[:255],
        client_ip=actor.client_ip,
        user_agent=actor.user_agent[:255],
        error_message=error_message,
        message_chain=message_chain or {},
        changes=changes or [],
        details=details or {},
    )
    if target is not None:
        event.target_kind, event.target_id, event.target_name = target.kind, target.id, target.name[:255]
    if application is not None:
        event.application_id, event.application_name = application.id, application.name[:255]
    insert(event)
    return event


def changes_between(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    """The fields of `after` that differ, in order."""
    return [
        {"field": field, "from": before.get(field), "to": value}
        for field, value in after.items()
        if before.get(field) != value
    ]
