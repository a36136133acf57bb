"""Our records of what an application holds: one row for each person and group that it knows by an id."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from apps.directory.models import Group, User
from apps.provisioning import directory_now
from apps.provisioning.models import Integration, Job, RemoteGroup, RemoteUser, ResourceKind
from apps.provisioning.plan import Account, RemoteTeam


@dataclass(frozen=True, slots=True)
class Other:
    """Somebody else (or another group) on record with the same id there; `is_here`: still in the directory."""

    name: str
    is_here: bool


def others_with(integration: Integration, job: Job, known: Account | RemoteTeam | None) -> list[Other]:
    rows = list(_others(integration, job, known.remote_id)) if known else []
    if not rows:
        return []
    ids = [row.user_id if isinstance(row, RemoteUser) else row.group_id for row in rows]
    directory = User if job.kind == ResourceKind.USER else Group
    here = set(directory.objects.filter(pk__in=ids).values_list("pk", flat=True))
    return [Other(row.name, row_id in here) for row, row_id in zip(rows, ids, strict=True)]


def _others(integration: Integration, job: Job, remote_id: str) -> Any:
    if job.kind == ResourceKind.USER:
        users = RemoteUser.objects.filter(integration=integration, remote_id=remote_id)
        return users.exclude(user_id=job.resource_id)
    groups = RemoteGroup.objects.filter(integration=integration, remote_id=remote_id)
    return groups.exclude(group_id=job.resource_id)


def forget_others(integration: Integration, job: Job, remote_id: str) -> None:
    """A person who was deleted here and came back as a new one takes up their old account."""
    _others(integration, job, remote_id).delete()


def take_charge(integration: Integration, user_ids: Collection[uuid.UUID]) -> None:
    """Imported accounts of people who are in a bound group by now are managed from here on, and for good."""
    imported = RemoteUser.objects.filter(integration=integration, user_id__in=user_ids, managed=False)
    imported.filter(user__in=directory_now.entitled(integration).values("pk")).update(managed=True)


def store(integration: Integration, job: Job, known: Account | RemoteTeam | None, *, linked: bool) -> None:
    """Nothing known any more: the row goes."""
    if job.kind == ResourceKind.USER:
        rows = RemoteUser.objects.filter(integration=integration, user_id=job.resource_id)
    else:
        rows = RemoteGroup.objects.filter(integration=integration, group_id=job.resource_id)
    if known is None:
        rows.delete()
        return
    fields = _fields(known) | {
        "name": job.resource_name[:255],
        "remote_id": known.remote_id,
        "last_success_at": timezone.now(),
    }
    if linked:
        fields["linked"] = True
    if rows.update(**fields):
        return
    if job.kind == ResourceKind.USER:
        RemoteUser.objects.create(integration=integration, user_id=job.resource_id, **fields)
    else:
        RemoteGroup.objects.create(integration=integration, group_id=job.resource_id, **fields)


def _fields(known: Account | RemoteTeam) -> dict[str, Any]:
    if isinstance(known, Account):
        return {"sent": dict(known.sent), "active": known.active, "deactivated_at": known.inactive_since}
    members = None if known.members is None else sorted(known.members)
    return {"sent": {"displayName": known.name, "members": members}, "managed": known.managed}
