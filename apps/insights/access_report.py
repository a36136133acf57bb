"""
Who can reach which application, and why: for the people who review access. Reads only; everything in the tenant in context.

Whoever is on it may sign on now, or could if what the row names were mended (`obstacle`); whoever is in no bound group is not on it.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Max

from apps.applications.models import Application, Assignment
from apps.directory.models import Membership, User
from apps.events.models import Event
from apps.events.types import EventType
from apps.insights.obstacles import obstacles
from apps.lib.language import for_the_record
from apps.lib.moments import in_utc
from apps.provisioning.models import RemoteUser

CHUNK = 500
COLUMNS = (
    "application",
    "username",
    "email",
    "name",
    "user_groups",
    "since",
    "can_sign_on",
    "obstacle",
    "account",
    "last_sign_on",
)


@dataclass(frozen=True, slots=True)
class Access:
    """`groups` are those of the person's that open it; `since` is when the first of them did. `account` is active, inactive or "";
    `last_sign_on` is the last one that the event log still has.
    """

    application: Application
    person: User
    groups: list[str]
    since: dt.datetime | None
    obstacle: str
    account: str
    last_sign_on: dt.datetime | None


def people_of(application: Application) -> Any:
    """QuerySet of everybody whom a bound group gives it, by name."""
    theirs = Membership.objects.filter(group__assignments__application=application).values("user")
    return User.objects.filter(pk__in=theirs).order_by("username_key", "pk")


def access_of(application: Application, people: Sequence[User]) -> list[Access]:
    """Four queries, however many people: some of people_of(application), in their order."""
    if not people:
        return []
    ids = [person.pk for person in people]
    giving, accounts, last = _giving(application, ids), _accounts(application, ids), _last(application, ids)
    return [
        Access(
            application,
            person,
            [name for name, _since in giving.get(person.pk, [])],
            min((since for _name, since in giving.get(person.pk, [])), default=None),
            next(obstacles(person, application), ""),
            accounts.get(person.pk, ""),
            last.get(str(person.pk)),
        )
        for person in people
    ]


def everything(applications: Iterable[Application]) -> Iterator[Access]:
    """Row after row, so that the number of people does not matter; in the log's language."""
    for application in applications:
        people = people_of(application)
        ids = list(people.values_list("pk", flat=True))
        for start in range(0, len(ids), CHUNK):
            with for_the_record():
                rows = access_of(application, list(people.filter(pk__in=ids[start : start + CHUNK])))
            yield from rows


def as_row(access: Access) -> list[str]:
    """The values of COLUMNS; times are UTC (ISO 8601)."""
    person = access.person
    return [
        access.application.display_label,
        person.username,
        person.email,
        str(person),
        "; ".join(access.groups),
        _utc(access.since),
        "false" if access.obstacle else "true",
        access.obstacle,
        access.account,
        _utc(access.last_sign_on),
    ]


def as_document(access: Access) -> dict[str, Any]:
    """The same for programs, with the ids; in the log's language."""
    with for_the_record():
        row: dict[str, Any] = dict(zip(COLUMNS, as_row(access), strict=True))
    row |= {name: row[name] or None for name in ("since", "last_sign_on")}
    row |= {"user_groups": access.groups, "can_sign_on": not access.obstacle}
    return {"application_id": str(access.application.pk), "user_id": str(access.person.pk)} | row


def _utc(moment: dt.datetime | None) -> str:
    return in_utc(moment, "seconds") if moment else ""


def _giving(application: Application, people: list[UUID]) -> dict[UUID, list[tuple[str, dt.datetime]]]:
    """Person → (group, since when both the membership and the assignment stand)."""
    bound = dict(Assignment.objects.filter(application=application).values_list("group", "created_at"))
    rows = Membership.objects.filter(user__in=people, group__in=list(bound)).order_by("group__name_key")
    found: dict[UUID, list[tuple[str, dt.datetime]]] = {}
    for user_id, group_id, name, joined in rows.values_list("user", "group", "group__name", "created_at"):
        found.setdefault(user_id, []).append((name, max(joined, bound[group_id])))
    return found


def _accounts(application: Application, people: list[UUID]) -> dict[UUID, str]:
    rows = RemoteUser.objects.filter(integration__application=application, user_id__in=people)
    return {
        user: "active" if active else "inactive" for user, active in rows.values_list("user_id", "active")
    }


def _last(application: Application, people: list[UUID]) -> dict[str, dt.datetime]:
    rows = Event.objects.filter(
        type=EventType.SSO_AUTH,
        application_id=str(application.pk),
        actor_id__in=[str(each) for each in people],
        success=True,
    )
    return dict(rows.order_by().values_list("actor_id").annotate(Max("created_at")))
