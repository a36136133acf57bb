"""Attempts with their documents, synchronisations and imports do not grow for ever; the newest, and every event, stay."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.events.models import Event
from apps.provisioning import retention, running, tasks
from apps.provisioning.models import Attempt, Import, ImportRow, Job, Synchronization
from apps.tenants.context import outside_tenants
from tests.provisioning.conftest import joins

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _thirty_days(settings):
    settings.ATTEMPT_DAYS, settings.ATTEMPTS_KEPT = 30, 3


def tried(job: Job, days_ago: int) -> Attempt:
    made = Attempt.objects.create(
        job=job, operation="update", outcome="passing", steps=[{"request": {"title": "Lead"}}]
    )
    Attempt.objects.filter(pk=made.pk).update(created_at=timezone.now() - dt.timedelta(days=days_ago))
    return made


def ages(job: Job) -> list[int]:
    return sorted((timezone.now() - each.created_at).days for each in Attempt.objects.filter(job=job))


def forget(company: Any) -> None:
    tasks.forget(str(company.integration.tenant_id))


def test_old_attempts_go_and_the_newest_of_each_job_stay_however_old(staffed):
    company = staffed()
    joins(company, "noah")
    company.work()
    Attempt.objects.all().delete()
    mia, noah = (Job.objects.get(resource_name=name) for name in ("Mia Example", "Noah Example"))
    for days in (1, 2, 29, 31, 40, 400):
        tried(mia, days)
    for days in (100, 200, 300, 400, 500):
        tried(noah, days)
    forget(company)
    assert ages(mia) == [1, 2, 29]
    assert ages(noah) == [100, 200, 300]


def test_what_is_young_stays_however_much_it_is(staffed):
    company = staffed()
    job = Job.objects.get()
    for _ in range(10):
        tried(job, 29)
    forget(company)
    assert len(ages(job)) == 11


def test_events_stay(staffed):
    company = staffed()
    before = list(Event.objects.values_list("pk", flat=True))
    Attempt.objects.update(created_at=timezone.now() - dt.timedelta(days=400))
    for _ in range(5):
        tried(Job.objects.get(), 300)
    forget(company)
    assert list(Event.objects.values_list("pk", flat=True)) == before
    assert Attempt.objects.count() == 3


def test_it_goes_in_portions_and_in_slices(staffed, monkeypatch):
    company = staffed()
    joins(company, "noah", "olga")
    company.work()
    for job in Job.objects.all():
        for _ in range(9):
            tried(job, 300)
    monkeypatch.setattr(retention, "CHUNK", 2)
    monkeypatch.setattr(retention, "JOBS", 1)
    monkeypatch.setattr(retention, "SLICE_SECONDS", 0.0)
    rung: list[str] = []
    monkeypatch.setattr(tasks.forget, "delay", lambda tenant_id, after: rung.append(after))
    with CaptureQueriesContext(connection) as queries:
        forget(company)
    assert Attempt.objects.count() == 30 - 7
    deleted = [each["sql"] for each in queries if "DELETE" in each["sql"]]
    assert len(deleted) == 4
    while rung:
        tasks.forget(str(company.integration.tenant_id), rung.pop())
    assert Attempt.objects.count() == 9


def test_synchronisations_that_are_over_go_but_not_the_newest(staffed, monkeypatch):
    company = staffed()
    monkeypatch.setattr(retention, "NEWEST", 2)
    for _ in range(3):
        running.synchronize(company.integration, actor=company.actor)
        company.work()
    running.synchronize(company.integration, actor=company.actor)
    Synchronization.objects.update(created_at=timezone.now() - dt.timedelta(days=31))
    forget(company)
    assert sorted(Synchronization.objects.values_list("state", flat=True)) == ["done", "done", "running"]


def test_imports_that_are_over_go_with_their_rows_but_not_the_newest(staffed):
    company = staffed()
    for number in range(3):
        run = Import.objects.create(integration=company.integration, state="ready", actor_name="Mira")
        ImportRow.objects.create(run=run, remote_id=str(number), name="Noah")
        Import.objects.filter(pk=run.pk).update(created_at=timezone.now() - dt.timedelta(days=40 - number))
    under_way = Import.objects.create(integration=company.integration, state="reading", actor_name="Mira")
    forget(company)
    assert set(Import.objects.values_list("pk", flat=True)) == {run.pk, under_way.pk}
    assert ImportRow.objects.count() == 1


def test_the_beat_rings_only_where_something_is_old(staffed, monkeypatch):
    company = staffed()
    rung: list[str] = []
    monkeypatch.setattr(tasks.forget, "delay", rung.append)
    with outside_tenants():
        tasks.forget_everywhere()
    assert rung == []
    tried(Job.objects.get(), 31)
    with outside_tenants():
        tasks.forget_everywhere()
    assert rung == [str(company.integration.tenant_id)]


def test_a_strangers_position_is_no_error(staffed):
    company = staffed()
    tasks.forget(str(company.integration.tenant_id), str(uuid.uuid4()))
