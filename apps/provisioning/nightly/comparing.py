"""
Everybody of one integration is compared with what the application was last told.

What differs is raised, whatever made it differ: a change whose message was lost, a restored backup, a mistake of ours. Nothing is
sent from here, and who waits already (under way, failing, held, kept) goes on waiting. One pass in the order of the ids, a chunk at
a time: memory and the number of queries of a chunk are the same for ten people and for a hundred thousand.
"""

import time
import uuid
from datetime import timedelta

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
from apps.tenants.leases import LeaseLost, Leases

SLICE_SECONDS = 5.0  # of one task; then somebody else has their turn
STALE = timedelta(hours=6)  # one that stood still so long begins anew
COMPARISONS = Leases(
    Comparison,
    lambda: Q(integration__state=IntegrationState.ACTIVE),
    due=lambda: Q(next_at__lte=timezone.now()),
)


def work(integration_id: uuid.UUID) -> bool:
    """Compares for a slice of time, if it is due; True when more is left."""
    integration = Integration.objects.select_related("application").filter(pk=integration_id).first()
    if integration is None:
        return False
    row, _new = Comparison.objects.get_or_create(
        integration=integration, defaults={"next_at": next_night(integration.pk, timezone.now())}
    )
    comparison = COMPARISONS.claim(row.pk)
    if comparison is None:
        return False
    while relay.drain() == relay.BATCH:  # what was changed a moment ago is not lost, only not told yet
        continue
    try:
        return _compare_for_a_slice(integration, comparison)
    except LeaseLost:
        return False


def _compare_for_a_slice(integration: Integration, comparison: Comparison) -> bool:
    ends = time.monotonic() + SLICE_SECONDS
    now = timezone.now()
    if comparison.started_at is None or comparison.started_at < now - STALE:
        begun = {"kind": ResourceKind.USER, "position": None, "compared": 0, "differed": 0, "waiting": 0}
        COMPARISONS.keep(comparison, started_at=now, **begun)
    while _compare_chunk(integration, comparison):
        if time.monotonic() >= ends:
            COMPARISONS.settle(comparison)
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
        COMPARISONS.keep(comparison, position=found.last, **counted)
    elif kind == ResourceKind.USER and integration.groups_managed:
        COMPARISONS.keep(comparison, kind=ResourceKind.GROUP, position=None, **counted)
    else:
        _end(integration, comparison, counted)


def _end(integration: Integration, comparison: Comparison, counted: dict[str, int]) -> None:
    now = timezone.now()
    over = {f"last_{name}": number for name, number in counted.items()} | {"last_ended_at": now}
    following = {"next_at": next_night(integration.pk, now), "started_at": None, "position": None}
    COMPARISONS.settle(comparison, **counted, **over, **following)
    if counted["differed"]:  # a night without is told on the page alone
        record_integration(
            EventType.IDM_INTEGRATION_UPDATE,
            integration,
            actor=Actor.system(),
            details={"comparison": "finished"} | counted,
        )
