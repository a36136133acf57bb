"""What an administrator asks of a connection that is set up: everybody now, not now, go on. Change, event and outbox in one transaction."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.directory.models import User
from apps.events.actors import Actor
from apps.events.types import EventType
from apps.outbox.models import Topic
from apps.outbox.publish import publish
from apps.provisioning import subscriptions, synchronizations, tasks
from apps.provisioning.errors import ActivationRefused, IntegrationInvalid, Outdated
from apps.provisioning.integration_events import record_integration
from apps.provisioning.models import (
    Integration,
    IntegrationState,
    Job,
    ResourceKind,
    Synchronization,
    SynchronizationState,
)
from apps.provisioning.preview import Preview, preview

RULES = (
    "base_url",
    "manage_groups",
    "deprovisioning",
    "delete_after_days",
    "mapping",
    "capabilities",
)


def seen_plan(integration: Integration, digest: str | None) -> Preview:
    """What would be done now. Raises Outdated where that is not the plan that `digest` stands for."""
    found = preview(integration)
    if digest is not None and digest != found.digest:
        raise another_plan()
    return found


def another_plan() -> Outdated:
    return Outdated({"plan": [_("Meanwhile something changed. Please look at the new plan.")]})


def synchronize(integration: Integration, *, actor: Actor, plan: str | None = None) -> Synchronization:
    """Everybody is compared again. `plan` is the digest of the preview that was looked at.

    Raises ActivationRefused when it is not active, Outdated when the plan is another by now or one is under way.
    """
    integration = Integration.objects.select_related("application").get(pk=integration.pk)
    refuse_unless_idle(integration)
    planned = seen_plan(
        integration, plan
    ).counts  # seconds for many people: nobody waits for a lock meanwhile
    with transaction.atomic():
        locked = locked_row(integration)
        refuse_unless_idle(locked)
        if rules_of(locked) != rules_of(integration):
            raise another_plan()
        begun = synchronizations.begin(locked, actor=actor, cause="request", planned=planned)
        _record(locked, actor, synchronization="requested", synchronization_id=str(begun.pk))
        publish(Topic.INTEGRATION_CHANGED, locked.id)
    return begun


def begin_planned(synchronization: Synchronization, planned: dict[str, Any], *, actor: Actor) -> None:
    """One that a worker has made the plan for. Inside a transaction that has its integration locked, and idle but for this."""
    if synchronizations.go_on(synchronization, planned):
        integration = synchronization.integration
        _record(integration, actor, synchronization="requested", synchronization_id=str(synchronization.pk))
        publish(Topic.INTEGRATION_CHANGED, integration.id)


def refuse_unless_idle(integration: Integration) -> None:
    refuse_unless_active(integration)
    if synchronizations.open_one(integration) is not None:
        raise Outdated({"__all__": [_("A synchronisation is under way already.")]})


def refuse_unless_active(integration: Integration) -> None:
    if not integration.is_active:
        raise ActivationRefused({"__all__": [_("Identity Management is not active.")]})


def rules_of(integration: Integration) -> tuple[Any, ...]:
    """What a plan depends on besides people and groups, who change at any moment: the worker looks at them again anyway."""
    return tuple(getattr(integration, field) for field in RULES)


@transaction.atomic
def provision_person(integration: Integration, user: User, *, actor: Actor) -> Job:
    """One person now, before all others, by the same workers and under the same guard; the job's attempts tell what was said.

    Raises ActivationRefused when it is not active, IntegrationInvalid when there is nothing to compare.
    """
    integration = locked_row(integration)
    refuse_unless_active(integration)
    if not subscriptions.raise_person(integration, user.pk):
        raise IntegrationInvalid({"user": [_("They have no access to it and no account there.")]})
    _record(integration, actor, provision=str(user.pk), name=str(user))
    job: Job = Job.objects.get(integration=integration, kind=ResourceKind.USER, resource_id=user.pk)
    return job


@transaction.atomic
def cancel_synchronization(synchronization: Synchronization, *, actor: Actor) -> Synchronization:
    """What was not begun is dropped until its next change, the next synchronisation or the nightly comparison. Who loses
    access, and what was owed anyway, goes on.
    """
    integration = locked_row(synchronization.integration)
    synchronization = Synchronization.objects.get(pk=synchronization.pk)
    if synchronizations.end(synchronization, SynchronizationState.CANCELLED):
        dropped = synchronizations.drop(synchronization)
        _record(integration, actor, synchronization="cancelled", dropped=dropped)
    synchronization.refresh_from_db()
    return synchronization


@transaction.atomic
def pause_integration(integration: Integration, *, actor: Actor) -> Integration:
    """Nothing is sent until it is resumed, and nothing owed is lost. Raises ActivationRefused when it is not active."""
    integration = locked_row(integration)
    if integration.state == IntegrationState.PAUSED:
        return integration
    refuse_unless_active(integration)
    integration.state = IntegrationState.PAUSED
    integration.busy_token = integration.busy_until = None  # a slice under way notices and stops
    integration.save(update_fields=["state", "busy_token", "busy_until"])
    _record(integration, actor, state="paused")
    return integration


@transaction.atomic
def end_pause(integration: Integration, *, actor: Actor) -> Integration:
    integration = locked_row(integration)
    if integration.state == IntegrationState.PAUSED:
        integration.state = IntegrationState.ACTIVE
        integration.save(update_fields=["state"])
        _record(integration, actor, state="active")
        tasks.ring_on_commit(integration.id)
    return integration


def locked_row(integration: Integration) -> Integration:
    rows = Integration.objects.select_for_update(of=("self",)).select_related("application")
    return rows.get(pk=integration.pk)  # type: ignore[no-any-return]


def _record(integration: Integration, actor: Actor, **details: Any) -> None:
    record_integration(EventType.IDM_INTEGRATION_UPDATE, integration, actor=actor, details=details)
