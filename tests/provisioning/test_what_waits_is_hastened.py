"""An application that answers again: who waits because it did not is tried soon, in portions, and nobody for ever."""

import pytest

from apps.directory import actions as directory
from apps.provisioning import health, jobs
from apps.provisioning.models import Integration, Job, JobState
from tests.fakes.scim_target import Fault
from tests.provisioning.conftest import joins, later

pytestmark = pytest.mark.django_db

PEOPLE = 12
DOWN = {"status": 500, "body": b"down", "method": "GET"}  # nothing is in doubt: it was only asked


@pytest.fixture
def waiting(staffed):
    """Twelve whose requests failed ten times, and who wait for a quarter of an hour; the application is well again."""
    company = staffed()
    company.people = joins(company, *(f"p{number}" for number in range(PEOPLE)))
    company.relay()
    with later(minutes=15) as _:
        soon = jobs.timezone.now()
    Job.objects.filter(resource_id__in=[each.pk for each in company.people]).update(
        state=JobState.PENDING, attempts=10, next_at=soon
    )
    return company


def answers(company):
    """A change of somebody else's arrives."""
    directory.update_user(company.mia, actor=company.actor, job_title="Lead")
    company.work()


def test_the_first_answer_makes_those_that_wait_due(waiting):
    answers(waiting)
    assert len(waiting.target.active_names()) == PEOPLE + 1
    assert not Job.objects.exclude(state=JobState.DONE).exists()
    assert set(Job.objects.values_list("hastened", flat=True)) == {0}


def test_without_it_they_would_wait_on(waiting, monkeypatch):
    """Negative control."""
    monkeypatch.setattr(jobs, "hasten", lambda *_: 0)
    answers(waiting)
    assert len(waiting.target.active_names()) == 1


def test_in_portions_and_the_next_only_when_those_were_answered(waiting, monkeypatch):
    monkeypatch.setattr(health, "MOST_HASTENED_PER_WIDTH", 4)
    Integration.objects.update(width=1)
    waiting.target.faults = [Fault(**DOWN) for _ in range(100)]
    due = []
    hasten = jobs.hasten

    def counted(*arguments):
        due.append(hasten(*arguments))
        return due[-1]

    monkeypatch.setattr(jobs, "hasten", counted)
    answers(waiting)
    assert due == [4]


@pytest.mark.parametrize("change", [{"read_back": True}, {"attempts": 0}], ids=["in doubt", "not failing"])
def test_who_waits_for_another_reason_waits_on(waiting, change):
    Job.objects.filter(attempts=10).update(**change)
    answers(waiting)
    assert len(waiting.target.active_names()) == 1


def test_nothing_is_hastened_while_the_application_still_fails(waiting):
    joins(waiting, "noah")
    waiting.target.faults = [Fault(**DOWN)]
    waiting.relay()
    directory.update_user(waiting.mia, actor=waiting.actor, job_title="Lead")
    waiting.work()
    assert waiting.target.active_names() == {"mia"}


def test_who_fails_whatever_the_others_do_keeps_the_back_off(staffed):
    company = staffed()
    (noah,) = joins(company, "noah")
    answer = company.target.answer
    company.target.answer = lambda method, path, query, body: (
        (500, {}) if "noah" in query else answer(method, path, query, body)
    )
    company.work()
    for number in range(10):
        directory.update_user(company.mia, actor=company.actor, job_title=f"Lead {number}")
        company.work()
    job = company.job(noah)
    assert (job.state, job.hastened) == (JobState.PENDING, jobs.MOST_HASTENED)
    assert job.attempts <= 1 + jobs.MOST_HASTENED + 1


def test_the_end_of_a_quarantine_hastens_them(waiting):
    Integration.objects.update(state="quarantined", not_before=None)
    waiting.work()
    assert waiting.integration.is_active
    assert len(waiting.target.active_names()) == PEOPLE + 1
