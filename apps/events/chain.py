"""The hash chain: sealing what is new, and verifying that nothing sealed was changed, removed or slipped in between."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import F

from apps.events.models import Event, EventSeal
from apps.lib.transactions import retried
from apps.tenants.context import every_tenant

GENESIS = "0" * 64
SEALED_FIELDS = [field.attname for field in Event._meta.concrete_fields]  # noqa: SLF001 - Django's documented Meta API


@dataclass(frozen=True, slots=True)
class Verification:
    sealed: int
    unsealed: int
    faults: list[str]


def digest_of(event: Event, before: str) -> str:
    line = {field: getattr(event, field) for field in SEALED_FIELDS}
    text = json.dumps(line, cls=DjangoJSONEncoder, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{before}\n{text}".encode()).hexdigest()


@retried
def seal(limit: int = 1000) -> int:
    """Seals up to `limit` events of the tenant in context; the unique sequence lets one of two concurrent sealers win."""
    last = EventSeal.objects.order_by("-sequence").first()
    sequence, digest = (last.sequence, last.digest) if last else (0, GENESIS)
    seals = []
    for event in Event.objects.filter(seal=None).order_by("created_at", "id")[:limit]:
        sequence += 1
        digest = digest_of(event, digest)
        seals.append(EventSeal(event=event, sequence=sequence, digest=digest))
    EventSeal.objects.bulk_create(seals)
    return len(seals)


def _faults() -> Iterator[str]:
    expected, digest = 1, GENESIS
    for link in EventSeal.objects.order_by("sequence").select_related("event").iterator(chunk_size=1000):
        if link.sequence != expected:
            yield f"Between {expected} and {link.sequence - 1}: missing."
        digest_now = digest_of(link.event, digest)
        if digest_now != link.digest:
            yield f"{link.sequence}: event {link.event_id} of {link.event.created_at:%Y-%m-%d %H:%M:%S} was changed."
        expected, digest = link.sequence + 1, link.digest


def verify() -> Verification:
    """Walks the whole chain of the tenant in context. Events younger than the last sealing are counted, not verified."""
    return Verification(
        sealed=EventSeal.objects.count(),
        unsealed=Event.objects.filter(seal=None).count(),
        faults=list(_faults()),
    )


def unsealed_tenant_ids() -> list[str]:
    """Across tenants, for the sealer alone."""
    rows = Event.unscoped.filter(seal=None).order_by().values_list(F("tenant_id"), flat=True).distinct()
    with every_tenant():
        return [str(row) for row in rows]
