"""
A closed segment of the log as a file: gzip of JSON lines that proves itself.

The first line says where it begins: {"tenant", "first", "start"}, the signed checkpoint before, if any. Then one line for each event, {"sequence", "digest",
"event"}. The last is the signed checkpoint with which it ends (checkpoints.as_document).
"""

import gzip
import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from django.conf import settings

from apps.events.chain import GENESIS, digest_of, sealed_document
from apps.events.checkpoints import FIELDS, is_genuine
from apps.events.models import EventCheckpoint, EventSeal
from apps.lib.durable_files import write_whole
from apps.lib.signatures import public_keys
from apps.tenants.context import current_tenant_id

# What reading a file meets that is none of ours, or no longer; RecursionError is JSON that is nested too deeply.
DAMAGED = (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, RecursionError, zlib.error)


def name_of(first: int, last: int) -> str:
    return f"{first:012d}-{last:012d}.jsonl.gz"


def folder_of(tenant_id: UUID) -> Path:
    return Path(settings.EVENT_ARCHIVES) / str(tenant_id)


def path_of(archived: EventCheckpoint) -> Path:
    """Of a statement that has an archive."""
    return folder_of(archived.tenant_id) / name_of(archived.archive["first"], archived.sequence)


def write_archive(
    seals: Iterable[EventSeal],
    *,
    start: dict[str, Any],
    end: dict[str, Any],
    judge: Callable[[Path], None] | None = None,
) -> Path:
    """Durably, and the same bytes whenever it is written again. `start` is empty at the beginning of the log. Raises OSError, and what
    `judge` raises, who sees the file before it replaces what is there.
    """
    first = start.get("sequence", 0) + 1
    path = folder_of(current_tenant_id()) / name_of(first, end["sequence"])

    def write(file: BinaryIO) -> None:
        with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:
            packed.write(_line({"tenant": str(current_tenant_id()), "first": first, "start": start}))
            for seal in seals:
                document = sealed_document(seal)
                packed.write(_line({"sequence": seal.sequence, "digest": seal.digest, "event": document}))
            packed.write(_line(end))

    write_whole(path, write, judge=judge)
    return path


def _line(document: dict[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True).encode() + b"\n"


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify_archive(path: Path, keys: Sequence[str] = ()) -> tuple[int, list[str]]:
    """(How many events, what is wrong with it). `keys` are public keys of before. Raises OSError for a file that cannot be opened."""
    with path.open("rb"):
        pass
    count = 0
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for count, words in _followed(lines, {*public_keys(), *keys}):
                if words:
                    return count, [words]
    except DAMAGED as error:
        return count, [f"after {count} events: not a whole archive ({type(error).__name__})."]
    return count, []


def _followed(lines: Iterable[str], keys: set[str]) -> Iterator[tuple[int, str]]:
    """After each line the number of events so far, and what is wrong."""
    documents = (json.loads(line) for line in lines)
    head = next(documents, None)
    if head is None:
        raise ValueError
    if words := _wrong_start(head, keys):
        yield 0, words
    sequence, digest, count, end = head["first"] - 1, head["start"].get("digest", GENESIS), 0, None
    for document in documents:
        if end is not None:
            yield count, f"{sequence + 1}: there is something after the checkpoint."
        elif "event" in document:
            sequence, count = sequence + 1, count + 1
            now = digest_of(document["event"], digest)
            wrong = document["sequence"] != sequence or now != document["digest"]
            event = document["event"]
            yield (
                count,
                f"{sequence}, event {event['id']} of {event['created_at']}: changed, or one is missing."
                if wrong
                else "",
            )
            digest = now
        else:
            end = document
    yield count, _wrong_end(end, head, sequence, digest, keys)


def _wrong_start(head: dict[str, Any], keys: set[str]) -> str:
    start = head["start"]
    if not start:
        return "" if head["first"] == 1 else f"{head['first']}: the checkpoint before it is missing."
    genuine = is_genuine(start) and start["key"] in keys
    same = (start["tenant"], start["sequence"]) == (head["tenant"], head["first"] - 1)
    return "" if genuine and same else f"{head['first']}: the checkpoint before it is not what was signed."


def _wrong_end(
    end: dict[str, Any] | None, head: dict[str, Any], sequence: int, digest: str, keys: set[str]
) -> str:
    if end is None or not end.keys() >= FIELDS:
        return f"{sequence + 1}: the file ends before its checkpoint."
    if not is_genuine(end):
        return f"{sequence}: its checkpoint is not what was signed."
    if end["key"] not in keys:
        return f"{sequence}: its checkpoint is signed with a key that is not known here: {end['key']}."
    if (end["tenant"], end["sequence"], end["digest"]) != (head["tenant"], sequence, digest):
        return f"{sequence}: its checkpoint says something else."
    return ""
