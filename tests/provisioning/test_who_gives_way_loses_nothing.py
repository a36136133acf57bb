"""PostgreSQL ends one of two transactions that wait for each other. A worker whose transaction that was goes on, and keeps its lease.

These really wait for each other: another connection holds one row and wants the one that the worker has written.
"""

import threading
import time
import uuid
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.db.models import F

from apps.lib import transactions
from apps.outbox import relay
from apps.outbox.models import Entry
from apps.provisioning import engine, jobs, recording, subscriptions, tasks
from apps.provisioning.conversation import Report
from apps.provisioning.imports import actions as imports
from apps.provisioning.imports import taking_in
from apps.provisioning.imports import work as import_work
from apps.provisioning.models import (
    Comparison,
    Import,
    ImportRow,
    Job,
    JobState,
    PreparedPlan,
)
from apps.provisioning.nightly import comparing
from apps.provisioning.plans import actions as plans
from apps.provisioning.plans import work as plan_work
from apps.tenants.context import in_tenant
from tests.provisioning.conftest import joins

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        "connection.vendor != 'postgresql'", reason="deadlocks are PostgreSQL's; bin/test --services has one"
    ),
]

WAITS = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid = %s"


class Other:
    """Another connection. It holds `first`, and wants `second` as soon as the worker waits for `first`."""

    def __init__(self, tenant: Any, first: uuid.UUID, second: uuid.UUID) -> None:
        self.tenant, self.first, self.second = tenant, first, second
        self.touched, self.passed = 0, 0
        self.holds = threading.Event()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (self.worker,) = cursor.fetchone()
        self.thread = threading.Thread(target=self._stand_in_the_way)
        self.thread.start()
        assert self.holds.wait(30)

    def _stand_in_the_way(self) -> None:
        with in_tenant(self.tenant), transaction.atomic(), connection.cursor() as cursor:
            Job.objects.select_for_update().get(pk=self.first)
            self.holds.set()
            ends = time.monotonic() + 30
            while time.monotonic() < ends:
                cursor.execute(WAITS, [self.worker])
                if cursor.fetchone()[0]:
                    break
                time.sleep(0.02)
            Job.objects.select_for_update().get(pk=self.second)
        connection.close()

    def touch(self, *_: Any, **__: Any) -> None:
        """What the worker's transaction does, in the other order."""
        self.touched += 1
        for pk in (self.second, self.first):
            Job.objects.filter(pk=pk).update(last_error=F("last_error"))
        self.passed += 1


@pytest.fixture
def company(staffed) -> Any:
    """Two jobs that others are at odds about."""
    company = staffed()
    company.ann, company.ben = joins(company, "ann", "ben")
    company.work()
    return company


@pytest.fixture
def other(company, inside) -> Any:
    standing = Other(inside, *(company.job(each).pk for each in (company.ann, company.ben)))
    yield standing
    standing.thread.join(30)
    assert not standing.thread.is_alive()
    assert standing.passed == 1


@pytest.fixture
def gives_up_at_once(monkeypatch):
    """The control: no second attempt."""
    monkeypatch.setattr(transactions, "MOST_ATTEMPTS", 1)


def at_odds(monkeypatch: Any, other: Other, place: Any, name: str) -> None:
    """Within the transaction that calls it."""
    right = getattr(place, name)

    def both(*arguments: Any, **options: Any) -> Any:
        other.touch()
        return right(*arguments, **options)

    monkeypatch.setattr(place, name, both)


def test_the_relay(company, other, monkeypatch):
    at_odds(monkeypatch, other, subscriptions, "_running")
    company.person("carl")
    assert relay.drain() > 0
    assert other.touched == 2
    assert not Entry.objects.exists()


def test_a_claim(company, other, monkeypatch):
    joins(company, "carl")
    company.relay()
    at_odds(monkeypatch, other, jobs, "_wake")
    (job,) = jobs.claim(company.integration, 10, uuid.uuid4())
    assert (Job.objects.get(pk=job.id).state, other.touched) == (JobState.RUNNING, 2)


def test_recording(company, other, monkeypatch):
    joins(company, "carl")
    company.relay()
    token = uuid.uuid4()
    claimed = jobs.claim(company.integration, 10, token)
    at_odds(monkeypatch, other, recording, "_raise_groups")
    assert recording.record_reports(company.integration, token, {job: Report(None) for job in claimed}) == {}
    assert other.touched == 2
    assert company.job(company.ann).state == JobState.DONE
    assert not Job.objects.filter(state=JobState.RUNNING).exists()


def test_the_nightly_comparison(company, other, monkeypatch):
    Comparison.objects.update_or_create(
        integration=company.integration, defaults={"next_at": company.integration.created_at}
    )
    at_odds(monkeypatch, other, jobs, "raise_jobs")
    assert not comparing.work(company.integration.pk)
    comparison = Comparison.objects.get()
    assert (comparison.last_compared, comparison.lease_token, other.touched) == (3, None, 2)


def test_an_import(company, other, monkeypatch):
    run = Import.objects.create(
        integration=company.integration, base_url=company.integration.base_url, state="ready"
    )
    ImportRow.objects.create(
        run=run,
        remote_id="77",
        name="Dora",
        user_name="dora",
        email="dora@example.com",
        email_key="dora@example.com",
        fields={"username": "dora", "email": "dora@example.com"},
    )
    imports.select_rows(run, None, actor=company.actor)
    at_odds(monkeypatch, other, taking_in, "_record")
    import_work.work(run.pk)
    run.refresh_from_db()
    assert (run.state, run.created, run.lease_token) == ("ready", 1, None)
    assert other.touched >= 2


def test_a_plan(company, other, monkeypatch):
    monkeypatch.setattr(plans.tasks, "ring", lambda *_: None)
    plan = plans.prepare(company.integration)
    at_odds(monkeypatch, other, plan_work, "insert_rows")
    plan_work.work(plan.pk)
    plan = PreparedPlan.objects.get()
    assert (plan.compared, plan.lease_token, other.touched) == (3, None, 2)
    assert plan.ready_at is not None


IN_ORDER = """WITH one AS (UPDATE provisioning_job SET last_error = 'touched' WHERE id = %s RETURNING id)
    UPDATE provisioning_job SET last_error = 'touched' FROM one WHERE provisioning_job.id = %s"""


def test_a_single_statement_of_a_task(company, inside, other, monkeypatch):
    def statement(_: uuid.UUID) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(IN_ORDER, [other.second, other.first])
        other.passed += 1
        return False

    monkeypatch.setattr(engine, "work", statement)
    tasks.work(str(inside.pk), str(company.integration.pk))
    assert Job.objects.filter(last_error="touched").count() == 2


@pytest.mark.usefixtures("gives_up_at_once")
def test_without_a_second_attempt_it_is_an_error(company, inside, monkeypatch):
    """Negative control: the others really were in each other's way."""
    standing = Other(inside, *(company.job(each).pk for each in (company.ann, company.ben)))
    at_odds(monkeypatch, standing, subscriptions, "_running")
    company.person("carl")
    with pytest.raises(OperationalError, match="deadlock"):
        relay.drain()
    standing.thread.join(30)
    assert (standing.touched, standing.passed) == (1, 0)
    assert Entry.objects.exists()  # owed still
