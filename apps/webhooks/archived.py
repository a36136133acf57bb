"""
What an endpoint was owed and is in the files of the event archive by now: it is not sent any more, and counted.

An endpoint that is away for ever must not keep an organisation's old events in the database, so archiving waits for none. But nobody is to
think that it got what it did not get.
"""

import datetime as dt
from typing import Any

from django.db.models import F

from apps.webhooks import feed
from apps.webhooks.models import Replay, ReplayState, Webhook


def note_archived(sequence: int, until: dt.datetime) -> list[dict[str, Any]]:
    """A follower of the archive (apps/events/archiving/followers.py): every queue goes on behind this place. Whoever lines up, or begins a
    replay, waits for it or came first: all are locked, those as well that have nothing to do with it yet.
    """
    runs = Replay.objects.filter(state=ReplayState.RUNNING, cursor__lt=sequence).order_by("created_at", "id")
    told = []
    for row in Webhook.objects.select_for_update().order_by("pk"):
        for run in runs.filter(webhook=row):
            _pass_over_replay(run, sequence)
        if count := _pass_over(row, sequence, until):
            told.append({"webhook": str(row.pk), "name": row.name, "events": count})
    return told


def _pass_over(row: Webhook, sequence: int, until: dt.datetime) -> int:
    if row.cursor >= sequence:
        return 0
    owed = feed.without_own(feed.events_between(row.cursor, sequence, row.wanted), row.pk)
    count: int = owed.filter(created_at__gte=row.owed_since).count()
    changed: dict[str, Any] = {"cursor": sequence}
    if count:
        changed |= {"archived": F("archived") + count, "archived_until": until}
    Webhook.objects.filter(pk=row.pk).update(**changed)
    return count


def _pass_over_replay(run: Replay, sequence: int) -> None:
    end = min(sequence, run.last)
    rows = feed.without_own(feed.events_between(run.cursor, end, run.wanted), run.webhook_id)
    count = rows.filter(created_at__gte=run.since, created_at__lt=run.until).count()
    Replay.objects.filter(pk=run.pk).update(cursor=max(end, run.cursor), archived=F("archived") + count)
