"""What every provisioned person writes to has no index twice, and what is asked of it all the time still finds one."""

import uuid

import pytest
from django.db import connection, transaction
from django.utils import timezone

from apps.directory.models import User
from apps.events.models import Event
from apps.outbox.models import Entry
from apps.provisioning.models import Attempt, Job, JobState, RemoteGroup, RemoteUser, ResourceKind
from apps.scim.models import ExternalIdentity, ReceivedRequest
from apps.scim.recording import old_requests

pytestmark = pytest.mark.django_db
SOME = [uuid.UUID(int=number) for number in range(1, 4)]
HOT = {
    "claim": lambda: Job.objects.filter(
        integration=SOME[0], state=JobState.PENDING, next_at__lte=timezone.now()
    ).order_by("priority", "next_at")[:100],
    "wake": lambda: Job.objects.filter(integration=SOME[0], state=JobState.DONE, next_at__lte=timezone.now()),
    "leases": lambda: Job.objects.filter(id__among=SOME, lease_token=SOME[0], state=JobState.RUNNING),
    "raise": lambda: Job.objects.filter(integration=SOME[0], kind=ResourceKind.USER, resource_id__among=SOME),
    "jobs of a person": lambda: Job.objects.filter(kind=ResourceKind.USER, resource_id=SOME[0]),
    "jobs of an integration": lambda: Job.objects.filter(integration=SOME[0]),
    "accounts of people": lambda: RemoteUser.objects.filter(integration=SOME[0], user_id__among=SOME),
    "people on accounts": lambda: RemoteUser.objects.filter(integration=SOME[0], remote_id__among=["a", "b"]),
    "accounts of one person": lambda: RemoteUser.objects.filter(user_id=SOME[0]),
    "accounts of an integration": lambda: RemoteUser.objects.filter(integration=SOME[0]),
    "groups of an integration": lambda: RemoteGroup.objects.filter(integration=SOME[0]),
    "attempts of a job": lambda: Attempt.objects.filter(job=SOME[0]),
    "old attempts": lambda: Attempt.objects.filter(created_at__lt=timezone.now()).order_by(),
    "newest events": lambda: Event.objects.all()[:50],
    "events of one type": lambda: Event.objects.filter(type="sso_auth")[:50],
    "failures": lambda: Event.objects.filter(success=False)[:50],
    "failures of an actor": lambda: Event.objects.filter(actor_id="a", success=False)[:50],
    "failures about a person": lambda: Event.objects.filter(target_kind="user", target_id="a", success=False)[
        :50
    ],
    "events from one address": lambda: Event.objects.filter(client_ip="::1")[:50],
    "memberships of a group": lambda: Event.objects.filter(group_id="a")[:50],
    "events of a tenant": lambda: Event.objects.filter(success=False).order_by(),
    "people of a tenant": lambda: User.objects.filter(active=False).order_by(),
    "people of a source": lambda: ExternalIdentity.objects.filter(source=SOME[0]).order_by(),
    "requests of a source": lambda: ReceivedRequest.objects.filter(source=SOME[0])[:50],
    "old requests": lambda: old_requests().order_by(),
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


def test_some_people_of_a_source_are_looked_up_one_by_one(inside):
    plan = plan_of(ExternalIdentity.objects.filter(source=SOME[0], user__among=SOME).order_by())
    assert "identity_once" in plan or "sqlite_autoindex" in plan or "user_id" in plan, plan
    assert "tenant_id=?)" not in plan, plan


def test_the_plan_says_so_when_there_is_none(inside):
    plan = plan_of(Job.unscoped.filter(last_error="x").order_by())
    assert "Seq Scan" in plan or "SCAN provisioning_job" in plan
    assert "USING" not in plan


@pytest.mark.parametrize(
    "model", [Job, Attempt, RemoteUser, RemoteGroup, Event, Entry, User, ExternalIdentity, ReceivedRequest]
)
def test_no_index_is_the_beginning_of_another(db, model):
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, model._meta.db_table).values()
    whole = [each["columns"] for each in found if (each["index"] or each["unique"]) and each["columns"]]
    partial = [
        ["integration_id", "priority", "next_at"],
        ["tenant_id", "created_at"],
        ["tenant_id", "actor_id", "created_at"],
        ["tenant_id", "target_kind", "target_id", "created_at"],
        ["tenant_id", "email_key"],
    ]  # of pending jobs, of failures alone (three), of people who have their address for themselves
    columns = [each for each in whole if each not in partial or model is Entry]
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
