"""
An endpoint's own queue: the next few events of the log as rows, in their order. Every function runs in the tenant in context.

What is owed beyond them is no row but the distance between the cursor and the end of the log, so an endpoint that is away for
a month owes as few rows as one that is away for a minute.
"""

import json
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Subquery
from django.utils import timezone

from apps.events.export import as_document
from apps.events.models import Event, EventSeal
from apps.lib.transactions import retried
from apps.outbox import turns
from apps.tenants.bulk import insert_rows, new_ids
from apps.tenants.context import every_tenant
from apps.webhooks import feed
from apps.webhooks.models import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    Replay,
    ReplayState,
    Webhook,
    WebhookState,
)

LINED_UP = 100  # rows at once


def head(webhook: Webhook) -> Delivery | None:
    found: Delivery | None = waiting(webhook).order_by("position").first()
    return found


def waiting(webhook: Webhook) -> Any:
    return Delivery.objects.filter(webhook=webhook, state=DeliveryState.PENDING)


@retried
def line_up(webhook: Webhook, slot: uuid.UUID) -> bool:
    """The next few of the log, then of a replay, when nothing waits. False when there is nothing to look at any more.

    True without a row where none of what was looked at is wanted: there may be more behind it.
    """
    row = Webhook.objects.select_for_update().filter(pk=webhook.pk, busy_token=slot).first()
    if row is None or row.state == WebhookState.PAUSED:
        return False
    upto = feed.end_of_window(row.cursor)
    if upto > row.cursor:
        rows = feed.without_own(feed.events_between(row.cursor, upto, row.wanted), row.pk)
        row.cursor = _append(row, rows.filter(created_at__gte=row.owed_since), upto)
    elif not _line_up_replay(row):
        return False
    row.save(update_fields=["cursor", "last_position"])
    return True


def _line_up_replay(row: Webhook) -> bool:
    replay = Replay.objects.select_for_update().filter(webhook=row, state=ReplayState.RUNNING)
    run = replay.order_by("created_at", "id").first()
    if run is None:
        return False
    upto = min(feed.end_of_window(run.cursor), run.last)
    if upto <= run.cursor:  # all of it was lined up, and nothing waits any more
        run.state, run.ended_at = ReplayState.DONE, timezone.now()
        run.save(update_fields=["state", "ended_at"])
        return True
    rows = feed.without_own(feed.events_between(run.cursor, upto, run.wanted), row.pk)
    rows = rows.filter(created_at__gte=run.since, created_at__lt=run.until)
    run.cursor = _append(row, rows, upto, run)
    run.save(update_fields=["cursor"])
    return True


def _append(row: Webhook, rows: Any, upto: int, replay: Replay | None = None) -> int:
    """Returns the place up to which they are lined up."""
    found = list(rows[: LINED_UP + 1])
    if len(found) > LINED_UP:
        found = found[:LINED_UP]
        upto = found[-1].place
    lined_up(row, found, kind=DeliveryKind.REPLAY if replay else DeliveryKind.EVENT, replay=replay)
    return upto


def lined_up(
    row: Webhook, events: Sequence[Any], *, kind: DeliveryKind, replay: Replay | None = None
) -> None:
    """A microsecond apart, so that lists show them in their order."""
    now = timezone.now()
    common = {"webhook_id": row.pk, "kind": kind, "replay_id": replay.pk if replay else None}
    told = []
    for number, (event, pk) in enumerate(zip(events, new_ids(), strict=False)):
        row.last_position += 1
        told.append(
            {
                "id": pk,
                "position": row.last_position,
                "created_at": now + timedelta(microseconds=number),
                **snapshot(event),
            }
        )
    insert_rows(Delivery, told, common=common)


def snapshot(event: Any) -> dict[str, Any]:
    """What a delivery keeps of it: the event exactly as the REST API shows it."""
    body = json.dumps(as_document(event), ensure_ascii=False, separators=(",", ":"))
    return {"event_id": event.pk, "event_type": event.type, "event_at": event.created_at, "body": body}


def behind(webhook: Webhook) -> int:
    """How many places of the log it has not looked at: wanted or not."""
    return max(0, feed.latest() - int(webhook.cursor))


def skip(row: Webhook) -> int:
    """What is owed is not sent any more; from here on it is. Returns how many rows were dropped."""
    row.cursor, row.owed_since = feed.latest(), timezone.now()
    Replay.objects.filter(webhook=row, state=ReplayState.RUNNING).update(
        state=ReplayState.CANCELLED, ended_at=timezone.now()
    )
    return int(waiting(row).update(state=DeliveryState.DROPPED, ended_at=timezone.now()))


def drop_unwanted(row: Webhook) -> None:
    """What was lined up before somebody chose otherwise. What was asked for by itself, a replay, keeps its own types."""
    if row.wanted is not None:
        unwanted = waiting(row).filter(kind=DeliveryKind.EVENT).exclude(event_type__in=row.wanted)
        unwanted.update(state=DeliveryState.DROPPED, ended_at=timezone.now())


def has_due(webhook: Webhook) -> bool:
    """Something waits for it: a row, an event, a replay. May be asked before the latest events are sealed."""
    return bool(
        waiting(webhook).exists()
        or Replay.objects.filter(webhook=webhook, state=ReplayState.RUNNING).exists()
        or feed.latest() > webhook.cursor
    )


def note_replayed(delivery: Delivery) -> None:
    if delivery.replay_id is not None:
        counted = "delivered" if delivery.state == DeliveryState.DELIVERED else "failed"
        Replay.objects.filter(pk=delivery.replay_id).update(**{counted: F(counted) + 1})


def webhooks_due() -> list[tuple[str, str]]:
    """(tenant, webhook) across all tenants, for the sweeper alone: nobody has them in hand, and something waits for them.
    What is owed in organisations that are suspended waits on purpose.

    Whether there are new events is asked of the latest one: the sealer comes by for one that was committed late.
    """
    same_tenant, same_webhook = {"tenant": OuterRef("tenant")}, {"webhook": OuterRef("pk")}
    newest = Event.unscoped.filter(**same_tenant).order_by("-created_at", "-id").values("pk")[:1]
    rows = Webhook.unscoped.filter(turns.unpaused(), tenant__active=True).exclude(state=WebhookState.PAUSED)
    rows = rows.exclude(busy_until__gt=timezone.now()).annotate(newest=Subquery(newest))
    due = rows.filter(
        Exists(Delivery.unscoped.filter(**same_webhook, state=DeliveryState.PENDING))
        | Exists(Replay.unscoped.filter(**same_webhook, state=ReplayState.RUNNING))
        | Exists(EventSeal.unscoped.filter(**same_tenant, sequence__gt=OuterRef("cursor")))
        | ~Exists(EventSeal.unscoped.filter(event=OuterRef("newest")))
    )
    with every_tenant():
        found = list(due.order_by().values_list("tenant_id", "pk"))
    return [(str(tenant_id), str(pk)) for tenant_id, pk in found]
