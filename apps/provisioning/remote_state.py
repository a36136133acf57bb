"""Our records of what an application holds: one row for each person and group that it knows by an id."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from apps.directory.models import Group, User
from apps.provisioning import directory_now
from apps.provisioning.claimed import Claimed
from apps.provisioning.conversation import Report
from apps.provisioning.models import Integration, RemoteGroup, RemoteUser, ResourceKind
from apps.provisioning.plan import Account, RemoteTeam
from apps.tenants.bulk import insert_rows, new_ids

FRESH = {"create", "link"}


@dataclass
class NewlyKnown:
    """Accounts (and groups) that were made or found just now, whose ids others here may have on record.

    `taken`: by somebody who is still in the directory, with their name. `twice`: by two of these at once, and not the first.
    """

    taken: dict[Claimed, str] = field(default_factory=dict)
    twice: list[Claimed] = field(default_factory=list)
    former: list[RemoteUser | RemoteGroup] = field(default_factory=list)

    @classmethod
    def of(cls, integration: Integration, reports: Mapping[Claimed, Report]) -> "NewlyKnown":
        found = cls()
        for kind in ResourceKind:
            fresh: dict[str, Claimed] = {}
            for job, report in reports.items():
                if job.kind != kind or report.known is None or not _is_fresh(report):
                    continue
                if report.known.remote_id in fresh:
                    found.twice.append(job)
                else:
                    fresh[report.known.remote_id] = job
            found._look(integration, kind, fresh)
        return found

    def _look(self, integration: Integration, kind: ResourceKind, fresh: dict[str, Claimed]) -> None:
        remotes, directory = (RemoteUser, User) if kind == ResourceKind.USER else (RemoteGroup, Group)
        rows = (
            remotes.objects.checked(integration=integration).filter(remote_id__among=list(fresh))
            if fresh
            else []
        )
        others = [row for row in rows if _resource_id(row) != fresh[row.remote_id].resource_id]
        if not others:
            return
        here = directory.objects.filter(pk__in=[_resource_id(row) for row in others])
        still_here = set(here.values_list("pk", flat=True))
        for row in others:
            if _resource_id(row) in still_here:
                self.taken[fresh[row.remote_id]] = row.name
            else:
                self.former.append(row)

    def forget_former(self) -> None:
        """A person who was deleted here and came back as a new one takes up their old account."""
        for row in self.former:
            row.delete()


def _is_fresh(report: Report) -> bool:
    return any(done.operation in FRESH for done in report.done)


def _resource_id(row: RemoteUser | RemoteGroup) -> uuid.UUID:
    found: uuid.UUID = row.user_id if isinstance(row, RemoteUser) else row.group_id
    return found


def take_charge(integration: Integration, states: Iterable[directory_now.UserNow]) -> None:
    """Imported accounts of people who are in a bound group by now are managed from here on, and for good."""
    if ids := [state.user_id for state in states if state.joins]:
        RemoteUser.objects.filter(integration=integration, user_id__among=ids).update(managed=True)


def store(integration: Integration, reports: Mapping[Claimed, Report]) -> None:
    """What each application's answer left us knowing; where that is nothing any more the row goes."""
    ids = new_ids()
    for kind, model, resource in (
        (ResourceKind.USER, RemoteUser, "user"),
        (ResourceKind.GROUP, RemoteGroup, "group"),
    ):
        of_kind = {job: report for job, report in reports.items() if job.kind == kind}
        gone = [job.resource_id for job, report in of_kind.items() if report.known is None]
        if gone:
            model.objects.filter(integration=integration, **{f"{resource}_id__in": gone}).delete()
        for linked in (False, True):
            rows = [
                {"id": next(ids), f"{resource}_id": job.resource_id, **_fields(job, report)}
                for job, report in of_kind.items()
                if report.known is not None and _is_linked(report) == linked
            ]
            common = {"integration_id": integration.pk, "linked": linked, "last_success_at": timezone.now()}
            changing = [*CHANGING[kind], *(["linked"] if linked else [])]
            insert_rows(model, rows, common=common, unique=["integration", resource], update=changing)


def _is_linked(report: Report) -> bool:
    return any(done.operation == "link" for done in report.done)


CHANGING = {
    ResourceKind.USER: ("name", "remote_id", "sent", "active", "deactivated_at", "last_success_at"),
    ResourceKind.GROUP: ("name", "remote_id", "sent", "managed", "last_success_at"),
}


def _fields(job: Claimed, report: Report) -> dict[str, Any]:
    known = report.known
    told: dict[str, Any] = {"name": job.resource_name[:255]}
    if isinstance(known, Account):
        sent, since = dict(known.sent), known.inactive_since
        return told | {
            "remote_id": known.remote_id,
            "sent": sent,
            "active": known.active,
            "deactivated_at": since,
        }
    if isinstance(known, RemoteTeam):
        members = None if known.members is None else sorted(known.members)
        team = {"displayName": known.name, "members": members}
        return told | {"remote_id": known.remote_id, "sent": team, "managed": known.managed}
    return told
