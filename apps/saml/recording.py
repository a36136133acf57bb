"""Writes down a change of an application's single sign-on: row, event and outbox in the transaction that is open.

Below actions and tasks, because both do it: an administrator saves, a refresh by schedule takes over.
"""

import ssl
from typing import Any

from apps.events.actions import changes_between, record
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.lib.crypto import fingerprint
from apps.outbox.models import Topic
from apps.outbox.publish import publish
from apps.saml.models import SsoSettings
from apps.saml.validation import CHECKS

CERTIFICATES = frozenset({"sp_certificates", "sp_encryption_certificate"})  # columns that hold PEM


def locked(settings: SsoSettings) -> SsoSettings:
    locked: SsoSettings = (
        SsoSettings.objects.select_related("application").select_for_update(of=("self",)).get(pk=settings.pk)
    )
    return locked


def save(
    settings: SsoSettings,
    fields: dict[str, Any],
    *,
    actor: Actor,
    details: dict[str, Any],
    event_type: EventType = EventType.APPLICATION_UPDATE,
) -> SsoSettings:
    before = _snapshot(settings)
    for field, value in fields.items():
        setattr(settings, field, value)
    changes = changes_between(before, _snapshot(settings))
    if changes or details:
        settings.save()
        target = Target.of("application", settings.application)
        record(
            event_type,
            actor=actor,
            target=target,
            application=target,
            changes=changes,
            details=details,
        )
        publish(Topic.APPLICATION_CHANGED, settings.application_id)
    return settings


def _snapshot(settings: SsoSettings) -> dict[str, Any]:
    """Certificates as fingerprints: the log is read by people."""
    values = {field: getattr(settings, field) for field in CHECKS}
    return values | {field: _fingerprints(values[field]) for field in CERTIFICATES}


def _fingerprints(value: str | list[str]) -> list[str]:
    pems = [value] if isinstance(value, str) else value
    return [_fingerprint(pem) for pem in pems if pem]


def _fingerprint(pem: str) -> str:
    return fingerprint(ssl.PEM_cert_to_DER_cert(pem), "sha256")
