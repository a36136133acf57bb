"""A key pair is made and written down; apps.saml.actions.key_pairs says when."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apps.applications.models import Application
from apps.directory.validators import validate_text
from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.lib.crypto import KeyPairPem, new_key_pair
from apps.outbox.models import Topic
from apps.outbox.publish import publish
from apps.saml.errors import SsoInvalid
from apps.saml.models import KeyPair

KEY_SIZES = (2048, 3072, 4096)  # bits
YEARS = range(1, 11)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a generated pair is to be like. The name is for people who compare certificates; "" means ours."""

    common_name: str = ""
    years: int = 5
    key_size: int = 2048


def new_pair(application: Application, state: KeyPair.State, wanted: Wanted = Wanted()) -> KeyPair:
    """Takes a moment: outside transactions, please. Raises SsoInvalid."""
    _refuse(wanted)
    name = wanted.common_name.strip() or f"Gatehouse: {application.slug}"
    pem = new_key_pair(name, 365 * wanted.years, wanted.key_size)
    return pair_of(application, state, pem)


def pair_of(application: Application, state: KeyPair.State, pem: KeyPairPem) -> KeyPair:
    """Not saved yet."""
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


def _refuse(wanted: Wanted) -> None:
    fields: dict[str, list[str]] = {}
    if wanted.years not in YEARS:
        fields["years"] = [_("From 1 to 10 years.")]
    if wanted.key_size not in KEY_SIZES:
        fields["key_size"] = [_("2048, 3072 or 4096 bits.")]
    if len(wanted.common_name.strip()) > 64:  # RFC 5280 appendix A, ub-common-name
        fields["common_name"] = [_("At most 64 characters.")]
    try:
        validate_text(wanted.common_name)
    except ValidationError as error:
        fields["common_name"] = error.messages
    if fields:
        raise SsoInvalid(fields)


def save_pair(key_pair: KeyPair, *, actor: Actor, uploaded: bool = False) -> None:
    key_pair.save(force_insert=True)
    record_certificate(
        key_pair,
        EventType.CERTIFICATE_CREATE,
        actor=actor,
        changes={"state": (None, key_pair.state)},
        details={"origin": "uploaded" if uploaded else "generated"},
    )


def record_certificate(
    pair: KeyPair,
    event_type: EventType,
    *,
    actor: Actor,
    changes: dict[str, tuple[Any, Any]],
    details: dict[str, Any] | None = None,
) -> None:
    record(
        event_type,
        actor=actor,
        target=Target("certificate", str(pair.pk), pair.fingerprint_sha256),
        application=Target.of("application", pair.application),
        changes=[{"field": field, "from": before, "to": after} for field, (before, after) in changes.items()],
        details={"not_after": pair.not_after.astimezone(dt.UTC).isoformat()} | (details or {}),
    )
    publish(Topic.APPLICATION_CHANGED, pair.application_id)
