from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from apps.events.actions import recorded
from apps.events.actors import Actor, Target
from apps.events.models import Event
from apps.events.types import EventType
from apps.lib import event_loop
from apps.webhooks import actions, engine, tasks
from apps.webhooks.models import Delivery, Webhook
from tests.fakes.receiver import Receiver

SYSTEM = Actor.system()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    yield running
    event_loop.close()  # keep-alive connections first: the server's threads wait for them
    running.stop()


@pytest.fixture(autouse=True)
def bell(monkeypatch) -> list[tuple[str, str]]:
    """Nobody rings: each test says when the worker comes by."""
    rung: list[tuple[str, str]] = []
    monkeypatch.setattr(tasks, "ring", lambda *ids: rung.append(ids))
    monkeypatch.setattr("apps.mail.tasks.ring", lambda tenant_id: None)
    return rung


class Endpoint:
    """One webhook and its receiver, told in sentences."""

    def __init__(self, receiver: Receiver, **fields: Any) -> None:
        self.receiver = receiver
        fields = {"name": "Warehouse", "url": receiver.url, "event_groups": ["people"]} | fields
        self.row, self.secret = actions.add_webhook(actor=SYSTEM, **fields)

    @property
    def now(self) -> Webhook:
        return Webhook.objects.get(pk=self.row.pk)

    @property
    def deliveries(self) -> list[Delivery]:
        return list(Delivery.objects.filter(webhook=self.row).order_by("position"))

    @property
    def states(self) -> list[str]:
        return [each.state for each in self.deliveries]

    def work(self) -> bool:
        return engine.work(self.row.pk)

    def fail_for_long(self) -> None:
        """Until it is quarantined."""
        for minutes in (0, 20, 60, 120, 240):
            with later(minutes=minutes):
                self.work()


def happen(count: int = 1, event_type: EventType = EventType.USER_CREATE) -> list[Event]:
    """Events of people, the first first."""
    names = [f"person {number}" for number in range(count)]
    return [recorded(event_type, actor=SYSTEM, target=Target("user", name[-1], name)) for name in names]


def ids(events: list[Event]) -> list[str]:
    return [str(event.pk) for event in events]


def later(**time: float) -> Any:
    return time_machine.travel(timezone.now() + timedelta(**time), tick=True)


@pytest.fixture
def endpoint(inside: Any, receiver: Receiver) -> Endpoint:
    return Endpoint(receiver)
