"""What changed → whom to compare again. Runs in the relay's transaction, in bulk; says nothing about what to send."""

import uuid
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Q

from apps.applications.models import Assignment
from apps.directory.models import Membership, User
from apps.outbox import relay
from apps.outbox.models import Topic
from apps.provisioning import directory_now, jobs, synchronizations, tasks
from apps.provisioning.jobs import Owed
from apps.provisioning.models import (
    Integration,
    IntegrationState,
    Job,
    JobState,
    Priority,
    RemoteGroup,
    RemoteUser,
    ResourceKind,
)


def register() -> None:
    relay.subscribe(Topic.USER_CHANGED, users_changed)
    relay.subscribe(Topic.GROUP_CHANGED, groups_changed)
    relay.subscribe_paged(Topic.APPLICATION_CHANGED, application_changed)
    relay.subscribe_paged(Topic.INTEGRATION_CHANGED, integration_changed)
    relay.on_sweep(ring_for_due_work)


def users_changed(user_ids: Collection[uuid.UUID]) -> None:
    """Whoever has an account somewhere, and whoever is owed one now."""
    for integration in _running():
        _raise(_users_owed(integration, user_ids))
        if integration.groups_managed:
            _raise(_groups_of_leavers(integration, user_ids))
            _raise(_groups_that_lack(integration, user_ids))


def groups_changed(group_ids: Collection[uuid.UUID]) -> None:
    for integration in _running():
        if integration.groups_managed:
            _raise(_groups_owed(integration, group_ids))


def application_changed(application_id: uuid.UUID, position: str) -> str:
    integration = _running().filter(application_id=application_id).first()
    return str(_line_up(integration, Place.read(position)) or "") if integration else ""


def integration_changed(integration_id: uuid.UUID, position: str) -> str:
    """Everybody, because somebody said so or because it is set up in another way now."""
    integration = _running().filter(pk=integration_id).first()
    if integration is None:
        return ""
    asked_for = synchronizations.not_lined_up(integration)
    place = (
        Place.read(position) if position else Place(synchronization=str(asked_for.pk) if asked_for else "")
    )
    if not place.synchronization:
        return str(_line_up(integration, place) or "")
    if asked_for is None or str(asked_for.pk) != place.synchronization:
        return ""  # it was asked for anew since, and the entry of that begins with the first again
    further = _line_up(integration, place)
    synchronizations.lined_up(asked_for, all_of_them=further is None)
    return str(further or "")


def raise_person(integration: Integration, user_id: uuid.UUID) -> bool:
    """Before everybody else's; False where there is nothing to compare: no access and no account."""
    owed = [replace(one, priority=Priority.GROUP_FIRST) for one in _users_owed(integration, [user_id])]
    _raise(owed)
    return bool(owed)


def ring_for_due_work() -> None:
    """The sweeper: repairs a lost ring, a dead worker, a pause that is over."""
    for tenant_id, integration_id in jobs.integrations_due():
        tasks.ring(tenant_id, integration_id)


def _running() -> Any:
    """Quarantined ones too: what is owed is kept."""
    running = Integration.objects.exclude(state=IntegrationState.CONFIGURED)
    return running.select_related("application")


def _raise(owed: Iterable[Owed], synchronization: uuid.UUID | None = None) -> None:
    for integration_id in jobs.raise_jobs(owed, synchronization=synchronization):
        tasks.ring_on_commit(integration_id)


PAGE = 2000  # people in a transaction; each page is found by going through everybody once more
FIRST_PAGE = 200  # of a stage: its first people are at work while the next are found


@dataclass(frozen=True, slots=True)
class Place:
    """How far everybody is lined up: the stage, the last id of it, and the synchronisation that they are lined up for."""

    stage: int = 0
    after: str = ""
    synchronization: str = ""

    @classmethod
    def read(cls, position: str) -> "Place":
        stage, after, synchronization = position.split(":") if position else ("0", "", "")
        return cls(int(stage), after, synchronization)

    def __str__(self) -> str:
        return f"{self.stage}:{self.after}:{self.synchronization}"


def _line_up(integration: Integration, place: Place) -> Place | None:
    """One page, so that the first are at work while the others are lined up, and the memory of a worker does not grow with a company.

    From where to go on; None at the end. Who is left behind by a crash is lined up by the next relay.
    """
    synchronization = uuid.UUID(place.synchronization) if place.synchronization else None
    groups_first = integration.dialect.leaves_groups_first
    if place == replace(Place(), synchronization=place.synchronization) and groups_first:
        _line_up_groups(integration, synchronization)
    tasks.ring_on_commit(integration.pk)
    after = place.after
    for stage, (rows, name) in enumerate(_everybody(integration)):
        if stage < place.stage:
            continue
        size = PAGE if after else min(FIRST_PAGE, PAGE)
        ids = _page(rows, name, after, size)
        jobs.raise_jobs(_users_owed(integration, ids) if ids else (), synchronization=synchronization)
        if len(ids) == size:
            return Place(stage, str(ids[-1]), place.synchronization)
        after = ""
    if not groups_first:
        _line_up_groups(integration, synchronization)
    return None


def _line_up_groups(integration: Integration, synchronization: uuid.UUID | None) -> None:
    if integration.groups_managed:
        jobs.raise_jobs(_groups_owed(integration, None), synchronization=synchronization)


def _everybody(integration: Integration) -> Iterator[tuple[Any, str]]:
    """In stages, as (rows, whose column of them): who has an account and should have none, because losing access is what people wait
    for; who should have one; and about whom something is owed.
    """
    entitled = directory_now.entitled(integration)
    remotes, waiting = _known(integration)
    yield remotes.exclude(user_id__in=entitled.values("pk")), "user_id"
    yield entitled, "pk"
    others = waiting.exclude(resource_id__in=entitled.values("pk"))
    yield others.exclude(resource_id__in=remotes.values("user_id")), "resource_id"


def _page(rows: Any, name: str, after: str, size: int) -> list[uuid.UUID]:
    rows = rows.filter(**{f"{name}__gt": after}) if after else rows
    return list(rows.order_by(name).values_list(name, flat=True)[:size])


def _known(integration: Integration) -> tuple[Any, Any]:
    """(Accounts that are ours to manage, jobs that are not done), as querysets."""
    remotes = RemoteUser.objects.filter(integration=integration, managed=True)
    waiting = Job.objects.filter(integration=integration, kind=ResourceKind.USER).exclude(state=JobState.DONE)
    return remotes, waiting


def _users_owed(integration: Integration, only: Collection[uuid.UUID]) -> Iterator[Owed]:
    """The priority is what the plan will probably be."""
    found, entitled = directory_now.people_among(integration, only)
    people = {user_id: found[user_id].name for user_id in entitled}
    accounts = RemoteUser.objects.filter(integration=integration, managed=True, user_id__among=only)
    known = {
        user_id: (name, active) for user_id, name, active in accounts.values_list("user_id", "name", "active")
    }
    jobs = Job.objects.checked(integration=integration, kind=ResourceKind.USER).filter(
        resource_id__among=only
    )
    owed = jobs.exclude(state=JobState.DONE).values_list("resource_id", flat=True)
    for user_id in people.keys() | known.keys() | set(owed):
        name, active = known.get(user_id, ("", None))
        priority = _priority(user_id in people, active)
        removes = user_id not in people and active is True
        name = people.get(user_id, name)
        yield Owed(integration.pk, ResourceKind.USER, user_id, priority, name, removes)


def _priority(is_entitled: bool, is_active: bool | None) -> Priority:
    if not is_entitled:
        return Priority.DEACTIVATE
    if is_active is None:
        return Priority.CREATE
    return Priority.UPDATE if is_active else Priority.REACTIVATE


def _groups_owed(integration: Integration, only: Collection[uuid.UUID] | None) -> Iterator[Owed]:
    bound = Assignment.objects.filter(application=integration.application)
    managed = RemoteGroup.objects.filter(integration=integration, managed=True)
    if only is not None:
        bound, managed = bound.filter(group_id__in=only), managed.filter(group_id__in=only)
    names = dict(managed.values_list("group_id", "name")) | dict(bound.values_list("group_id", "group__name"))
    return _group_jobs(integration, names)


def _groups_of_leavers(integration: Integration, user_ids: Collection[uuid.UUID]) -> Iterator[Owed]:
    """Groups that name somebody who is entitled no more. A deleted person's memberships are gone: then all managed ones."""
    entitled = set(directory_now.entitled(integration).filter(pk__in=user_ids).values_list("pk", flat=True))
    leavers = set(
        RemoteUser.objects.filter(
            Q(user_id__in=user_ids) & ~Q(user_id__in=entitled), integration=integration, active=True
        ).values_list("user_id", flat=True)
    )
    if not leavers:
        return iter(())
    if len(leavers) > User.objects.filter(pk__in=leavers).count():
        return _groups_owed(integration, None)
    groups = Membership.objects.filter(user_id__in=leavers).values_list("group_id", flat=True)
    return _groups_owed(integration, set(groups))


def _groups_that_lack(integration: Integration, user_ids: Collection[uuid.UUID]) -> Iterator[Owed]:
    """Groups that somebody left there whose account has been active all along (it was kept, or its deactivation refused), and
    who is entitled again: nothing has to be done about the account, so nothing else would lead to them.
    """
    entitled = directory_now.entitled(integration).filter(pk__in=user_ids).values("pk")
    accounts = dict(
        RemoteUser.objects.filter(integration=integration, active=True, user__in=entitled).values_list(
            "user_id", "remote_id"
        )
    )
    members = list(Membership.objects.filter(user_id__in=accounts).values_list("group_id", "user_id"))
    managed = RemoteGroup.objects.filter(
        integration=integration, managed=True, group_id__in={group_id for group_id, _ in members}
    )
    there = {group_id: sent.get("members") for group_id, sent in managed.values_list("group_id", "sent")}
    known = {group_id: set(ids) for group_id, ids in there.items() if ids is not None}
    lacking = {
        group_id
        for group_id, user_id in members
        if group_id in known and accounts[user_id] not in known[group_id]
    }
    return _groups_owed(integration, lacking) if lacking else iter(())


def _group_jobs(integration: Integration, names: dict[uuid.UUID, str]) -> Iterator[Owed]:
    priority = jobs.group_priority(integration)
    for group_id, name in names.items():
        yield Owed(integration.pk, ResourceKind.GROUP, group_id, priority, name)
