"""An endpoint that is in quarantine, with a delivery in each state and a replay under way."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from apps.events.actors import Actor
from apps.events.models import Event
from apps.webhooks.actions import add_secret, add_webhook
from apps.webhooks.models import Delivery, DeliveryAttempt, DeliveryState, Outcome, Replay, Webhook
from apps.webhooks.queue import snapshot


def furnished_webhook(system: Actor) -> dict[str, Any]:
    """By the names that addresses have for them; the delivery has failed once."""
    webhook, _secret = add_webhook(actor=system, name="SIEM", url="https://siem.example/in", event_groups=["sign_ins"])  # fmt: skip
    add_secret(webhook, actor=system)
    now, event = timezone.now(), Event.objects.latest("created_at")
    for state in DeliveryState.values:
        Delivery.objects.create(webhook=webhook, state=state, **snapshot(event))
    failed = Delivery.objects.get(state=DeliveryState.FAILED)
    said = {"error": "It answered 502.", "answer": '{"error": "bad gateway"}', "status": 502}
    DeliveryAttempt.objects.create(delivery=failed, url=webhook.url, outcome=Outcome.PASSING, sent_at=now, seconds=0.2, **said)  # fmt: skip
    Replay.objects.create(webhook=webhook, since=now - timedelta(days=1), until=now, total=40, delivered=12, actor_name="Ada", actor_kind="administrator")  # fmt: skip
    Webhook.objects.filter(pk=webhook.pk).update(
        state="quarantined",
        quarantine_reason="failures",
        last_problem="It answered 502.",
        not_before=now + timedelta(minutes=15),
    )
    return {"webhook": webhook, "delivery": failed, "webhook_secret": webhook.secrets.first()}
