"""
Rings for the endpoints that want what was just committed. A hint: whatever it misses, the sweeper finds within its five seconds.

Which endpoints an organisation has is remembered for KNOWN_SECONDS, by each process for itself. So whoever has none, or none that wants such
events, pays no statement; for the others it is one after the commit, which says who is not at it already.
"""

import datetime as dt
import time
import uuid
from collections.abc import Collection

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.tenants.context import current_tenant_id, in_tenant
from apps.tenants.prepared import PreparedQuery
from apps.webhooks import tasks
from apps.webhooks.feed import NEVER_SENT
from apps.webhooks.models import Webhook, WebhookState

KNOWN_SECONDS = 30.0
Wishes = list[tuple[uuid.UUID, set[str] | None]]  # endpoint → types, None for all
_known: dict[uuid.UUID, tuple[float, Wishes]] = {}


def _idle(now: dt.datetime) -> object:
    """Nobody has it in hand, who would look once more when they are done; and no wait was asked for."""
    free, unpaused = Q(busy_until=None) | Q(busy_until__lte=now), Q(not_before=None) | Q(not_before__lte=now)
    rows = Webhook.objects.filter(free, unpaused).exclude(state=WebhookState.PAUSED)
    return rows.order_by().values_list("pk")


_IDLE = PreparedQuery(_idle, now=dt.datetime)


def ring_for(tenant_id: uuid.UUID, types: Collection[str]) -> None:
    sent = set(types).difference(NEVER_SENT)
    if not sent:
        return
    wanting = [pk for pk, wanted in _wishes(tenant_id) if wanted is None or wanted & sent]
    if not wanting:
        return
    with in_tenant(tenant_id):
        idle = {uuid.UUID(str(pk)) for (pk,) in _IDLE.rows(now=timezone.now())}
    for pk in wanting:
        if pk in idle:
            tasks.ring(str(tenant_id), str(pk))


def look_again_on_commit() -> None:
    """An endpoint came, went, or wants something else. Other processes find out when what they know is too old."""
    tenant_id = current_tenant_id()
    transaction.on_commit(lambda: _known.pop(tenant_id, None))


def _wishes(tenant_id: uuid.UUID) -> Wishes:
    until, wishes = _known.get(tenant_id, (0.0, []))
    if until < time.monotonic():
        with in_tenant(tenant_id):
            wishes = [(row.pk, row.wanted) for row in Webhook.objects.all()]
        _known[tenant_id] = (time.monotonic() + KNOWN_SECONDS, wishes)
    return wishes
