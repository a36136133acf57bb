"""Numbers over all organisations, for the operators. Counted, never shown: no name of anybody's leaves its organisation."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Min, Q
from django.utils import timezone

from apps.applications.models import Application
from apps.directory.models import User
from apps.mail.models import Letter
from apps.outbox.models import Entry
from apps.provisioning.models import Integration, IntegrationState, Job, JobState
from apps.saml.models import KeyPair
from apps.tenants.context import every_tenant

SOON = dt.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Waiting:
    """`oldest` is since when something waits, None where nothing does."""

    number: int
    oldest: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Everywhere:
    outbox: Waiting
    jobs: Waiting
    letters: Waiting
    quarantined: int
    expired: int
    expiring: int


def people_and_applications(tenant_ids: list[UUID]) -> dict[UUID, tuple[int, int]]:
    """Tenant → (people, applications)."""
    with every_tenant():
        people, applications = (
            dict(
                model.unscoped.filter(tenant__in=tenant_ids)
                .order_by()
                .values_list("tenant")
                .annotate(Count("pk"))
            )
            for model in (User, Application)
        )
    return {one: (people.get(one, 0), applications.get(one, 0)) for one in tenant_ids}


def everywhere() -> Everywhere:
    """Of organisations that are not suspended: what those owe waits on purpose."""
    now = timezone.now()
    open_ = Q(tenant__active=True)
    pairs = KeyPair.unscoped.filter(open_, state=KeyPair.State.ACTIVE, application__active=True)
    quarantined = Integration.unscoped.filter(open_, state=IntegrationState.QUARANTINED)
    due = Job.unscoped.filter(open_, state=JobState.PENDING, next_at__lte=now)
    with every_tenant():
        return Everywhere(
            outbox=_waiting(Entry.unscoped.filter(open_), "created_at"),
            jobs=_waiting(due, "next_at"),
            letters=_waiting(Letter.unscoped.filter(open_, next_at__lte=now), "next_at"),
            quarantined=quarantined.count(),
            expired=pairs.filter(not_after__lte=now).count(),
            expiring=pairs.filter(not_after__gt=now, not_after__lte=now + SOON).count(),
        )


def _waiting(rows: Any, field: str) -> Waiting:
    found = rows.order_by().aggregate(number=Count("pk"), oldest=Min(field))
    return Waiting(found["number"], found["oldest"])
