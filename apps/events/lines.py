"""Every event as one JSON line on standard output, for whoever collects logs: the names are those of OpenTelemetry's log data model.

https://opentelemetry.io/docs/specs/otel/logs/data-model/. A line is written after the commit of what it tells about, or never.
"""

from collections.abc import Sequence
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction

from apps.events.models import Event
from apps.lib.language import for_the_record
from apps.lib.moments import in_utc

LOGGER = "gatehouse.events"  # portal/logs.py
_log = structlog.get_logger(LOGGER)
INFO, WARNING = 9, 13  # SeverityNumber


def after_commit(events: Sequence[Event]) -> None:
    if settings.EVENTS_TO_STDOUT:
        transaction.on_commit(lambda: _write(events), robust=True)


def _write(events: Sequence[Event]) -> None:
    for event in events:
        _log.info("event", record=log_record(event))


def log_record(event: Event) -> dict[str, Any]:
    return {
        "Timestamp": in_utc(event.created_at),
        "SeverityText": "INFO" if event.success else "WARN",
        "SeverityNumber": INFO if event.success else WARNING,
        "Body": _sentence(event),
        "EventName": f"gatehouse.{event.type}",
        "TraceId": event.correlation_id.hex if event.correlation_id else None,
        "Resource": {"service.name": "gatehouse", "gatehouse.tenant.id": str(event.tenant_id)},
        "Attributes": {
            name: value for name, value in _attributes(event).items() if value not in ("", None, [], {})
        },
    }


def _sentence(event: Event) -> str:
    """Whatever the language of whoever did it: two lines about the same kind of thing read the same."""
    with for_the_record():
        return str(event)


def _attributes(event: Event) -> dict[str, Any]:
    return {
        "gatehouse.event.id": str(event.pk),
        "gatehouse.success": event.success,
        "gatehouse.actor.kind": event.actor_kind,
        "enduser.id": event.actor_id,
        "gatehouse.actor.name": event.actor_name,
        "gatehouse.auth_method": event.auth_method,
        "gatehouse.target.kind": event.target_kind,
        "gatehouse.target.id": event.target_id,
        "gatehouse.target.name": event.target_name,
        "gatehouse.application.id": event.application_id,
        "gatehouse.application.name": event.application_name,
        "client.address": event.client_ip,
        "user_agent.original": event.user_agent,
        "error.message": event.error_message,
        "gatehouse.message_chain": event.message_chain,
        "gatehouse.changes": event.changes,
        "gatehouse.details": event.details,
    }
