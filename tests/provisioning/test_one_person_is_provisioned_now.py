"""One person, before all others, by the same workers: the plan is what is sent, and every request is there to read (R22)."""

import datetime as dt

import pytest
from django.utils import timezone

from apps.directory import actions as directory
from apps.provisioning import engine, queries, running
from apps.provisioning.errors import ActivationRefused, IntegrationInvalid
from apps.provisioning.models import Attempt, Integration, JobState
from apps.provisioning.preview import preview_of
from tests.fakes.scim_target import TOKEN
from tests.provisioning.conftest import joins

pytestmark = pytest.mark.django_db


def test_the_plan_is_what_is_sent_in_one_cycle_and_every_request_is_kept(staffed):
    company = staffed()
    (noah,) = joins(company, "noah")
    row = preview_of(company.integration, noah.pk)
    assert row.operation == "create"
    job = running.provision_person(company.integration, noah, actor=company.actor)
    engine.work(company.integration.pk)  # the relay did not come by
    (attempt,) = job.tries.all()
    assert [step["method"] for step in attempt.steps] == ["GET", "POST"]
    assert attempt.steps[1]["request"] == row.document
    assert TOKEN not in str(attempt.steps)
    assert preview_of(company.integration, noah.pk).operation == "nothing"


def test_it_overtakes_everybody_else(staffed):
    company = staffed()
    Integration.objects.update(width=1)
    people = joins(company, *(f"p{number}" for number in range(20)))
    company.relay()
    running.provision_person(company.integration, people[-1], actor=company.actor)
    company.target.journal.clear()
    while not company.target.wrote():
        engine.work(company.integration.pk)
    posted = [asked.body["userName"] for asked in company.target.journal if asked.method == "POST"]
    assert posted[0] == "p19"


def test_who_lost_access_is_deactivated_at_once(staffed):
    company = staffed()
    directory.remove_member(company.engineering, company.mia, actor=company.actor)
    assert preview_of(company.integration, company.mia.pk).operation == "deactivate"
    running.provision_person(company.integration, company.mia, actor=company.actor)
    engine.work(company.integration.pk)
    assert company.target.active_names() == set()
    assert company.job(company.mia).state == JobState.DONE


def test_it_refuses_where_there_is_nothing_to_compare_or_nothing_is_sent(staffed):
    company = staffed()
    with pytest.raises(IntegrationInvalid):
        running.provision_person(company.integration, company.person("stranger"), actor=company.actor)
    running.pause_integration(company.integration, actor=company.actor)
    with pytest.raises(ActivationRefused):
        running.provision_person(company.integration, company.mia, actor=company.actor)


def test_the_hours_of_an_application_are_counted(staffed):
    company = staffed()
    job = company.job(company.mia)
    Attempt.objects.all().delete()
    for outcome in ("succeeded", "succeeded", "permanent"):
        Attempt.objects.create(job=job, operation="update", outcome=outcome)
    hours = queries.attempts_by_hour(company.integration, timezone.now() - dt.timedelta(hours=24))
    assert sum(number for _, fine, number in hours if fine) == 2
    assert sum(number for _, fine, number in hours if not fine) == 1
