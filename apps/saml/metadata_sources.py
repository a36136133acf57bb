"""What is remembered of a service provider's metadata. Called inside the transaction that has locked its settings."""

import datetime as dt
from typing import Any

from apps.applications.models import Application
from apps.saml.metadata_changes import Row
from apps.saml.metadata_import import Document
from apps.saml.metadata_validity import Validity, next_refresh, warn_from
from apps.saml.models import MetadataSource, SsoSettings
from apps.saml.times import read_time, written


def source_of(application: Application) -> MetadataSource | None:
    """None: the fields were entered by hand."""
    found: MetadataSource | None = MetadataSource.objects.filter(application=application).first()
    return found


def locked_source(application: Application) -> MetadataSource | None:
    rows = MetadataSource.objects.select_for_update(of=("self",))
    found: MetadataSource | None = rows.filter(application=application).first()
    return found


def keep(
    settings: SsoSettings,
    document: Document,
    rows: list[Row],
    *,
    now: dt.datetime,
    url: str,
    etag: str,
    signed_by: str,
) -> MetadataSource:
    """After an import: it replaces whatever was known before, and what waited."""
    source = locked_source(settings.application) or MetadataSource(application=settings.application)
    source.url, source.etag, source.signing_certificate = url, etag, signed_by
    took_over(source, document.provider.as_json(), rows, now=now)
    follow(settings, source, document, now=now)
    return source


def took_over(source: MetadataSource, seen: dict[str, Any], rows: list[Row], *, now: dt.datetime) -> None:
    """Nothing waits any more. Not saved yet."""
    source.seen, source.taken_over_at = seen, now
    source.changes = [row.as_json() for row in rows]
    no_longer_pending(source)


def no_longer_pending(source: MetadataSource) -> None:
    source.pending, source.pending_since = {}, None


def follow(settings: SsoSettings, source: MetadataSource, document: Document, *, now: dt.datetime) -> None:
    """The file's digest, name and validity count from here on. Saves both rows."""
    source.digest, source.name = document.digest, document.name
    answered(source, document.validity, now=now)
    keep_validity(settings, source, document.validity, now=now)
    source.save()


def answered(source: MetadataSource, validity: Validity, *, now: dt.datetime) -> None:
    """A good answer of the address; of a file there is none. Not saved yet."""
    source.failures, source.failed_at, source.error = 0, None, ""
    source.fetched_at = now if source.url else None
    source.next_refresh_at = next_refresh(validity, now) if source.url else None


def keep_validity(
    settings: SsoSettings, source: MetadataSource, validity: Validity, *, now: dt.datetime
) -> None:
    """The settings know the end only of what is refreshed: a file that nobody can refresh does not stop people."""
    if source.valid_until != validity.until:
        source.warn_from = warn_from(validity.until, now) if validity.until is not None else None
    source.valid_until, source.cache_seconds = validity.until, validity.cache_seconds
    expires_at = validity.until if source.url else None
    if settings.metadata_expires_at != expires_at:
        settings.metadata_expires_at = expires_at
        settings.save(update_fields=["metadata_expires_at", "updated_at"])


def validity_kept(source: MetadataSource) -> Validity:
    return Validity(source.valid_until, source.cache_seconds)


# --- what waits


def pending_of(document: Document) -> dict[str, Any]:
    until = document.validity.until
    return {
        "seen": document.provider.as_json(),
        "digest": document.digest,
        "name": document.name,
        "valid_until": written(until) if until else "",
        "cache_seconds": document.validity.cache_seconds,
    }


def pending_validity(source: MetadataSource) -> Validity:
    return Validity(read_time(source.pending["valid_until"]), source.pending["cache_seconds"])
