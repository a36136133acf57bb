"""Signed checkpoints of the chain. The key is not in the database; the statements go into the server's log and a file as well.

What a checkpoint is good for: whoever can write to the database can compute every digest anew, but no signature. And whoever takes the
last checkpoints away together with the rows is found out by a copy that lies elsewhere.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.events.chain import hold_chain
from apps.events.models import EventCheckpoint, EventSeal
from apps.lib.durable_files import append_line
from apps.lib.signatures import is_signed, public_keys, sign
from apps.lib.transactions import retried
from apps.tenants.context import current_tenant_id

EVENTS = 1000  # after so many there is another one
log = structlog.get_logger(__name__)


def statement(checkpoint: EventCheckpoint) -> dict[str, Any]:
    """What is signed: every column but the signature."""
    return {
        "tenant": str(checkpoint.tenant_id),
        "id": str(checkpoint.id),
        "number": checkpoint.number,
        "sequence": checkpoint.sequence,
        "digest": checkpoint.digest,
        "count": checkpoint.count,
        "time": checkpoint.made_at.isoformat(),
        "previous": checkpoint.previous,
        "archive": checkpoint.archive,
        "key": checkpoint.key,
    }


def as_document(checkpoint: EventCheckpoint) -> dict[str, Any]:
    """As it is kept elsewhere: a line of JSON that can be checked without the database."""
    return statement(checkpoint) | {"signature": checkpoint.signature}


def is_genuine(document: dict[str, Any]) -> bool:
    """Whether the key that it names signed it."""
    told = {name: value for name, value in document.items() if name != "signature"}
    return is_signed(_message(told), key=str(document.get("key")), signature=str(document.get("signature")))


def digest_of_statement(document: dict[str, Any]) -> str:
    return hashlib.sha256(_message(document)).hexdigest()


def _message(document: dict[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


@retried
def make_checkpoint() -> EventCheckpoint | None:
    """Of all that is sealed; the last one where nothing was since, None of an empty log."""
    hold_chain()
    tip = EventSeal.objects.order_by("-sequence").first()
    last = last_in_chain()
    covered = last.sequence if last else 0
    if tip is None or (tip.sequence == covered and _signed_with_first_key()):
        return last
    return add_checkpoint(sequence=tip.sequence, digest=tip.digest, count=tip.sequence - covered)


def add_checkpoint(
    *, sequence: int, digest: str, count: int, archive: dict[str, Any] | None = None
) -> EventCheckpoint:
    """With the chain held (hold_chain)."""
    last = EventCheckpoint.objects.order_by("-number").first()
    made = EventCheckpoint(
        id=uuid4(),
        number=last.number + 1 if last else 1,
        sequence=sequence,
        digest=digest,
        count=count,
        made_at=timezone.now(),
        previous=digest_of_statement(as_document(last)) if last else "",
        archive=archive or {},
        key=public_keys()[0],
    )
    made.take_tenant()
    made.signature = sign(_message(statement(made)))
    made.save(force_insert=True)
    transaction.on_commit(lambda: _tell(as_document(made)))
    return made


def _tell(document: dict[str, Any]) -> None:
    log.info("event_checkpoint", **document)
    try:
        append_line(copies_of(UUID(document["tenant"])), _message(document))
    except OSError as error:  # the log has it, and so has the database
        log.warning("event_checkpoint_not_copied", error=str(error))


def copies_of(tenant_id: UUID) -> Path:
    """What this machine's workers signed, one line each: no rows, no names."""
    return Path(settings.EVENT_CHECKPOINTS) / f"{tenant_id}.jsonl"


def read_documents(path: Path) -> Iterator[dict[str, Any]]:
    """Lines that hold a statement, whatever else a log says around them. Raises OSError."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                document = json.loads(line)
            except (ValueError, RecursionError):  # none of ours is nested deeply
                continue
            if isinstance(document, dict) and document.keys() >= FIELDS:
                yield {name: document[name] for name in FIELDS}


FIELDS = {"tenant", "id", "number", "sequence", "digest", "count", "time", "previous", "archive", "key", "signature"}  # fmt: skip


def last_in_chain() -> EventCheckpoint | None:
    """The one that reaches furthest; archives are behind it."""
    last: EventCheckpoint | None = EventCheckpoint.objects.order_by("-sequence", "-number").first()
    return last


def _signed_with_first_key() -> bool:
    """After a rotation there is a new one, which vouches for those before: then the old key may go."""
    last = EventCheckpoint.objects.order_by("-number").first()
    return last is not None and last.key == public_keys()[0]


def is_due() -> bool:
    """A thousand events, or an hour with any, since the last."""
    tip = EventSeal.objects.order_by("-sequence").first()
    if tip is None:
        return False
    last = last_in_chain()
    if last is None or tip.sequence - last.sequence >= EVENTS:
        return True
    old = last.made_at < timezone.now() - timedelta(seconds=settings.EVENT_CHECKPOINT_SECONDS)
    return (old and tip.sequence > last.sequence) or not _signed_with_first_key()


def own(documents: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of the tenant in context."""
    tenant_id = str(current_tenant_id())
    return [document for document in documents if document["tenant"] == tenant_id]
