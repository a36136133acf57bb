"""What is kept for people to read, and for how long. Events are the log and stay; attempts hold whole documents, and go.

An attempt goes when it is older than ATTEMPT_DAYS and not among the newest ATTEMPTS_KEPT of its job: whatever became of somebody last can
be looked at however long ago it was. Synchronisations and imports that are over go by age alone, but the newest stay. A plan for many
people holds their documents and is out of date soon: it goes after a day.
"""

import time
import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from apps.provisioning.models import (
    Attempt,
    Import,
    ImportRow,
    ImportState,
    Integration,
    Job,
    PlannedChange,
    PreparedPlan,
    Synchronization,
    SynchronizationState,
)
from apps.tenants.context import every_tenant

JOBS = 200  # looked at in one step
CHUNK = 1000  # rows deleted in one statement
SLICE_SECONDS = 5.0
NEWEST = 20  # synchronisations, and imports, of each integration


def tenants_with_old() -> list[str]:
    """Across tenants, for the beat alone."""
    rows = (
        Attempt.unscoped.filter(created_at__lt=_cutoff()),
        Synchronization.unscoped.filter(created_at__lt=_cutoff()),
        Import.unscoped.filter(created_at__lt=_cutoff()),
        PreparedPlan.unscoped.filter(created_at__lt=_yesterday(), synchronization=None),
    )
    with every_tenant():
        return sorted(
            {
                str(each)
                for found in rows
                for each in found.order_by().values_list("tenant_id", flat=True).distinct()
            }
        )


def forget_attempts(after: uuid.UUID | None = None) -> uuid.UUID | None:
    """For a slice of time, in the order of the jobs' ids; the last job that was looked at, None when there are no more."""
    ends = time.monotonic() + SLICE_SECONDS
    old = Attempt.objects.filter(created_at__lt=_cutoff())
    jobs = Job.objects.filter(Exists(old.filter(job=OuterRef("pk")))).order_by("pk")
    while page := list((jobs.filter(pk__gt=after) if after else jobs).values_list("pk", flat=True)[:JOBS]):
        # The newest are counted before the age is looked at: hence the query within.
        rank = Window(RowNumber(), partition_by=F("job"), order_by=[F("created_at").desc(), F("id").desc()])
        ranked = Attempt.objects.filter(job__in=page).order_by().annotate(rank=rank)
        beyond = ranked.filter(rank__gt=settings.ATTEMPTS_KEPT).values("pk")
        _delete(Attempt.objects.filter(pk__in=beyond, created_at__lt=_cutoff()), Attempt)
        after = page[-1]
        if time.monotonic() >= ends:
            return after
    return None


def forget_runs() -> None:
    """Synchronisations and imports that are over, and plans that nobody looks at any more."""
    forget_plans(PreparedPlan.objects.filter(created_at__lt=_yesterday(), synchronization=None))
    for integration in Integration.objects.order_by("pk"):
        over = Synchronization.objects.filter(integration=integration).exclude(
            state__in=[SynchronizationState.PLANNING, SynchronizationState.RUNNING]
        )
        _delete(over.filter(created_at__lt=_cutoff()).exclude(pk__in=_newest(over)), Synchronization)
        read = Import.objects.filter(
            integration=integration, state__in=[ImportState.READY, ImportState.FAILED]
        )
        runs = list(read.filter(created_at__lt=_cutoff()).exclude(pk__in=_newest(read)[:1]))
        _delete(ImportRow.objects.filter(run__in=runs), ImportRow)
        _delete(Import.objects.filter(pk__in=[run.pk for run in runs]), Import)


def forget_plans(plans: Any) -> None:
    """A thousand of their rows at a time, however many there are."""
    ids = list(plans.order_by().values_list("pk", flat=True))
    _delete(PlannedChange.objects.filter(plan__in=ids), PlannedChange)
    _delete(PreparedPlan.objects.filter(pk__in=ids), PreparedPlan)


def _newest(rows: Any) -> list[uuid.UUID]:
    return list(rows.order_by("-created_at", "-id").values_list("pk", flat=True)[:NEWEST])


def _delete(rows: Any, model: Any) -> None:
    """A thousand at a time: no statement holds its locks for a year's rows."""
    while ids := list(rows.order_by().values_list("pk", flat=True)[:CHUNK]):
        model.objects.filter(pk__in=ids).delete()


def _cutoff() -> Any:
    return timezone.now() - timedelta(days=settings.ATTEMPT_DAYS)


def _yesterday() -> Any:
    return timezone.now() - timedelta(days=1)
