"""What an administrator asks of everybody at once. With few people it is done while they wait; with many a worker makes the plan."""

import uuid
from typing import Any

from django.db import transaction

from apps.events.actors import Actor
from apps.provisioning import actions, preview, retention, running, synchronizations
from apps.provisioning.models import (
    Integration,
    PreparedPlan,
    Synchronization,
    SynchronizationState,
)
from apps.provisioning.plans import tasks
from apps.tenants.leases import NO_LEASE

AT_ONCE = preview.CHUNK  # people: a fraction of a second
KEPT = 2  # plans of one integration, beside the one that is being made: whoever looks at one may go on


def few(integration: Integration) -> list[uuid.UUID] | None:
    """Whom the plan is about, where a page can wait for it; None with more people than that."""
    people = preview.people(integration, AT_ONCE + 1)
    return people if len(people) <= AT_ONCE else None


@transaction.atomic
def prepare(integration: Integration, *, mapping: dict[str, Any] | None = None) -> PreparedPlan:
    """What a synchronisation would do now, made by a worker; with `mapping`, if that were its mapping.

    One that is under way begins anew: whoever asks wants to see what is true now.
    """
    integration = running.locked_row(integration)
    rows = PreparedPlan.objects.filter(integration=integration, synchronization=None)
    same = rows.filter(mapping__isnull=True) if mapping is None else rows.filter(mapping=mapping)
    plan: PreparedPlan | None = same.filter(ready_at=None).first()
    if plan is None:
        newest = rows.order_by("-created_at").values_list("pk", flat=True)[:KEPT]
        retention.forget_plans(rows.exclude(pk__in=list(newest)))
        plan = PreparedPlan.objects.create(integration=integration, mapping=mapping)
    else:
        PreparedPlan.objects.filter(pk=plan.pk).update(rules="", **NO_LEASE)
    tasks.ring_on_commit(plan.pk)
    return plan


def synchronize(integration: Integration, *, actor: Actor, plan: str | None = None) -> Synchronization:
    """Everybody is compared again. `plan` is the digest of the plan that was looked at, and nothing else is done.

    Raises ActivationRefused when it is not active, Outdated when one is under way, and when the plan is another by now; with many
    people the synchronisation says that later, as its `problem`.
    """
    if few(integration) is not None:
        return running.synchronize(integration, actor=actor, plan=plan)
    with transaction.atomic():
        locked = running.locked_row(integration)
        running.refuse_unless_idle(locked)
        return _begin(locked, "request", plan, actor)


def activate(integration: Integration, *, actor: Actor, plan: str | None = None) -> Integration:
    """As apps.provisioning.actions.activate_integration(). With many people the integration is active once the plan was compared."""
    if few(integration) is not None:
        return actions.activate_integration(integration, actor=actor, plan=plan)
    actions.verify_activation(integration, actor=actor)  # what is refused is told at once
    with transaction.atomic():
        locked = running.locked_row(integration)
        if locked.base_url != integration.base_url:
            raise running.another_plan()
        synchronizations.abandon(locked)
        _begin(locked, "activation", plan, actor)
    return locked


def _begin(integration: Integration, cause: str, plan: str | None, actor: Actor) -> Synchronization:
    begun = synchronizations.begin(
        integration, actor=actor, cause=cause, planned={}, state=SynchronizationState.PLANNING
    )
    check = PreparedPlan.objects.create(integration=integration, synchronization=begun, wanted=plan or "")
    tasks.ring_on_commit(check.pk)
    return begun
