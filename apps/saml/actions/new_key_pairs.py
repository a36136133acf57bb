"""A key pair is made and written down; apps.saml.actions.key_pairs says when."""

import datetime as dt
from typing import Any

from cryptography import x509

from apps.applications.models import Application
from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.lib.crypto import new_key_pair
from apps.outbox.models import Topic
from apps.outbox.publish import publish
from apps.saml.models import KeyPair

CERTIFICATE_DAYS = 5 * 365


def new_pair(application: Application, state: KeyPair.State) -> KeyPair:
    pem = new_key_pair(f"Gatehouse: {application.slug}", CERTIFICATE_DAYS)
    certificate = x509.load_pem_x509_certificate(pem.certificate.encode())
    key_pair = KeyPair(
        application=application,
        certificate=pem.certificate,
        state=state,
        not_after=certificate.not_valid_after_utc,
    )
    key_pair.take_tenant()  # the seal is bound to it
    key_pair.private_key = pem.private_key
    return key_pair


def save_pair(key_pair: KeyPair, *, actor: Actor) -> None:
    key_pair.save(force_insert=True)
    record_certificate(
        key_pair, EventType.CERTIFICATE_CREATE, actor=actor, changes={"state": (None, key_pair.state)}
    )


def record_certificate(
    pair: KeyPair, event_type: EventType, *, actor: Actor, changes: dict[str, tuple[Any, Any]]
) -> None:
    record(
        event_type,
        actor=actor,
        target=Target("certificate", str(pair.pk), pair.fingerprint_sha256),
        application=Target.of("application", pair.application),
        changes=[{"field": field, "from": before, "to": after} for field, (before, after) in changes.items()],
        details={"not_after": pair.not_after.astimezone(dt.UTC).isoformat()},
    )
    publish(Topic.APPLICATION_CHANGED, pair.application_id)
