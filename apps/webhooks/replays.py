"""What was sent is sent once more: everything of a range of time, in its order, behind what waits already."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.chain import archived_tip
from apps.events.counting import Counted, lines_of
from apps.events.search import Search
from apps.events.types import EventType
from apps.lib.language import day
from apps.webhooks import feed, tasks
from apps.webhooks.errors import WebhookInvalid
from apps.webhooks.models import Delivery, DeliveryState, Replay, ReplayState, Webhook
from apps.webhooks.selection import wanted_types


def replayable(webhook: Webhook, since: dt.datetime, until: dt.datetime, types: list[str]) -> Any:
    """The events of [since, until) that would be sent again: of `types`, or of those that the webhook has now.

    Raises WebhookInvalid for a range of which a part was archived: half of it would look like all of it.
    """
    _refuse_archived(since)
    rows = feed.events_in(since, min(until, timezone.now()), _chosen(webhook, types))
    return feed.without_own(rows, webhook.pk)


def counted(webhook: Webhook, since: dt.datetime, until: dt.datetime, types: list[str]) -> Counted:
    """How many those are: of the newest hundred thousand lines of each way, as the log's own counts. Raises WebhookInvalid like replayable()."""
    _refuse_archived(since)
    chosen = sorted(_chosen(webhook, types) or ())
    also = (Q(seal__isnull=False), *feed.sent_to(webhook.pk))
    return lines_of(Search(types=chosen, since=since, until=min(until, timezone.now()), also=also))


def _refuse_archived(since: dt.datetime) -> None:
    archived = archived_until()
    if archived is not None and since <= archived:
        moment = day(timezone.localtime(archived), "j M Y, H:i:s T")
        words = _(
            "What happened up to %(moment)s is archived and is not sent again. Begin after it; what was before is in the files of the event archive."
        )
        raise WebhookInvalid({"": [words % {"moment": moment}]})


def archived_until() -> dt.datetime | None:
    """The moment of the last event that is in an archive's file alone (apps/events/archiving), which no worker need have; None before the first."""
    tip = archived_tip()
    return dt.datetime.fromisoformat(tip.archive["to"]) if tip else None


def _chosen(webhook: Webhook, types: list[str]) -> set[str] | None:
    return wanted_types(types, []) if types else webhook.wanted


def start_replay(
    webhook: Webhook, *, actor: Actor, since: dt.datetime, until: dt.datetime, event_types: list[str]
) -> Replay:
    """Raises WebhookInvalid: nothing in this range, a part of it archived, or another replay not over yet."""
    feed.seal_now()  # in a transaction of its own
    return _start(webhook, actor, since, min(until, timezone.now()), event_types)


@transaction.atomic
def _start(
    webhook: Webhook, actor: Actor, since: dt.datetime, until: dt.datetime, event_types: list[str]
) -> Replay:
    webhook = Webhook.objects.select_for_update().get(pk=webhook.pk)
    if Replay.objects.filter(webhook=webhook, state=ReplayState.RUNNING).exists():
        raise WebhookInvalid({"": [_("Another replay is under way. Wait for it, or cancel it.")]})
    rows = replayable(webhook, since, until, event_types)
    total = rows.count()
    if not total:
        raise WebhookInvalid({"": [_("No event of this range would be sent.")]})
    first, last = feed.bounds(rows)
    types = sorted(_chosen(webhook, event_types) or [])
    replay = Replay(webhook=webhook, since=since, until=until, event_types=types, total=total)
    replay.cursor, replay.last = first - 1, last
    replay.actor_kind, replay.actor_id, replay.actor_name = actor.kind, actor.id, actor.name[:255]
    replay.save(force_insert=True)
    record(
        EventType.WEBHOOK_REPLAY,
        actor=actor,
        target=Target.of("webhook", webhook),
        details={"from": since.isoformat(), "to": until.isoformat(), "total": total},
    )
    tasks.ring_on_commit(webhook.pk)
    return replay


@transaction.atomic
def cancel_replay(replay: Replay) -> Replay:
    """What of it waits is dropped; a request that is under way ends."""
    Webhook.objects.select_for_update().get(pk=replay.webhook_id)
    replay = Replay.objects.select_for_update().get(pk=replay.pk)
    if replay.state == ReplayState.RUNNING:
        replay.state, replay.ended_at = ReplayState.CANCELLED, timezone.now()
        replay.save(update_fields=["state", "ended_at"])
        rows = Delivery.objects.filter(replay=replay, state=DeliveryState.PENDING)
        rows.update(state=DeliveryState.DROPPED, ended_at=timezone.now())
    return replay
