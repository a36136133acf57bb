"""What came of one request, in one transaction: the attempt, the delivery, and how the endpoint is doing. Nothing once the turn is lost."""

import uuid
from typing import Any

from django.utils import timezone

from apps.lib.transactions import retried
from apps.webhooks import health, queue
from apps.webhooks.client import Report
from apps.webhooks.masking import without_query
from apps.webhooks.models import (
    Delivery,
    DeliveryAttempt,
    DeliveryState,
    Outcome,
    Webhook,
    WebhookState,
)

MOST_REFUSALS = 8  # of one event by an endpoint that answers: then the next one has its turn


@retried
def record_report(webhook: Webhook, token: uuid.UUID, delivery: Delivery, report: Report) -> bool:
    """False when another worker has it by now: whoever was taken for dead changes nothing."""
    row = Webhook.objects.select_for_update().filter(pk=webhook.pk, busy_token=token).first()
    if row is None:
        return False
    add_attempt(webhook, delivery, report)
    if report.outcome == Outcome.SUCCEEDED:
        _end(delivery, DeliveryState.DELIVERED, report)
        health.note_success(row)
        return True
    tries, refusals = delivery.attempts + 1, delivery.refusals + (report.outcome == Outcome.REFUSED)
    # In quarantine as well: it answers again, and would be held by this one event until somebody looks.
    over = refusals >= MOST_REFUSALS and row.state != WebhookState.PAUSED
    if over and not row.gave_up:
        _end(delivery, DeliveryState.FAILED, report, attempts=tries, refusals=refusals)
        row.gave_up, row.not_before, row.last_problem = True, None, report.error
        row.save(update_fields=["gave_up", "not_before", "last_problem"])
    else:
        _write(delivery, report, attempts=tries, refusals=refusals)
        health.note_failure(row, report, tries, refuses_all=over)
    return True


def add_attempt(webhook: Webhook, delivery: Delivery, report: Report) -> DeliveryAttempt:
    attempt = DeliveryAttempt(
        delivery=delivery,
        url=without_query(webhook.url),
        outcome=report.outcome,
        status=report.status,
        seconds=report.seconds,
        error=report.error[:1000],
        answer=report.answer,
        sent_at=report.sent_at,
    )
    attempt.save(force_insert=True)
    return attempt


def _end(delivery: Delivery, state: DeliveryState, report: Report, **more: Any) -> None:
    _write(delivery, report, state=state, ended_at=timezone.now(), **more)
    delivery.state = state
    queue.note_replayed(delivery)


def _write(delivery: Delivery, report: Report, **fields: Any) -> None:
    """Still waiting: it may have been dropped while the request was under way."""
    fields |= {"last_status": report.status, "last_error": report.error[:1000]}
    Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.PENDING).update(**fields)
