"""
Old events leave the database by whole segments: from the end of the last archive to a checkpoint that is older than the organisation keeps.

In this order, so that death at any point loses nothing and is made good by the next run: the file, on the disk under its name; then, in one
transaction, the signed statement that it holds these rows; then the rows, a thousand at a time, through the one door there is
(apps/tenants/append_only.py). The chain goes on from the statement.
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db.models import Max, Min
from django.utils import timezone

from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.archiving import files, followers
from apps.events.chain import archived_tip, hold_chain
from apps.events.checkpoints import add_checkpoint, as_document, is_genuine
from apps.events.models import Event, EventCheckpoint, EventRetention, EventSeal
from apps.events.types import EventType
from apps.events.verification import believed
from apps.lib.signatures import public_keys
from apps.lib.transactions import retried
from apps.tenants.append_only import removing
from apps.tenants.context import current_tenant_id, every_tenant

SEGMENT = 100_000  # events in one file, or as many as lie between two checkpoints
CHUNK = 1000  # rows that go in one transaction
MONTH = timedelta(days=31)


def tenants_that_archive() -> list[str]:
    """Across tenants, for the beat alone."""
    with every_tenant():
        return [str(row) for row in EventRetention.unscoped.values_list("tenant_id", flat=True)]


def archive_one() -> bool:
    """One segment of the tenant in context; False when there is none old enough. What an earlier run left undone comes first."""
    remove_archived()
    tip = archived_tip()
    end = _next_end(tip)
    if end is None:
        return False
    try:
        state(*written(tip, end))
    except ArchiveUnsound:
        if archived_tip() == tip:
            raise
        # Another worker was faster, and the rows went meanwhile: its file has them.
    remove_archived()
    return True


def _next_end(tip: EventCheckpoint | None) -> EventCheckpoint | None:
    """Every event up to a checkpoint was there when it was made: the age of the checkpoint is enough to know."""
    kept = EventRetention.objects.first()
    if kept is None:
        return None
    old = EventCheckpoint.objects.filter(
        sequence__gt=tip.sequence if tip else 0, made_at__lt=timezone.now() - kept.months * MONTH
    ).order_by("sequence", "number")
    first: EventCheckpoint | None = old.first()
    if first is None:
        return None
    fitting = old.filter(sequence__lte=(tip.sequence if tip else 0) + SEGMENT)
    return fitting.last() or first


def written(tip: EventCheckpoint | None, end: EventCheckpoint) -> tuple[EventCheckpoint, dict[str, Any]]:
    """The file of a segment, and what the statement will say about it. Judged before it has its name: there may be a whole one already."""
    begins = tip.sequence if tip else 0
    start = EventCheckpoint.objects.filter(sequence=begins, archive={}).order_by("number").first()
    seals = EventSeal.objects.filter(sequence__gt=begins, sequence__lte=end.sequence)
    seals = seals.order_by("sequence").select_related("event")
    # The last of the chain need not be the latest: a long transaction's lines come in behind others.
    times = seals.aggregate(first=Min("event__created_at"), last=Max("event__created_at"))
    keys = _keys_of_before(start, end)

    def judge(file: Path) -> None:
        count, faults = files.verify_archive(file, keys)
        if faults or count != end.sequence - begins:
            raise ArchiveUnsound(
                faults[0] if faults else f"{count} of {end.sequence - begins} events are there."
            )

    path = files.write_archive(
        seals.iterator(chunk_size=CHUNK),
        start=as_document(start) if start else {},
        end=as_document(end),
        judge=judge,
    )
    about = {
        "first": begins + 1,
        "from": times["first"].isoformat(),
        "to": times["last"].isoformat(),
        "sha256": files.sha256_of(path),
    }
    return end, about


def _keys_of_before(*checkpoints: EventCheckpoint | None) -> list[str]:
    """That signed these and are gone since (docs/security.md). Only then are all checkpoints read, to see whether a later one vouches."""
    known = public_keys()
    strange = [each for each in checkpoints if each is not None and each.key not in known]
    vouched = {document["id"] for document in believed()} if strange else set()
    return [each.key for each in strange if str(each.pk) in vouched]


class ArchiveUnsound(Exception):
    """What was written does not verify: the log is not what it was. Nothing is removed; verifyevents says more."""


@retried
def state(end: EventCheckpoint, about: dict[str, Any]) -> None:
    hold_chain()
    tip = archived_tip()
    if tip is not None and tip.sequence >= end.sequence:
        return  # another worker was faster, with the same file
    count = end.sequence - about["first"] + 1
    missed = followers.tell(end.sequence, datetime.fromisoformat(about["to"]))
    made = add_checkpoint(sequence=end.sequence, digest=end.digest, count=count, archive=about)
    name = files.name_of(about["first"], end.sequence)
    record(
        EventType.EVENT_ARCHIVE,
        actor=Actor.system(),
        target=Target("archive", str(made.pk), name),
        details={"events": count, "from": about["from"], "to": about["to"], "sha256": about["sha256"]}
        | ({"not_sent": missed} if missed else {}),
    )


def remove_archived() -> None:
    """Rows of which a signed statement says that a file has them, the oldest first. Raises ArchiveUnsound for a statement that nobody signed:
    whoever has the database can insert one, and would have us remove what no file holds.
    """
    tip = archived_tip()
    if tip is None:
        return
    if not is_genuine(as_document(tip)):
        raise ArchiveUnsound(
            f"The statement that all up to {tip.sequence} is archived is not what was signed."
        )
    if tip.key not in {*public_keys(), *_keys_of_before(tip)}:
        raise ArchiveUnsound(
            f"The statement that all up to {tip.sequence} is archived is signed with a key that is not known here."
        )
    gone = EventSeal.objects.filter(sequence__lte=tip.sequence).order_by("sequence")
    while ids := list(gone.values_list("event_id", flat=True)[:CHUNK]):
        with removing(current_tenant_id()):
            Event.objects.filter(pk__in=ids).let_go()
