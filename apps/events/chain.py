"""The hash chain: each event sealed, in the order of `sequence`, by a digest over itself and the digest before it (docs/security.md)."""

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Exists, OuterRef
from django.utils import timezone

from apps.events.models import Event, EventCheckpoint, EventSeal
from apps.lib.transactions import retried
from apps.tenants.bulk import insert_rows
from apps.tenants.context import current_tenant_id, every_tenant
from apps.tenants.models import Tenant

_JSON = DjangoJSONEncoder(sort_keys=True, separators=(",", ":"))
GENESIS = "0" * 64
BATCH = 1000  # sealed in one transaction
# Longer than any transaction: what is written in one becomes visible no later than this. Every look for more goes through the whole log.
LATE = timedelta(hours=1)
FIRST_FIELDS = ["id", "tenant_id", "type", "created_at", "success", "actor_kind", "actor_id", "actor_name", "target_kind", "target_id",
                "target_name", "application_id", "application_name", "client_ip", "user_agent", "error_message", "message_chain",
                "changes", "details"]  # fmt: skip
# Columns that came later are part of it where they say something: what was sealed before there were any keeps its digest.
LATER_FIELDS = [
    field.attname
    for field in Event._meta.concrete_fields  # noqa: SLF001 - Django's documented Meta API
    if field.attname not in FIRST_FIELDS
    and not field.generated  # what the database reads from others says nothing of its own
]


def document_of(event: Event) -> dict[str, Any]:
    """Every column, with times to the microsecond, as JSON has it: what is sealed, and what archives hold."""
    document: dict[str, Any] = json.loads(_JSON.encode(_line(vars(event))))
    return document


def _line(columns: Mapping[str, Any]) -> dict[str, Any]:
    line = {field: columns[field] for field in FIRST_FIELDS}
    line |= {field: value for field in LATER_FIELDS if (value := columns[field]) not in ("", None)}
    line["created_at"] = columns["created_at"].isoformat()
    return line


def digest_of(document: dict[str, Any], before: str) -> str:
    """Of a document, or of the line that it is made from: they are written alike."""
    return hashlib.sha256(f"{before}\n{_JSON.encode(document)}".encode()).hexdigest()


def sealed_document(seal: EventSeal) -> dict[str, Any]:
    """Seals that were made before their key was part of the digest (seal_id) knew times to the millisecond, as Django writes them."""
    document = document_of(seal.event)
    if seal.id != seal_id(seal.digest):
        document["created_at"] = json.loads(json.dumps(seal.event.created_at, cls=DjangoJSONEncoder))
    return document


def seal_id(digest: str) -> UUID:
    """A seal's key says nothing of its own, so that it cannot be changed unseen either."""
    return UUID(hex=digest[:32])


@retried
def seal(limit: int = BATCH, *, within: timedelta | None = None) -> int:
    """Seals up to `limit` events of the tenant in context and returns how many. Of the whole log, which it goes through, or of what
    happened within a time up to now. Writers never wait for it: only another sealer does.
    """
    hold_chain()
    last = EventSeal.objects.order_by("-sequence").first() or archived_tip()
    sequence, digest = (last.sequence, last.digest) if last else (0, GENESIS)
    seals: list[dict[str, Any]] = []
    waiting = Event.objects.filter(seal=None)
    if within is not None:
        waiting = waiting.filter(created_at__gte=timezone.now() - within)
    for event in waiting.order_by("created_at", "id").values(*FIRST_FIELDS, *LATER_FIELDS)[:limit]:
        sequence += 1
        digest = digest_of(_line(event), digest)
        seals.append({"id": seal_id(digest), "event_id": event["id"], "sequence": sequence, "digest": digest})
    insert_rows(EventSeal, seals)
    return len(seals)


def seal_all_of_them() -> None:
    while seal() == BATCH:
        continue


def hold_chain() -> None:
    """To the end of the transaction nobody else lengthens this tenant's chain or signs for it. Rows that name the tenant are not held."""
    Tenant.objects.select_for_update(no_key=True).filter(pk=current_tenant_id()).values_list("pk").first()


def archived_tip() -> Any:
    """Where the chain begins once segments are archived: the statement about the last of them, or None."""
    return EventCheckpoint.objects.exclude(archive={}).order_by("-sequence").first()


def unsealed_tenant_ids() -> list[str]:
    """Across tenants, for the sealer alone: whose events of the last hour are not all sealed."""
    waiting = Event.unscoped.filter(
        tenant=OuterRef("pk"), created_at__gte=timezone.now() - LATE, seal=None
    ).order_by()
    with every_tenant():
        return [str(pk) for pk in Tenant.objects.filter(Exists(waiting)).values_list("pk", flat=True)]
