"""
Sends one endpoint what it is owed, in its order and one request at a time, for a slice of time.

No transaction is open while a request is under way. Whatever kills this process, the turn runs out and the delivery is sent again, under
the same id.
"""

import time
import uuid

from apps.lib.errors import SecretError
from apps.outbox import turns
from apps.webhooks import feed, health, queue
from apps.webhooks.client import send
from apps.webhooks.models import Webhook, WebhookState
from apps.webhooks.recording import record_report

SLICE_SECONDS = 5.0  # of one task; then the next endpoint has its turn


def work(webhook_id: uuid.UUID) -> bool:
    """True when more is due now and this endpoint may go on."""
    webhook = _workable(webhook_id)
    token = uuid.uuid4()
    if webhook is None or not health.take_turn(webhook, token):
        return False  # whoever has it looks once more for what is due when they are done
    try:
        _work_for_a_slice(webhook, token)
    finally:
        health.free_turn(webhook, token)
    feed.seal_now()  # whoever wrote meanwhile saw somebody at it, and did not ring
    webhook = _workable(webhook_id)
    return webhook is not None and queue.has_due(webhook)


def _workable(webhook_id: uuid.UUID) -> Webhook | None:
    rows = Webhook.objects.filter(turns.unpaused(), pk=webhook_id).exclude(state=WebhookState.PAUSED)
    found: Webhook | None = rows.first()
    return found


def _work_for_a_slice(webhook: Webhook, token: uuid.UUID) -> None:
    ends = time.monotonic() + SLICE_SECONDS
    while time.monotonic() < ends:
        now = _workable(
            webhook.pk
        )  # read again: it may have been paused, or have another address or secret by now
        if now is None or not health.keep_turn(now, token):
            return
        if not _one_more(now, token):
            return


def _one_more(webhook: Webhook, token: uuid.UUID) -> bool:
    """False when there is nothing to send, or nothing may be sent."""
    delivery = queue.head(webhook)
    if delivery is None:
        feed.seal_now()
        return queue.line_up(webhook, token)
    try:
        secrets = [each.secret for each in webhook.secrets.all()]
    except SecretError as error:  # the key is not here: nothing can be signed until the operator puts it back
        health.pause_without_key(webhook, token, str(error))
        return False
    return record_report(webhook, token, delivery, send(webhook.url, secrets, delivery))
