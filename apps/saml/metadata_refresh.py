"""Fetches a service provider's metadata again and decides what becomes of it.

Nothing new: only the times are kept. Harmless: taken over, with an event. Whatever says to whom assertions go or whose key is
believed: it waits for an administrator (metadata_policy.py). A failure is remembered and never stops a sign-in by itself.
"""

import asyncio
import datetime as dt
import enum
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.lib import http
from apps.saml import metadata_sources
from apps.saml.errors import MetadataRefused, SeveralServiceProviders, SsoError
from apps.saml.metadata_changes import rows_between
from apps.saml.metadata_fetch import Fetched, fetching
from apps.saml.metadata_import import Document, ServiceProvider, digest_of, read_document
from apps.saml.metadata_policy import news, waits
from apps.saml.metadata_validity import next_attempt, refuse_expired
from apps.saml.models import MetadataSource, MetadataUpload, SsoSettings
from apps.saml.pending_changes import change_waits
from apps.saml.recording import locked, save
from apps.saml.times import written
from apps.saml.validation import checked
from apps.tenants.context import every_tenant

BATCH = 32  # fetched side by side: a task lasts no longer than the slowest
LEASE = timedelta(minutes=5)
UPLOAD_LIFETIME = timedelta(hours=1)


class Outcome(enum.Enum):
    UNCHANGED = "unchanged"
    APPLIED = "applied"
    WAITING = "waiting"
    FAILED = "failed"


def due_tenant_ids() -> list[str]:
    """Across tenants, for the beat alone: with metadata to fetch, or with a file that nobody chose from."""
    now = timezone.now()
    due = MetadataSource.unscoped.filter(next_refresh_at__lte=now).order_by()
    left = MetadataUpload.unscoped.filter(created_at__lt=now - UPLOAD_LIFETIME).order_by()
    with every_tenant():
        found = {row for rows in (due, left) for row in rows.values_list("tenant_id", flat=True).distinct()}
    return sorted(map(str, found))


def remove_old_uploads() -> None:
    """Of the tenant in context."""
    MetadataUpload.objects.filter(created_at__lt=timezone.now() - UPLOAD_LIFETIME).delete()


def refresh_due() -> None:
    """Up to 32 of the tenant in context. What is wrong with one, even by a mistake of ours, stops none of the others."""
    mistakes: list[Exception] = []
    for source, answer in fetched(_claim()):
        try:
            take_in(source, answer, actor=Actor.system())
        except Exception as mistake:  # noqa: BLE001 - raised below, when the others have had their turn
            mistakes.append(mistake)
    if mistakes:
        raise ExceptionGroup("Metadata could not be refreshed.", mistakes)


def _claim() -> list[MetadataSource]:
    """Leased for five minutes by their next time: another worker leaves them alone, and a dead one's come back."""
    now = timezone.now()
    due = MetadataSource.objects.filter(next_refresh_at__lte=now).order_by("next_refresh_at")
    mine = []
    for source in due.select_related("application")[:BATCH]:
        unclaimed = MetadataSource.objects.filter(pk=source.pk, next_refresh_at=source.next_refresh_at)
        if unclaimed.update(next_refresh_at=now + LEASE):
            mine.append(source)
    return mine


def fetched(
    sources: Iterable[MetadataSource],
) -> list[tuple[MetadataSource, Fetched | MetadataRefused]]:
    """All at once, outside any transaction."""

    async def one(source: MetadataSource) -> Fetched | MetadataRefused:
        try:
            return await fetching(source.url, etag=source.etag)
        except MetadataRefused as refused:
            return refused

    async def together(rows: list[MetadataSource]) -> list[Fetched | MetadataRefused]:
        return await asyncio.gather(*map(one, rows))

    rows = list(sources)
    return list(zip(rows, http.run(together(rows)), strict=True)) if rows else []


def take_in(source: MetadataSource, answer: Fetched | MetadataRefused, *, actor: Actor) -> Outcome:
    """`source` as it was when it was fetched. An import that came meanwhile wins: this answer is then of no interest."""
    now = timezone.now()
    try:
        document = _read(source, answer, now)
    except MetadataRefused as refused:
        return _failed(source, refused, actor=actor, now=now)
    try:
        with transaction.atomic():
            settings = locked(SsoSettings.objects.get(application=source.application_id))
            current = metadata_sources.locked_source(settings.application)
            if current is None or _overtaken(source, current):
                return Outcome.UNCHANGED
            current.etag = answer.etag if isinstance(answer, Fetched) else ""
            return _decide(settings, current, document, actor=actor, now=now)
    except SsoError as refused:  # what the file says is refused by the settings' own checks
        return _failed(source, refused, actor=actor, now=now)


def _read(source: MetadataSource, answer: Fetched | MetadataRefused, now: dt.datetime) -> Document | None:
    """None: the same file as before, whose end may have come all the same. Raises MetadataRefused."""
    if isinstance(answer, MetadataRefused):
        raise answer
    waiting = source.pending.get("digest")
    if answer.xml is None or digest_of(answer.xml) == (waiting or source.digest):
        refuse_expired(
            metadata_sources.pending_validity(source) if waiting else metadata_sources.validity_kept(source),
            now,
        )
        return None
    signed_by = source.signing_certificate
    try:
        return read_document(answer.xml, now=now, entity_id=source.entity_id, signed_by=signed_by)
    except SeveralServiceProviders:
        raise
    except MetadataRefused as refused:
        if list(refused.fields) != ["entity_id"]:
            raise
        # It no longer has the entity ID that it had: where it describes just one, that is the change to look at.
        return read_document(answer.xml, now=now, signed_by=signed_by)


def _overtaken(source: MetadataSource, current: MetadataSource) -> bool:
    return (source.url, source.taken_over_at, source.signing_certificate) != (
        current.url,
        current.taken_over_at,
        current.signing_certificate,
    )


def _decide(
    settings: SsoSettings,
    source: MetadataSource,
    document: Document | None,
    *,
    actor: Actor,
    now: dt.datetime,
) -> Outcome:
    if document is None:
        metadata_sources.answered(source, metadata_sources.validity_kept(source), now=now)
        source.save()
        return Outcome.WAITING if source.pending else Outcome.UNCHANGED
    seen = ServiceProvider.from_json(source.seen)
    fields = checked(settings, news(settings, seen, document.provider))
    if waits(settings, fields):
        change_waits(settings, source, document, fields, actor=actor, now=now)
        return Outcome.WAITING
    return _apply(settings, source, document, fields, actor=actor, now=now)


def _apply(
    settings: SsoSettings,
    source: MetadataSource,
    document: Document,
    fields: dict[str, Any],
    *,
    actor: Actor,
    now: dt.datetime,
) -> Outcome:
    """The harmless: also what only moves the end of the file, and what takes back a change that was waiting."""
    changes = _other_changes(source, document)
    if fields:
        rows = rows_between(settings, fields)
        details = {"metadata": source.entity_id, "url": source.url}
        save(settings, fields, actor=actor, details=details, event_type=EventType.METADATA_REFRESH)
        metadata_sources.took_over(source, document.provider.as_json(), rows, now=now)
    else:
        if changes:
            _tell(source, actor=actor, changes=changes)
        source.seen = document.provider.as_json()
        metadata_sources.no_longer_pending(source)
    metadata_sources.follow(settings, source, document, now=now)
    return Outcome.APPLIED if fields or changes else Outcome.UNCHANGED


def _other_changes(source: MetadataSource, document: Document) -> list[dict[str, Any]]:
    """What stands beside the settings, as an event has it."""
    before = {"valid_until": source.valid_until, "name": source.name, "waiting_change": bool(source.pending)}
    after = {"valid_until": document.validity.until, "name": document.name, "waiting_change": False}
    return [
        {"field": field, "from": _plain(before[field]), "to": _plain(value)}
        for field, value in after.items()
        if before[field] != value
    ]


def _plain(value: object) -> object:
    return written(value) if isinstance(value, dt.datetime) else value


@transaction.atomic
def _failed(source: MetadataSource, refused: SsoError, *, actor: Actor, now: dt.datetime) -> Outcome:
    """The first of a row is an event; the next are only counted."""
    current = metadata_sources.locked_source(source.application)
    if current is None or _overtaken(source, current):
        return Outcome.UNCHANGED
    current.failures += 1
    current.failed_at = now
    current.error = " ".join(text for texts in refused.fields.values() for text in texts)
    current.next_refresh_at = next_attempt(current.failures, now)
    current.save()
    if current.failures == 1:
        _tell(current, actor=actor, error=current.error)
    return Outcome.FAILED


def _tell(
    source: MetadataSource, *, actor: Actor, changes: list[dict[str, Any]] | None = None, error: str = ""
) -> None:
    target = Target.of("application", source.application)
    record(
        EventType.METADATA_REFRESH,
        actor=actor,
        target=target,
        application=target,
        success=not error,
        error_message=error,
        changes=changes,
        details={"metadata": source.entity_id, "url": source.url},
    )
