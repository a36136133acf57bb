"""
Mistakes on purpose, for negative controls: one mechanism switched off, for one tenant alone. The tenant's name says which, so that a
promise and its control are watched side by side in the same processes. Only the workers of tests/chaos/worker.py make them.
"""

import datetime as dt
import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.lib import transcripts
from apps.outbox import relay
from apps.provisioning import errors, health, jobs, plan, subscriptions, wire
from apps.provisioning.client import ScimClient
from apps.provisioning.models import Priority
from apps.provisioning.telling import Telling
from apps.tenants.models import Tenant
from apps.tenants.tasks import TenantTask
from apps.webhooks import client as webhook_client
from apps.webhooks import health as webhook_health
from apps.webhooks import queue as webhook_queue
from apps.webhooks.models import Webhook
from tests.chaos.mistakes_by_name import (
    DEAF,
    ENDLESS_LEASES,
    IN_ORDER_OF_ARRIVAL,
    NEVER_GIVES_UP,
    NO_EVENT,
    NO_GUARD,
    NO_LOOK_UP,
    NO_QUARANTINE,
    NO_SCRUBBING,
    NO_SETTLE_WINDOW,
    NO_SWEEPER,
    NO_TURN,
)

_making: ContextVar[str] = ContextVar("mistake", default="")


def make() -> None:
    """Once, when a worker starts. Nothing changes for tenants whose name is no mistake's."""
    _with_its_mistake(TenantTask)
    _instead(NO_GUARD, plan, "removals_need_approval", lambda *_: False)
    _instead(NO_QUARANTINE, health, "note", lambda *_: None)
    _instead(DEAF, wire, "retry_after", lambda *_: 0.0)
    for place in (wire, transcripts):
        _instead(NO_SCRUBBING, place, "scrubbed", lambda text, _secrets: text)
    _instead(NO_LOOK_UP, ScimClient, "find_user", _found_nobody)
    _instead(NEVER_GIVES_UP, ScimClient, "create_user", _hopeful(ScimClient.create_user))
    _instead(NO_SETTLE_WINDOW, jobs, "settle", lambda: dt.timedelta(0))
    _instead(ENDLESS_LEASES, jobs, "_wake", lambda *_: None)
    _instead(NO_EVENT, Telling, "_tell_events", lambda *_: None)
    _instead(IN_ORDER_OF_ARRIVAL, subscriptions, "_priority", lambda *_: Priority.CREATE)
    _without(NO_SWEEPER, relay, "waiting_tenant_ids", lambda tenant_id: tenant_id)
    _without(NO_SWEEPER, jobs, "integrations_due", lambda row: row[0])
    _without(NO_SWEEPER, webhook_queue, "webhooks_due", lambda row: row[0])
    _instead(DEAF, webhook_client, "retry_after", lambda _headers: None)
    _instead(NO_QUARANTINE, webhook_health, "_reason", lambda *_, **__: None)
    _instead(NO_TURN, webhook_health, "take_turn", _taken_from_them)


def _instead(mistake: str, place: Any, name: str, wrong: Callable[..., Any]) -> None:
    right = getattr(place, name)

    @functools.wraps(right)
    def either(*arguments: Any, **options: Any) -> Any:
        return (wrong if _making.get() == mistake else right)(*arguments, **options)

    setattr(place, name, either)


def _without(mistake: str, place: Any, name: str, tenant_of: Callable[[Any], str]) -> None:
    """For what runs outside any tenant and lists them."""
    right = getattr(place, name)

    @functools.wraps(right)
    def some() -> Any:
        return [row for row in right() if mistake_of(tenant_of(row)) != mistake]

    setattr(place, name, some)


def _with_its_mistake(task: Any) -> None:
    right = task.__call__

    def called(self: Any, tenant_id: str, *arguments: Any, **options: Any) -> Any:
        with _in_mind(mistake_of(tenant_id)):
            return right(self, tenant_id, *arguments, **options)

    task.__call__ = called


@functools.cache
def mistake_of(tenant_id: str) -> str:
    """Tenants are never renamed here."""
    return str(Tenant.objects.values_list("name", flat=True).get(pk=UUID(tenant_id)))


@contextmanager
def _in_mind(mistake: str) -> Iterator[None]:
    token = _making.set(mistake)  # the event loop copies this context with each coroutine it is given
    try:
        yield
    finally:
        _making.reset(token)


def _taken_from_them(webhook: Webhook, token: UUID) -> bool:
    until = timezone.now() + webhook_health.TURN
    return bool(Webhook.objects.filter(pk=webhook.pk).update(busy_token=token, busy_until=until))


async def _found_nobody(*_: Any) -> None:
    return None


def _hopeful(create_user: Callable[..., Any]) -> Callable[..., Any]:
    async def tries_for_ever(*arguments: Any) -> Any:
        try:
            return await create_user(*arguments)
        except errors.Rejected as refusal:
            raise errors.Unavailable(refusal.detail, status=refusal.status) from None

    return tries_for_ever
