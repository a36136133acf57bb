"""What every provisioned person writes to has no index twice, and what is asked of it all the time still finds one."""

import uuid

import pytest
from django.db import connection, transaction
from django.utils import timezone

from apps.events.models import Event
from apps.outbox.models import Entry
from apps.provisioning.models import Attempt, Job, JobState, RemoteGroup, RemoteUser, ResourceKind

pytestmark = pytest.mark.django_db
SOME = [uuid.UUID(int=number) for number in range(1, 4)]
HOT = {
    "claim": lambda: Job.objects.filter(
        integration=SOME[0], state=JobState.PENDING, next_at__lte=timezone.now()
    ).order_by("priority", "next_at")[:100],
    "wake": lambda: Job.objects.filter(integration=SOME[0], state=JobState.DONE, next_at__lte=timezone.now()),
    "leases": lambda: Job.objects.filter(id__among=SOME, lease_token=SOME[0], state=JobState.RUNNING),
    "raise": lambda: Job.objects.filter(integration=SOME[0], kind=ResourceKind.USER, resource_id__among=SOME),
    "jobs of an integration": lambda: Job.objects.filter(integration=SOME[0]),
    "accounts of people": lambda: RemoteUser.objects.filter(integration=SOME[0], user_id__among=SOME),
    "people on accounts": lambda: RemoteUser.objects.filter(integration=SOME[0], remote_id__among=["a", "b"]),
    "accounts of one person": lambda: RemoteUser.objects.filter(user_id=SOME[0]),
    "accounts of an integration": lambda: RemoteUser.objects.filter(integration=SOME[0]),
    "groups of an integration": lambda: RemoteGroup.objects.filter(integration=SOME[0]),
    "attempts of a job": lambda: Attempt.objects.filter(job=SOME[0]),
    "old attempts": lambda: Attempt.objects.filter(created_at__lt=timezone.now()).order_by(),
    "newest events": lambda: Event.objects.all()[:50],
    "events of a tenant": lambda: Event.objects.filter(success=False).order_by(),
    "oldest entries": lambda: Entry.objects.order_by("created_at", "id")[:100],
}


def plan_of(rows):
    """With whole tables made dear: these are empty, and whoever reads an empty one needs no index."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        return rows.explain()


@pytest.mark.parametrize("asked", HOT)
def test_what_is_asked_all_the_time_finds_an_index(inside, asked):
    rows = HOT[asked]()
    table = rows.model._meta.db_table
    plan = plan_of(rows)
    assert "Index" in plan or f"SEARCH {table} USING" in plan or f"SCAN {table} USING INDEX" in plan, plan
    assert "Seq Scan" not in plan, plan


def test_the_plan_says_so_when_there_is_none(inside):
    plan = plan_of(Job.unscoped.filter(last_error="x").order_by())
    assert "Seq Scan" in plan or "SCAN provisioning_job" in plan
    assert "USING" not in plan


@pytest.mark.parametrize("model", [Job, Attempt, RemoteUser, RemoteGroup, Event])
def test_no_index_is_the_beginning_of_another(db, model):
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, model._meta.db_table).values()
    whole = [each["columns"] for each in found if (each["index"] or each["unique"]) and each["columns"]]
    partial = [["integration_id", "priority", "next_at"]]  # job_due, of pending ones alone
    columns = [each for each in whole if each not in partial]
    idle = [
        each
        for place, each in enumerate(columns)
        if any(
            other[: len(each)] == each and (len(other) > len(each) or before < place)
            for before, other in enumerate(columns)
            if before != place
        )
    ]
    assert idle == []


def test_the_share_of_failures_finds_one_too(inside):
    rows = Attempt.objects.filter(job__integration=SOME[0], created_at__gte=timezone.now()).order_by()
    plan = plan_of(rows)
    assert "Seq Scan" not in plan
    assert "SCAN provisioning_attempt" not in plan.replace("SCAN provisioning_attempt USING INDEX", "")
