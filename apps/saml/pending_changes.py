"""A change that a refresh found and that waits for an administrator: stored, shown, accepted exactly as shown, or rejected."""

import datetime as dt
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.saml import metadata_sources
from apps.saml.errors import SsoInvalid
from apps.saml.metadata_changes import Row, digest_of_change, rows_between
from apps.saml.metadata_import import Document, ServiceProvider
from apps.saml.metadata_policy import news
from apps.saml.models import MetadataSource, SsoSettings
from apps.saml.validation import checked


@dataclass(frozen=True, slots=True)
class PendingChange:
    """`fields` are columns of SsoSettings; `digest` is of their values before and after."""

    fields: dict[str, Any]
    rows: list[Row]
    digest: str
    since: dt.datetime


def pending_change(settings: SsoSettings, source: MetadataSource | None) -> PendingChange | None:
    """None also where somebody has meanwhile entered by hand all that it would change."""
    if source is None or not source.pending or source.pending_since is None:
        return None
    seen = ServiceProvider.from_json(source.seen)
    fields = news(settings, seen, ServiceProvider.from_json(source.pending["seen"]))
    if not fields:
        return None
    with suppress(SsoInvalid):  # told when it is accepted
        fields = checked(settings, fields)  # and what follows from it
    rows = rows_between(settings, fields)
    return PendingChange(fields, rows, digest_of_change(settings, fields), source.pending_since)


def change_waits(
    settings: SsoSettings,
    source: MetadataSource,
    document: Document,
    fields: dict[str, Any],
    *,
    actor: Actor,
    now: dt.datetime,
) -> None:
    """It replaces the one that waited; the same again, in a file made anew, is no news."""
    pending = metadata_sources.pending_of(document)
    if pending["seen"] != source.pending.get("seen"):
        source.pending_since = now
        target = Target.of("application", settings.application)
        rows = [row.as_json() for row in rows_between(settings, fields)]
        record(
            EventType.METADATA_CHANGE_WAITS,
            actor=actor,
            target=target,
            application=target,
            changes=[{"field": row["field"], "from": row["now"], "to": row["proposed"]} for row in rows],
            details={"metadata": source.entity_id, "url": source.url},
        )
    source.pending = pending
    metadata_sources.answered(source, document.validity, now=now)
    source.save()


def decided(settings: SsoSettings, source: MetadataSource, rows: list[Row], *, now: dt.datetime) -> None:
    """What waited is what the next refresh is compared with, whether it was accepted (then `rows` changed) or rejected."""
    pending, validity = source.pending, metadata_sources.pending_validity(source)
    source.digest, source.name = pending["digest"], pending["name"]
    if rows:
        metadata_sources.took_over(source, pending["seen"], rows, now=now)
    else:
        source.seen = pending["seen"]
        metadata_sources.no_longer_pending(source)
    metadata_sources.keep_validity(settings, source, validity, now=now)
    source.save()
