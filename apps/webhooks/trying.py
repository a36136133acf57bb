"""The test button: one event that says nothing has happened, sent at once, with its request and answer to look at."""

import time
import uuid

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.events.actions import recorded
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.lib.errors import SecretError
from apps.webhooks import health, queue
from apps.webhooks.client import Report, send
from apps.webhooks.errors import Busy, WebhookInvalid
from apps.webhooks.models import Delivery, DeliveryKind, DeliveryState, Outcome, Webhook
from apps.webhooks.recording import add_attempt

PATIENCE_SECONDS = 3.0  # for a request that is under way


def send_test(webhook: Webhook, *, actor: Actor) -> Delivery:
    """Whatever its state; how it is doing is not judged by it. The event stays in the log. Raises Busy, WebhookInvalid."""
    token = uuid.uuid4()
    _wait_for_turn(webhook, token)
    try:
        secrets = [each.secret for each in webhook.secrets.all()]
        delivery = _prepare(webhook, actor)
        return _keep(webhook, delivery, send(webhook.url, secrets, delivery))
    except SecretError as error:
        raise WebhookInvalid({"": [str(error)]}) from error
    finally:
        health.free_turn(webhook, token)


def _wait_for_turn(webhook: Webhook, token: uuid.UUID) -> None:
    ends = time.monotonic() + PATIENCE_SECONDS
    while not health.take_turn(webhook, token):
        if time.monotonic() >= ends:
            raise Busy(
                {"": [_("A delivery is under way, and it gets one at a time. Try again in a moment.")]}
            )
        time.sleep(0.1)


@transaction.atomic
def _prepare(webhook: Webhook, actor: Actor) -> Delivery:
    event = recorded(EventType.WEBHOOK_TEST, actor=actor, target=Target.of("webhook", webhook))
    return Delivery(webhook=webhook, kind=DeliveryKind.TEST, **queue.snapshot(event))


@transaction.atomic
def _keep(webhook: Webhook, delivery: Delivery, report: Report) -> Delivery:
    succeeded = report.outcome == Outcome.SUCCEEDED
    delivery.state = DeliveryState.DELIVERED if succeeded else DeliveryState.FAILED
    delivery.last_status, delivery.last_error = report.status, report.error[:1000]
    delivery.attempts, delivery.ended_at = int(not succeeded), timezone.now()
    delivery.save(force_insert=True)
    add_attempt(webhook, delivery, report)
    return delivery
