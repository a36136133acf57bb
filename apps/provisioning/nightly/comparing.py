"""
Everybody of one integration is compared with what the application was last told.

What differs is raised, whatever made it differ: a change whose message was lost, a restored backup, a mistake of ours. Nothing is
sent from here, and who waits already (under way, failing, held, kept) goes on waiting. One pass in the order of the ids, a chunk at
a time: memory and the number of queries of a chunk are the same for ten people and for a hundred thousand.
"""

import time
import uuid
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from apps.events.actors import Actor
from apps.events.types import EventType
from apps.lib.transactions import retried
from apps.outbox import relay
from apps.provisioning import jobs, tasks
from apps.provisioning.integration_events import record_integration
from apps.provisioning.models import Comparison, Integration, IntegrationState, ResourceKind
from apps.provisioning.nightly.differences import Found, differences
from apps.provisioning.nightly.schedule import next_night

SLICE_SECONDS = 5.0  # of one task; then somebody else has their turn
LEASE = timedelta(seconds=60)  # renewed with every chunk
STALE = timedelta(hours=6)  # one that stood still so long begins anew
NO_LEASE: dict[str, Any] = {"lease_token": None, "lease_until": None}


class LeaseLost(Exception):
    """Deactivated, or taken for dead: what was about to be written is not."""


def work(integration_id: uuid.UUID) -> bool:
    """Compares for a slice of time, if it is due; True when more is left."""
    integration = Integration.objects.select_related("application").filter(pk=integration_id).first()
    if integration is None:
        return False
    Comparison.objects.get_or_create(
        integration=integration, defaults={"next_at": next_night(integration.pk, timezone.now())}
    )
    comparison = _claim(integration)
    if comparison is None:
        return False
    while relay.drain() == relay.BATCH:  # what was changed a moment ago is not lost, only not told yet
        continue
    try:
        return _compare_for_a_slice(integration, comparison)
    except LeaseLost:
        return False


def _claim(integration: Integration) -> Comparison | None:
    """None when it is not due, not active, or somebody else is at it."""
    now, token = timezone.now(), uuid.uuid4()
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    due = Comparison.objects.filter(
        free, integration=integration, integration__state=IntegrationState.ACTIVE, next_at__lte=now
    )
    if not due.update(lease_token=token, lease_until=now + LEASE):
        return None
    found: Comparison | None = Comparison.objects.filter(integration=integration, lease_token=token).first()
    return found


def _compare_for_a_slice(integration: Integration, comparison: Comparison) -> bool:
    ends = time.monotonic() + SLICE_SECONDS
    now = timezone.now()
    if comparison.started_at is None or comparison.started_at < now - STALE:
        begun = {"kind": ResourceKind.USER, "position": None, "compared": 0, "differed": 0, "waiting": 0}
        _keep(comparison, started_at=now, **begun)
    while _compare_chunk(integration, comparison):
        if time.monotonic() >= ends:
            _keep(comparison, **NO_LEASE)
            return True
    return False


def _compare_chunk(integration: Integration, comparison: Comparison) -> bool:
    """False after the last. Reads first: only what was found is written in a transaction."""
    kind = ResourceKind(comparison.kind)
    found = differences(integration, kind, comparison.position)
    _advance(integration, comparison, kind, found)
    return comparison.started_at is not None


@retried
def _advance(integration: Integration, comparison: Comparison, kind: ResourceKind, found: Found) -> None:
    counted = {
        "compared": comparison.compared + found.compared,
        "differed": comparison.differed + len(found.owed),
        "waiting": comparison.waiting + found.waiting,
    }
    for integration_id in jobs.raise_jobs(found.owed):
        tasks.ring_on_commit(integration_id)
    if found.last is not None:
        _keep(comparison, position=found.last, **counted)
    elif kind == ResourceKind.USER and integration.groups_managed:
        _keep(comparison, kind=ResourceKind.GROUP, position=None, **counted)
    else:
        _end(integration, comparison, counted)


def _end(integration: Integration, comparison: Comparison, counted: dict[str, int]) -> None:
    now = timezone.now()
    over = {f"last_{name}": number for name, number in counted.items()} | {"last_ended_at": now}
    following = {"next_at": next_night(integration.pk, now), "started_at": None, "position": None}
    _keep(comparison, **counted, **over, **following, **NO_LEASE)
    if counted["differed"]:  # a night without is told on the page alone
        record_integration(
            EventType.IDM_INTEGRATION_UPDATE,
            integration,
            actor=Actor.system(),
            details={"comparison": "finished"} | counted,
        )


def _keep(comparison: Comparison, **fields: Any) -> None:
    """Writes how far it is, and goes on. Raises LeaseLost."""
    fields = {"lease_until": timezone.now() + LEASE} | fields
    mine = Comparison.objects.filter(
        pk=comparison.pk,
        lease_token=comparison.lease_token,
        integration__state=IntegrationState.ACTIVE,
    )
    if not mine.update(**fields):
        raise LeaseLost
    for name, value in fields.items():
        setattr(comparison, name, value)
