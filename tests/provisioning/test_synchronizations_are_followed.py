"""A synchronisation shows its plan first, tells how far it is, and can be cancelled; a connection can be paused. Nothing owed is lost."""

from typing import Any

import pytest
from django.db import connection, transaction

from apps.directory import actions as directory
from apps.provisioning import actions, engine, jobs, running
from apps.provisioning.errors import ActivationRefused, Outdated
from apps.provisioning.models import Integration, IntegrationState, Job, JobState, Synchronization
from apps.provisioning.preview import preview
from apps.provisioning.synchronizations import progress
from tests.fakes.scim_target import Fault, scim_error
from tests.provisioning.conftest import joins

pytestmark = pytest.mark.django_db


def latest() -> Synchronization:
    found = Synchronization.objects.first()
    assert found is not None
    return found


def one_batch(company: Any) -> None:
    """Sixteen of what is due."""
    integration = Integration.objects.get()
    integration.width = 1
    integration.save(update_fields=["width"])
    engine.SLICE_SECONDS, before = 0.0, engine.SLICE_SECONDS
    try:
        engine.work(integration.pk)
    finally:
        engine.SLICE_SECONDS = before


@pytest.fixture
def arriving(company) -> Any:
    """Thirty people in a bound group, and a connection that was never active."""
    company.application_of()
    company.people = [company.person(f"p{number}") for number in range(30)]
    company.engineering = company.group("Engineering", *company.people)
    company.relay()  # nobody runs yet: what is owed from now on is the activation's
    return company


def test_activating_is_a_synchronisation_with_progress(arriving):
    company = arriving
    company.activate()
    begun = latest()
    assert (begun.cause, begun.actor_name, begun.planned["users"]) == (
        "activation",
        "Gatehouse",
        {"create": 30},
    )
    assert progress(begun).total is None
    company.relay()
    assert (progress(latest()).total, progress(latest()).done) == (30, 0)
    one_batch(company)
    assert progress(latest()).done == 16
    company.work()
    ended = latest()
    assert (ended.state, ended.total, ended.left, ended.failed) == ("done", 30, 0, 0)
    assert ended.ended_at is not None


def test_who_fails_is_counted_and_keeps_nobody_waiting(staffed):
    company = staffed()
    company.target.faults = [Fault(400, body=scim_error(400, "No seats"), method="POST")]
    joins(company, "noah", "olga")
    running.synchronize(company.integration, actor=company.actor)
    company.work()
    assert (latest().state, latest().total, latest().failed) == ("done", 3, 1)


def test_nobody_to_compare_is_finished_at_once(company):
    company.activate()
    company.relay()
    assert (latest().state, latest().total) == ("done", 0)


def test_one_at_a_time(staffed):
    company = staffed()
    running.synchronize(company.integration, actor=company.actor)
    with pytest.raises(Outdated):
        running.synchronize(company.integration, actor=company.actor)
    company.work()
    running.synchronize(company.integration, actor=company.actor)


# --- exactly what was looked at


def test_nothing_is_locked_while_the_plan_is_made(staffed, monkeypatch):
    company = staffed()
    held: list[bool] = []

    def looked_at(integration: Any, digest: Any) -> Any:
        held.append(savepoints() > before)
        return seen_plan(integration, digest)

    def savepoints() -> int:
        return len(connection.savepoint_ids)  # the test itself runs in a transaction

    before, seen_plan = savepoints(), running.seen_plan
    monkeypatch.setattr(running, "seen_plan", looked_at)
    running.synchronize(company.integration, actor=company.actor)
    assert held == [False]
    with transaction.atomic():
        assert savepoints() > before  # it would be seen


@pytest.mark.parametrize(
    ("field", "value"),
    [("mapping", {"title": {"enabled": False}}), ("deprovisioning", "keep"), ("manage_groups", True)],
)
def test_what_was_set_differently_while_the_plan_was_made_is_another_plan(staffed, monkeypatch, field, value):
    company = staffed()
    seen_plan = running.seen_plan

    def changed_meanwhile(integration: Any, digest: Any) -> Any:
        found = seen_plan(integration, digest)
        Integration.objects.update(**{field: value})
        return found

    monkeypatch.setattr(running, "seen_plan", changed_meanwhile)
    before = Synchronization.objects.count()
    with pytest.raises(Outdated):
        running.synchronize(company.integration, actor=company.actor)
    assert Synchronization.objects.count() == before


def test_two_that_press_at_once_begin_one(staffed, monkeypatch):
    company = staffed()
    seen_plan = running.seen_plan

    def pressed_meanwhile(integration: Any, digest: Any) -> Any:
        found = seen_plan(integration, digest)
        monkeypatch.setattr(running, "seen_plan", seen_plan)
        running.synchronize(company.integration, actor=company.actor)
        return found

    monkeypatch.setattr(running, "seen_plan", pressed_meanwhile)
    before = Synchronization.objects.count()
    with pytest.raises(Outdated):
        running.synchronize(company.integration, actor=company.actor)
    assert Synchronization.objects.count() == before + 1


@pytest.mark.parametrize("starts", ["activation", "sync"])
def test_another_plan_than_the_one_that_was_looked_at_is_not_done(arriving, starts):
    company = arriving
    if starts == "sync":
        company.activate()
        company.work()
    else:
        actions.configure_integration(
            company.application,
            actor=company.actor,
            base_url=company.target.base_url,
            token=company.target.token,
        )
    start = {"activation": actions.activate_integration, "sync": running.synchronize}[starts]
    seen = preview(company.integration).digest
    company.target.journal.clear()
    directory.remove_member(company.engineering, company.people[0], actor=company.actor)
    with pytest.raises(Outdated):
        start(company.integration, actor=company.actor, plan=seen)
    assert company.target.journal == []
    start(company.integration, actor=company.actor, plan=preview(company.integration).digest)
    company.work()
    assert len(company.target.active_names()) == 29


# --- cancelled


def test_cancelling_drops_who_was_not_begun_until_they_change_or_everybody_is_compared(arriving):
    company = arriving
    company.activate()
    company.relay()
    one_batch(company)
    running.cancel_synchronization(latest(), actor=company.actor)
    company.work()
    assert len(company.target.active_names()) == 16
    assert (latest().state, latest().left) == ("cancelled", 14)
    dropped = Job.objects.filter(state=JobState.DROPPED)
    assert dropped.count() == 14
    waiting = next(each for each in company.people if company.job(each).state == JobState.DROPPED)
    directory.update_user(waiting, actor=company.actor, job_title="Lead")
    company.work()
    assert len(company.target.active_names()) == 17
    running.synchronize(company.integration, actor=company.actor)
    company.work()
    assert len(company.target.active_names()) == 30


def test_cancelling_before_anybody_was_lined_up_drops_everybody(arriving):
    company = arriving
    company.activate()
    running.cancel_synchronization(latest(), actor=company.actor)
    company.work()
    assert company.target.wrote() == []
    assert Job.objects.filter(state=JobState.DROPPED).count() == 30


def test_cancelling_drops_nothing_that_was_owed_anyway(staffed):
    company = staffed()
    joins(company, "noah", "olga")
    company.relay()
    directory.remove_member(company.engineering, company.mia, actor=company.actor)
    running.synchronize(company.integration, actor=company.actor)
    company.relay()
    running.cancel_synchronization(latest(), actor=company.actor)
    company.work()
    assert company.target.active_names() == {"noah", "olga"}


def test_whoever_loses_access_is_not_dropped(staffed):
    company = staffed(deprovisioning="keep")
    directory.remove_member(company.engineering, company.mia, actor=company.actor)
    company.work()
    Integration.objects.update(deprovisioning="suspend")
    running.synchronize(company.integration, actor=company.actor)
    company.relay()
    running.cancel_synchronization(latest(), actor=company.actor)
    company.work()
    assert company.target.active_names() == set()


def test_what_ended_is_not_cancelled(staffed):
    company = staffed()
    running.cancel_synchronization(latest(), actor=company.actor)
    assert latest().state == "done"


def test_deactivating_ends_it(arriving):
    company = arriving
    company.activate()
    company.relay()
    actions.deactivate_integration(company.integration, actor=company.actor)
    assert latest().state == "cancelled"


# --- paused


def test_a_paused_connection_sends_nothing_and_loses_nothing(staffed, silent_bell):
    company = staffed()
    running.pause_integration(company.integration, actor=company.actor)
    directory.remove_member(company.engineering, company.mia, actor=company.actor)
    joins(company, "noah")
    company.work()
    assert company.target.journal == []
    assert company.integration.state == IntegrationState.PAUSED
    with pytest.raises(ActivationRefused):
        running.synchronize(company.integration, actor=company.actor)
    actions.resume_integration(company.integration, actor=company.actor)
    assert company.target.journal == []  # nobody has to be asked
    company.work()
    assert company.target.active_names() == {"noah"}


def test_a_pause_lets_what_is_under_way_end_and_nothing_more_begin(arriving, monkeypatch):
    company = arriving
    company.activate()
    company.relay()
    Integration.objects.update(width=1)
    claim = jobs.claim

    def pause_afterwards(*args: Any) -> Any:
        claimed = claim(*args)
        running.pause_integration(company.integration, actor=company.actor)
        return claimed

    monkeypatch.setattr(jobs, "claim", pause_afterwards)
    company.work()
    assert len(company.target.active_names()) <= 16
    assert not Job.objects.filter(state=JobState.RUNNING).exists()
    monkeypatch.setattr(jobs, "claim", claim)
    actions.resume_integration(company.integration, actor=company.actor)
    company.work()
    assert len(company.target.active_names()) == 30
    assert latest().state == "done"


def test_what_is_not_active_cannot_be_paused(staffed):
    company = staffed()
    actions.deactivate_integration(company.integration, actor=company.actor)
    with pytest.raises(ActivationRefused):
        running.pause_integration(company.integration, actor=company.actor)
