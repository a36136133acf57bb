"""A slice of work on one plan: the next people and groups are compared, by the planner and the reading that will also send it.

What was shown is what is done: at the end of a check the digest is compared with that of the plan that was looked at, and the
synchronisation begins, or says that it does not.
"""

import hashlib
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from apps.events.actors import Actor
from apps.lib.transactions import retried
from apps.provisioning import actions, preview, running, synchronizations
from apps.provisioning.errors import ActivationRefused, Outdated
from apps.provisioning.models import Integration, PlannedChange, PreparedPlan, ResourceKind, Synchronization
from apps.provisioning.plans.leases import PLANS
from apps.tenants.bulk import insert_rows, new_ids
from apps.tenants.leases import LeaseLost

SLICE_SECONDS = 5.0  # of one task; then others have their turn
CHUNK = {
    ResourceKind.USER: preview.CHUNK,
    ResourceKind.GROUP: 10,
}  # a group is as large as its members are many


def work(plan_id: uuid.UUID) -> bool:
    """True when more is left."""
    plan = PLANS.claim(plan_id)
    if plan is None:
        return False
    integration = as_planned(plan)
    try:
        if _compare_for_a_slice(plan, integration):
            PLANS.settle(plan)
            return True
        if _rules(integration) != _rules(as_planned(plan, anew=True)):
            PLANS.settle(plan, rules="")  # set differently meanwhile: another plan
            return True
        _finish(plan, integration)
    except LeaseLost:
        return False
    return False


def as_planned(plan: PreparedPlan, *, anew: bool = False) -> Integration:
    """The integration with the mapping that is tried, if any."""
    integration = plan.integration
    if anew:
        integration = Integration.objects.select_related("application").get(pk=integration.pk)
    if plan.mapping is not None:
        integration.mapping = plan.mapping
    return integration


def _rules(integration: Integration) -> str:
    return hashlib.sha256(repr(running.rules_of(integration)).encode()).hexdigest()


def _compare_for_a_slice(plan: PreparedPlan, integration: Integration) -> bool:
    ends = time.monotonic() + SLICE_SECONDS
    ids = {
        ResourceKind.USER: preview.people(integration),
        ResourceKind.GROUP: preview.groups_of(integration),
    }
    if plan.rules != _rules(integration):
        _begin_anew(plan, _rules(integration), sum(map(len, ids.values())))
    for kind in ids:
        if kind == ResourceKind.USER and plan.kind == ResourceKind.GROUP:
            continue
        if plan.kind != kind:
            PLANS.keep(plan, kind=kind, position=None)
        while chunk := _after(ids[kind], plan.position)[: CHUNK[kind]]:
            if time.monotonic() >= ends:
                return True
            _compare_chunk(plan, integration, kind, chunk)
    return False


def _after(ids: list[uuid.UUID], position: uuid.UUID | None) -> list[uuid.UUID]:
    return ids if position is None else [each for each in ids if each > position]


def _begin_anew(plan: PreparedPlan, rules: str, total: int) -> None:
    PlannedChange.objects.filter(plan=plan).delete()
    PLANS.keep(
        plan,
        rules=rules,
        kind=ResourceKind.USER,
        position=None,
        total=total,
        compared=0,
        changes=0,
        digest="",
        user_counts={},
        group_counts={},
    )


def _compare_chunk(
    plan: PreparedPlan, integration: Integration, kind: ResourceKind, ids: Sequence[uuid.UUID]
) -> None:
    """Reads first: only what was found is written in a transaction."""
    read = preview.user_rows if kind == ResourceKind.USER else preview.group_rows
    rows = list(read(integration, ids))
    changes = preview.changes_among(rows)
    counted = f"{kind}_counts"
    counts = Counter(getattr(plan, counted)) + Counter(row.operation for row in rows)
    compared = plan.compared + len(ids)
    _write(
        plan,
        changes,
        position=ids[-1],
        compared=compared,
        total=max(plan.total or 0, compared),  # somebody may have come meanwhile
        digest=preview.digest_of(changes, plan.digest),
        **{counted: dict(counts)},
    )


@retried
def _write(plan: PreparedPlan, changes: Sequence[preview.Row], **progress: Any) -> None:
    if plan.synchronization is None:
        insert_rows(PlannedChange, _kept(plan, changes), common={"plan_id": plan.pk})
    PLANS.keep(plan, changes=plan.changes + len(changes), **progress)


def _kept(plan: PreparedPlan, changes: Sequence[preview.Row]) -> list[dict[str, Any]]:
    return [
        {
            "id": row_id,
            "number": plan.changes + place,
            "kind": row.kind,
            "resource_id": uuid.UUID(row.resource_id),
            "name": row.name[:255],
            "operation": row.operation,
            "document": row.document,
        }
        for place, (row_id, row) in enumerate(zip(new_ids(), changes, strict=False))
    ]


def _finish(plan: PreparedPlan, integration: Integration) -> None:
    digest = preview.digest_of([], plan.digest)
    if plan.synchronization is None:
        held = preview.would_be_held(integration, plan.user_counts)
        PLANS.settle(plan, digest=digest, held=held, ready_at=timezone.now())
    elif plan.wanted and plan.wanted != digest:
        _refuse(plan.synchronization, running.another_plan())
    else:
        PLANS.keep(plan)  # ours still
        _begin(plan.synchronization, integration, plan.counts)


def _begin(synchronization: Synchronization, integration: Integration, planned: dict[str, Any]) -> None:
    asked_by = synchronization
    actor = asked_by.actor
    try:
        if synchronization.cause == "activation":
            actions.activate_planned(integration, planned, actor=actor, synchronization=synchronization)
            return
        _begin_synchronization(synchronization, integration, planned, actor)
    except (ActivationRefused, Outdated) as refusal:
        _refuse(synchronization, refusal)


@retried
def _begin_synchronization(
    synchronization: Synchronization, integration: Integration, planned: dict[str, Any], actor: Actor
) -> None:
    locked = running.locked_row(integration)
    running.refuse_unless_active(locked)
    if running.rules_of(locked) != running.rules_of(integration):
        raise running.another_plan()
    running.begin_planned(synchronization, planned, actor=actor)


@retried
def _refuse(synchronization: Synchronization, refusal: ActivationRefused | Outdated) -> None:
    words = " ".join(" ".join(texts) for texts in refusal.fields.values())
    synchronizations.refuse(synchronization, words)
