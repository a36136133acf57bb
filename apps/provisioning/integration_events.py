"""What happens to a connection as a whole, on record: the application, which connection, and a message chain like every other event's."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.lib.language import said
from apps.provisioning.models import Integration


def record_integration(
    event_type: EventType,
    integration: Integration,
    *,
    actor: Actor,
    success: bool = True,
    error_message: str | Promise = "",
    message_chain: dict[str, str | Promise] | None = None,
    details: dict[str, Any] | None = None,
    **more: Any,
) -> None:
    """In the transaction of what it tells. Without `message_chain`, nobody was asked: it has no response code."""
    target = Target.of("application", integration.application)
    record(
        event_type,
        actor=actor,
        target=target,
        application=target,
        success=success,
        error_message=error_message,
        message_chain=message_chain or _chain(event_type, error_message, success=success),
        details={"idm_client_id": str(integration.id)} | (details or {}),
        **more,
    )


def _chain(event_type: EventType, error_message: str | Promise, *, success: bool) -> dict[str, str | Promise]:
    done = {
        EventType.IDM_INTEGRATION_DELETE: _("Application successfully deactivated"),
        EventType.IDM_INTEGRATION_UPDATE: _("Application successfully updated"),
    }
    words = (
        done.get(event_type, event_type.label)
        if success
        else said(_("Failed: %(what)s"), {"what": event_type.label})
    )
    details = "OK" if success else error_message
    return {"response_code": "", "response_message": words, "message_details": details}
