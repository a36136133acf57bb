"""Whether the log is what was written: every digest, every signed checkpoint, the end, and what copies elsewhere say of it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.events.chain import GENESIS, LATE, archived_tip, digest_of, seal_id, sealed_document
from apps.events.checkpoints import as_document, digest_of_statement, is_genuine, own
from apps.events.models import Event, EventCheckpoint, EventSeal
from apps.lib.signatures import public_keys


@dataclass(frozen=True, slots=True)
class Fault:
    """`sequence` is the first place that is not as it was; its event where there is one to name."""

    sequence: int
    words: str
    event_id: UUID | None = None
    created_at: datetime | None = None

    def __str__(self) -> str:
        event = f", event {self.event_id} of {self.created_at:%Y-%m-%d %H:%M:%S}" if self.event_id else ""
        return f"{self.sequence}{event}: {self.words}"


@dataclass(frozen=True, slots=True)
class Verification:
    """`archived` is the sequence up to which rows may be in archives alone; faults come in the order of the chain."""

    sealed: int
    unsealed: int
    checkpoints: int
    archived: int
    faults: list[Fault]


@dataclass(slots=True)
class Marks:
    """What is signed: sequence → digest, and when that was."""

    digests: dict[int, str]
    times: dict[int, datetime]
    archived: tuple[int, str] = (0, GENESIS)

    def add(self, document: dict[str, Any]) -> None:
        sequence = int(document["sequence"])
        self.digests[sequence] = document["digest"]
        self.times[sequence] = datetime.fromisoformat(document["time"])


def verify(elsewhere: Iterable[dict[str, Any]] = ()) -> Verification:
    """Of the tenant in context. `elsewhere` are statements kept outside the database (checkpoints.read_documents), of any tenant.

    What was written since the last sealing is counted, not verified; what is older than the last checkpoint has to be sealed.
    """
    copies = own(elsewhere)
    while True:
        tip = archived_tip()
        result = _verified(copies)
        # What was archived after its statements were read looks like removed.
        if not result.faults or archived_tip() == tip:
            return result


def _verified(copies: Sequence[dict[str, Any]]) -> Verification:
    here, marks, right = _here(), Marks({}, {}), list[dict[str, Any]]()
    faults = [*_of_checkpoints(here, right)]
    _believe(right, marks)
    faults += _of_copies(here, copies, marks)
    faults += [*_of_chain(marks), *_never_sealed(marks)]
    return Verification(
        sealed=EventSeal.objects.count(),
        unsealed=Event.objects.filter(seal=None).count(),
        checkpoints=len(here),
        archived=marks.archived[0],
        faults=sorted(faults, key=lambda fault: fault.sequence),
    )


def believed() -> list[dict[str, Any]]:
    """The checkpoints of the tenant in context, if the last is signed with a known key and vouches for all before; else none."""
    right: list[dict[str, Any]] = []
    return [] if any(_of_checkpoints(_here(), right)) else right


def _here() -> list[dict[str, Any]]:
    return [as_document(each) for each in EventCheckpoint.objects.order_by("number")]


def _of_checkpoints(here: Sequence[dict[str, Any]], right: list[dict[str, Any]]) -> Iterator[Fault]:
    """From the newest on, which has to be signed with a key that is known; each holds the digest of the one before. `right` gets the others."""
    keys, vouched, number = public_keys(), "", len(here)
    for document in reversed(here):
        name = f"checkpoint {document['number']} of {document['time']}"
        if document["number"] != number:
            yield Fault(document["sequence"] + 1, f"{name} is not number {number}: one is missing or added.")
            number = document["number"]
        if not is_genuine(document):
            yield Fault(document["sequence"], f"{name} is not what was signed.")
        elif vouched and digest_of_statement(document) != vouched:
            yield Fault(document["sequence"], f"{name} is not the one that the next one follows.")
        elif not vouched and document["key"] not in keys:
            yield Fault(document["sequence"], f"{name} is signed with a key that is not this installation's.")
        else:
            right.append(document)
        vouched, number = document["previous"], number - 1
    if vouched:
        yield Fault(0, "the first checkpoint is missing.")


def _believe(documents: Iterable[dict[str, Any]], marks: Marks) -> None:
    for document in documents:
        marks.add(document)
        if document["archive"]:
            marks.archived = max(marks.archived, (document["sequence"], document["digest"]))


def _of_copies(
    here: Sequence[dict[str, Any]], elsewhere: Sequence[dict[str, Any]], marks: Marks
) -> Iterator[Fault]:
    """Each has to be among those here, as it is; whatever is not signed by a known key proves nothing."""
    known, keys = {document["id"]: document for document in here}, public_keys()
    for document in elsewhere:
        found = known.get(str(document["id"]))
        name = f"checkpoint {document['number']} of {document['time']}"
        if not is_genuine(document) or (found is None and document["key"] not in keys):
            place = document["sequence"]  # which may be anything
            yield Fault(
                place if isinstance(place, int) else 0,
                f"the copy of {name} is not signed by this installation.",
            )
        elif found is None:
            marks.add(document)
            yield Fault(int(document["sequence"]), f"{name}, of which there is a copy, is missing.")
        elif found != document:
            marks.add(document)
            yield Fault(int(document["sequence"]), f"{name} is not what its copy says.")


def _of_chain(marks: Marks) -> Iterator[Fault]:
    start, digest = marks.archived
    expected, before, good = start + 1, digest, start
    passed: datetime | None = None
    seals = EventSeal.objects.filter(sequence__gt=start).order_by("sequence").select_related("event")
    for seal in seals.iterator(chunk_size=1000):
        if seal.sequence != expected:
            yield Fault(expected, f"{expected} to {seal.sequence - 1} are missing.")
        elif words := _wrong(seal, before):
            yield _about(seal, words)
        elif passed is not None and seal.event.created_at < passed - LATE:
            yield _about(seal, f"was added after {passed:%Y-%m-%d %H:%M}, and says that it is older.")
        if seal.sequence in marks.digests:
            if marks.digests[seal.sequence] != seal.digest:
                words = f"{good + 1} to {seal.sequence} were written anew: a checkpoint says something else."
                yield Fault(good + 1, words, *_named(good + 1))
            good, passed = seal.sequence, marks.times[seal.sequence]
        expected, before = seal.sequence + 1, seal.digest
    if (end := max(marks.digests, default=0)) >= expected:
        yield Fault(expected, f"{expected} to {end} are missing: a checkpoint says that they were there.")


def _wrong(seal: EventSeal, before: str) -> str:
    document = sealed_document(seal)
    if digest_of(document, before) == seal.digest:
        return ""
    unlike = seal.id != seal_id(seal.digest)
    return "it or its seal was changed." if unlike else "it was changed."


def _never_sealed(marks: Marks) -> Iterator[Fault]:
    if not marks.times:
        return
    end = max(marks.times)
    older = Event.objects.filter(seal=None, created_at__lt=marks.times[end] - LATE).order_by(
        "created_at", "id"
    )
    for event in older.iterator(chunk_size=1000):
        words = "it has no seal, and says that it is older than the last checkpoint."
        yield Fault(end + 1, words, event.id, event.created_at)


def _about(seal: EventSeal, words: str) -> Fault:
    return Fault(seal.sequence, words, seal.event_id, seal.event.created_at)


def _named(sequence: int) -> tuple[UUID | None, datetime | None]:
    seal = EventSeal.objects.filter(sequence=sequence).select_related("event").first()
    return (seal.event_id, seal.event.created_at) if seal else (None, None)
