"""Whoever has to be compared because of one change is lined up in pages, each a transaction: the first are at work meanwhile."""

from typing import Any

import pytest

from apps.directory import actions as directory
from apps.outbox import relay
from apps.outbox.models import Entry, Topic
from apps.outbox.publish import publish_all
from apps.provisioning import engine, jobs, running, subscriptions
from apps.provisioning.models import Integration, Job, JobState, Priority, RemoteUser
from apps.provisioning.synchronizations import progress
from tests.provisioning.test_synchronizations_are_followed import arriving, latest  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db
PEOPLE = 30


@pytest.fixture
def ten_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "PAGE", 10)


@pytest.fixture
def waiting(ten_at_once: None, arriving: Any) -> Any:  # noqa: F811
    arriving.activate()
    return arriving


def names(state: JobState = JobState.PENDING) -> set[str]:
    return set(Job.objects.filter(state=state).values_list("resource_name", flat=True))


def test_the_first_are_at_work_before_the_last_are_lined_up(waiting: Any) -> None:
    relay.drain()
    assert Job.objects.count() == 10
    assert engine.work(waiting.integration.pk) is False
    assert len(waiting.target.users) == 10
    assert latest().state == "running"  # nobody is left, but not everybody is lined up
    assert progress(latest()).total is None
    waiting.work()
    assert len(waiting.target.users) == PEOPLE
    assert (latest().state, latest().total) == ("done", PEOPLE)
    assert len([asked for asked in waiting.target.journal if asked.method == "POST"]) == PEOPLE


def test_whoever_breaks_off_goes_on_where_the_last_page_ended(
    waiting: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay.drain()
    before = names()
    raise_jobs = jobs.raise_jobs

    def die(*told: Any, **more: Any) -> Any:
        raise_jobs(*told, **more)
        raise ConnectionError

    with monkeypatch.context() as dying:
        dying.setattr(jobs, "raise_jobs", die)
        with pytest.raises(ConnectionError):
            relay.drain()
    assert names() == before  # nothing of the page that was not finished
    rounds = 0
    while relay.drain():
        rounds += 1
    assert rounds == 3  # ten more, ten more, and that there is nobody left
    assert Job.objects.count() == PEOPLE
    assert set(Job.objects.values_list("desired_version", flat=True)) == {1}  # and nobody a second time
    assert not Entry.objects.exists()


def test_the_pages_of_a_cancelled_one_are_dropped_as_they_come(waiting: Any) -> None:
    relay.drain()
    running.cancel_synchronization(latest(), actor=waiting.actor)
    relay.drain()
    assert names() == set()
    assert len(names(JobState.DROPPED)) == 20
    waiting.work()
    assert waiting.target.wrote() == []
    assert len(names(JobState.DROPPED)) == PEOPLE


def test_a_change_in_the_middle_begins_anew_and_can_still_be_cancelled(waiting: Any) -> None:
    """Whom the synchronisation alone asked for, twice, is dropped with it."""
    relay.drain()
    publish_all(Topic.INTEGRATION_CHANGED, [waiting.integration.pk])
    relay.drain()
    assert Entry.objects.count() == 1
    assert set(Job.objects.values_list("desired_version", flat=True)) == {2}
    relay.drain()
    waiting.relay()
    assert (latest().total, Job.objects.count()) == (PEOPLE, PEOPLE)
    running.cancel_synchronization(latest(), actor=waiting.actor)
    assert len(names(JobState.DROPPED)) == PEOPLE


def test_who_was_owed_anyway_is_not_cancelled_with_it(waiting: Any) -> None:
    relay.drain()
    lead = next(each for each in waiting.people if str(each) in names())
    directory.update_user(lead, actor=waiting.actor, job_title="Lead")
    waiting.relay()
    running.cancel_synchronization(latest(), actor=waiting.actor)
    assert names() == {str(lead)}


def test_asked_for_anew_in_the_middle_it_is_the_new_ones(waiting: Any) -> None:
    relay.drain()
    first = latest()
    running.cancel_synchronization(first, actor=waiting.actor)
    running.synchronize(waiting.integration, actor=waiting.actor)
    waiting.relay()
    assert latest() != first
    assert (latest().total, progress(latest()).left) == (PEOPLE, PEOPLE)
    waiting.work()
    assert len(waiting.target.users) == PEOPLE
    first.refresh_from_db()
    assert (first.state, latest().state) == ("cancelled", "done")


def test_whoever_loses_access_is_lined_up_first(waiting: Any) -> None:
    waiting.work()
    leavers = waiting.people[-3:]
    Integration.objects.update(deprovisioning="keep")
    for person in leavers:
        directory.remove_member(waiting.engineering, person, actor=waiting.actor)
    waiting.work()
    Integration.objects.update(deprovisioning="suspend")
    Job.objects.all().delete()
    running.synchronize(waiting.integration, actor=waiting.actor)
    relay.drain()
    urgent = Job.objects.filter(priority=Priority.DEACTIVATE)
    assert set(urgent.values_list("resource_id", flat=True)) == {each.pk for each in leavers}
    assert Job.objects.count() == 13
    waiting.work()
    assert RemoteUser.objects.filter(active=False).count() == 3


def test_another_change_does_not_wait_for_the_last_page(waiting: Any) -> None:
    """As it would in one transaction: what is published meanwhile is served beside the next page."""
    relay.drain()
    last = max(waiting.people, key=lambda person: person.pk)
    assert str(last) not in names()
    directory.update_user(last, actor=waiting.actor, job_title="Lead")
    relay.drain()
    assert str(last) in names()
    assert Entry.objects.exclude(position="").count() == 1
