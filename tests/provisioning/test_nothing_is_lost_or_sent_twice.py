"""The write path from commit to request: rings that are lost, workers that die, changes that are rolled back."""

import datetime as dt
import threading
import uuid

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone

from apps.directory import actions as directory
from apps.events.models import Event
from apps.outbox import relay
from apps.outbox import tasks as outbox_tasks
from apps.provisioning import engine, health, jobs, tasks
from apps.provisioning.models import Attempt, Job, JobState
from apps.tenants.context import in_tenant, outside_tenants
from tests.fakes.scim_target import Fault

pytestmark = pytest.mark.django_db


def test_a_rolled_back_change_is_never_sent(staffed):
    company = staffed()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        directory.update_user(company.mia, actor=company.actor, job_title="Never")
        directory.add_member(company.engineering, company.person("ghost"), actor=company.actor)
        1 / 0  # noqa: B018
    company.work()
    assert company.target.journal == []


def test_a_lost_ring_is_repaired_by_the_sweep(staffed, silent_bell, inside):
    company = staffed()
    directory.remove_member(company.engineering, company.mia, actor=company.actor)
    company.relay()
    silent_bell.clear()  # the ring was lost
    with outside_tenants():
        relay.sweep_all()
    assert silent_bell == [(str(inside.pk), str(company.integration.pk))]
    for tenant_id, integration_id in silent_bell:
        with outside_tenants():
            tasks.work(tenant_id, integration_id)
    assert company.target.active_names() == set()


def test_the_sweep_rings_for_nobody_who_owes_nothing(staffed, silent_bell):
    staffed()
    silent_bell.clear()
    with outside_tenants():
        relay.sweep_all()
    assert silent_bell == []


def test_a_lost_entry_is_served_by_the_sweep(staffed, monkeypatch, inside):
    company = staffed()
    monkeypatch.setattr(outbox_tasks.relay, "delay", outbox_tasks.relay)
    directory.remove_member(company.engineering, company.mia, actor=company.actor)
    with outside_tenants():
        outbox_tasks.sweep()
    assert company.job(company.mia).state == JobState.PENDING


@pytest.mark.django_db(transaction=True)
def test_the_relay_rings_for_each_integration_after_its_commit(staffed, silent_bell, inside):
    company = staffed()
    silent_bell.clear()
    directory.update_user(company.mia, actor=company.actor, job_title="Lead")
    company.relay()
    assert silent_bell == [(str(inside.pk), str(company.integration.pk))]


@pytest.mark.django_db(transaction=True)
def test_nobody_rings_for_an_integration_that_somebody_has_in_hand(staffed, silent_bell):
    """They look for due work once more when they give it back; the sweeper comes when a pause is over."""
    company = staffed()
    silent_bell.clear()
    slot = uuid.uuid4()
    assert health.take_slot(company.integration, slot)
    directory.update_user(company.mia, actor=company.actor, job_title="Lead")
    company.relay()
    assert silent_bell == []
    health.free_slot(company.integration, slot)
    with transaction.atomic():
        tasks.ring_on_commit(company.integration.pk)
    assert len(silent_bell) == 1
    type(company.integration).objects.update(not_before=timezone.now() + dt.timedelta(minutes=1))
    with transaction.atomic():
        tasks.ring_on_commit(company.integration.pk)
    assert len(silent_bell) == 1


def test_two_claims_are_disjoint(staffed):
    company = staffed()
    for number in range(10):
        directory.add_member(company.engineering, company.person(f"p{number}"), actor=company.actor)
    company.relay()
    one = jobs.claim(company.integration, 6, uuid.uuid4())
    two = jobs.claim(company.integration, 6, uuid.uuid4())
    assert (len(one), len(two)) == (6, 4)
    assert not {job.id for job in one} & {job.id for job in two}


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_the_same_moment_claim_disjoint_jobs(staffed, inside):
    company = staffed()
    people = [company.person(f"p{number}") for number in range(40)]
    directory.add_members(company.engineering, people, actor=company.actor)
    company.relay()
    integration = company.integration
    claimed: list[list[uuid.UUID]] = []
    start = threading.Barrier(4)

    def claim() -> None:
        start.wait()
        with in_tenant(inside):
            claimed.append([job.id for job in jobs.claim(integration, 20, uuid.uuid4())])
        connection.close()

    threads = [threading.Thread(target=claim) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    together = [pk for pks in claimed for pk in pks]
    assert len(together) == len(set(together)) == 40


def test_one_integration_has_one_worker_at_a_time(staffed, monkeypatch):
    company = staffed()
    directory.update_user(company.mia, actor=company.actor, job_title="Lead")
    company.relay()
    answers = []
    run = engine.Slice.run

    def ask_again_and_run(piece):
        answers.append(engine.work(company.integration.pk))
        run(piece)

    monkeypatch.setattr(engine.Slice, "run", ask_again_and_run)
    engine.work(company.integration.pk)
    assert answers[0] is False
    assert len(company.target.wrote()) == 1


def test_a_job_that_a_dead_worker_had_is_read_back_and_done_once(staffed):
    """Killed after its request had arrived: the account is there, our record of it is not."""
    company = staffed()
    noah = company.person("noah")
    directory.add_member(company.engineering, noah, actor=company.actor)
    company.relay()
    jobs.claim(company.integration, 10, uuid.uuid4())
    company.target.add_user("noah", "noah@example.com")  # what the dead worker sent
    company.work()
    assert company.job(noah).state == JobState.RUNNING  # not before its lease is over
    with time_machine.travel(timezone.now() + jobs.LEASE + dt.timedelta(seconds=1)):
        company.work()
    assert company.job(noah).state == JobState.DONE
    assert [user["userName"] for user in company.target.users.values()].count("noah") == 1
    assert company.remote(noah).linked


def test_the_only_worker_there_is_takes_back_what_its_forerunner_had(staffed, settings):
    settings.SETTLE_SECONDS = 5
    company = staffed()
    directory.update_user(company.mia, actor=company.actor, job_title="Lead")
    company.relay()
    assert health.take_slot(company.integration, uuid.uuid4())
    jobs.claim(company.integration, 10, uuid.uuid4())
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=6)):
        company.work()
    assert company.target.journal == []  # the control: its lease and slot stand in the way
    jobs.take_back()
    company.work()
    assert company.target.journal == []  # what was under way may still arrive
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=6)):
        company.work()
    assert [asked.method for asked in company.target.journal] == ["GET", "PATCH"]


def test_a_dead_workers_update_is_compared_with_what_is_there(staffed):
    company = staffed()
    directory.update_user(company.mia, actor=company.actor, job_title="Lead")
    company.relay()
    jobs.claim(company.integration, 10, uuid.uuid4())
    company.target.named("mia")["title"] = "Lead"
    with time_machine.travel(timezone.now() + jobs.LEASE + dt.timedelta(seconds=1)):
        company.work()
    assert company.job(company.mia).state == JobState.DONE
    assert company.target.wrote() == []
    assert company.remote(company.mia).sent["title"] == "Lead"


def test_a_worker_taken_for_dead_changes_nothing_when_it_comes_back(staffed, monkeypatch):
    """Its lease was given to another; that one's word counts."""
    company = staffed()
    directory.update_user(company.mia, actor=company.actor, job_title="Lead")
    company.relay()
    from apps.provisioning import recording

    record = recording.record_reports

    def lose_the_lease_first(integration, lease, reports):
        Job.objects.filter(pk__in=[job.id for job in reports]).update(lease_token=uuid.uuid4())
        return record(integration, lease, reports)

    monkeypatch.setattr(recording, "record_reports", lose_the_lease_first)
    events = Event.objects.count()
    engine.work(company.integration.pk)
    job = company.job(company.mia)
    assert job.state == JobState.RUNNING
    assert job.done_version < job.desired_version
    assert (Event.objects.count(), "title" in company.remote(company.mia).sent) == (events, False)


def test_a_change_during_the_request_is_not_forgotten(staffed, monkeypatch):
    company = staffed()
    directory.update_user(company.mia, actor=company.actor, job_title="First")
    company.relay()
    from apps.provisioning import recording

    record = recording.record_reports
    second = []

    def change_meanwhile(*args):
        if not second:
            second.append(directory.update_user(company.mia, actor=company.actor, job_title="Second"))
            company.relay()
        return record(*args)

    monkeypatch.setattr(recording, "record_reports", change_meanwhile)
    company.work()
    assert company.target.named("mia")["title"] == "Second"
    job = company.job(company.mia)
    assert job.done_version == job.desired_version


def test_deactivation_goes_before_creation(staffed):
    """One at a time: of requests that are under way together any may arrive first."""
    company = staffed(deprovisioning="suspend")
    type(company.integration).objects.update(width=1)
    people = [company.person(f"p{number}") for number in range(5)]
    directory.add_members(company.engineering, people, actor=company.actor)
    directory.deactivate_user(company.mia, actor=company.actor)
    company.work()
    assert company.target.wrote()[0][0] == "PATCH"


def test_a_claim_takes_deactivations_out_of_the_middle_of_a_backlog(staffed):
    company = staffed()
    people = [company.person(f"p{number}") for number in range(12)]
    directory.add_members(company.engineering, people, actor=company.actor)
    company.relay()
    directory.deactivate_user(company.mia, actor=company.actor)
    company.relay()
    (first, *_) = jobs.claim(company.integration, 3, uuid.uuid4())
    assert first.resource_id == company.mia.pk


@pytest.mark.parametrize("duplicates", [False, True], ids=["409", "duplicates allowed"])
@pytest.mark.parametrize(
    "fault",
    [
        Fault(500, method="POST", applied=True),
        Fault(reset=True, applied=True, method="POST"),
        Fault(502, method="POST"),
    ],
    ids=["500 applied", "reset applied", "502 not applied"],
)
def test_a_create_whose_answer_is_lost_makes_one_account(staffed, fault, duplicates):
    company = staffed()
    company.target.allows_duplicates = duplicates
    company.target.faults = [Fault(**vars(fault))]
    noah = company.person("noah")
    directory.add_member(company.engineering, noah, actor=company.actor)
    company.work()
    assert [user["userName"] for user in company.target.users.values()] == ["mia", "noah"]
    assert company.job(noah).state == JobState.DONE
    first = Attempt.objects.filter(job__resource_id=noah.pk).order_by("created_at").first()
    assert first.outcome == "ambiguous"


def test_after_an_unknown_outcome_the_account_is_left_alone_and_then_read_back(staffed, settings):
    settings.SETTLE_SECONDS = 60
    company = staffed()
    company.target.faults = [Fault(500, method="PATCH", applied=True)]
    directory.update_user(company.mia, actor=company.actor, job_title="Lead")
    company.work()
    directory.update_user(company.mia, actor=company.actor, job_title="Boss")
    company.work()
    assert len(company.target.journal) == 1  # a newer change does not hurry it
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=61)):
        company.work()
    assert [asked.method for asked in company.target.journal] == ["PATCH", "GET", "PATCH"]
    assert company.target.named("mia")["title"] == "Boss"


def test_an_answer_that_never_comes_is_an_unknown_outcome(staffed, monkeypatch):
    monkeypatch.setattr("apps.provisioning.wire.REQUEST_SECONDS", 0.3)
    company = staffed()
    company.target.faults = [Fault(hang=1.0, applied=True, method="PATCH")]
    directory.update_user(company.mia, actor=company.actor, job_title="Lead")
    company.work()
    assert company.job(company.mia).state == JobState.DONE
    assert len([asked for asked in company.target.journal if asked.method == "PATCH"]) == 1


def test_the_application_never_sees_more_than_the_width(staffed):
    company = staffed()
    company.target.latency = 0.01
    type(company.integration).objects.update(width=3)
    people = [company.person(f"p{number}") for number in range(15)]
    directory.add_members(company.engineering, people, actor=company.actor)
    company.work()
    assert len(company.target.users) == 16
    assert company.target.most_in_flight == 3


def test_the_application_never_sees_more_than_the_rate(staffed):
    company = staffed()
    type(company.integration).objects.update(rate=50)
    people = [company.person(f"p{number}") for number in range(5)]
    directory.add_members(company.engineering, people, actor=company.actor)
    company.work()
    times = [asked.at for asked in company.target.journal]
    assert len(times) == 10
    assert times[-1] - times[0] >= 0.02 * 9 * 0.9


def test_a_mistake_of_ours_stops_one_job_and_not_the_others(staffed, monkeypatch):
    company = staffed()
    from apps.provisioning import documents

    build = documents.user_document

    def break_for_noah(values, *args, **kwargs):
        if values["userName"] == "noah":
            raise KeyError("a mistake")
        return build(values, *args, **kwargs)

    monkeypatch.setattr(documents, "user_document", break_for_noah)
    noah, olga = company.person("noah"), company.person("olga")
    directory.add_members(company.engineering, [noah, olga], actor=company.actor)
    company.work()
    assert company.target.active_names() == {"mia", "olga"}
    assert company.job(noah).state == JobState.PARKED


def test_the_task_does_nothing_in_a_tenant_that_is_not_the_integrations(staffed, other_tenant):
    company = staffed()
    directory.update_user(company.mia, actor=company.actor, job_title="Lead")
    company.relay()
    integration_id = str(company.integration.pk)
    with outside_tenants():
        tasks.work(str(other_tenant.pk), integration_id)
    assert company.target.journal == []


def test_every_attempt_has_exactly_one_event(staffed, settings):
    """Failed, read back and found as it should be, done: each is in the log once, and the log names the attempt."""
    settings.SETTLE_SECONDS = 60
    company = staffed()
    company.target.faults = [Fault(500, method="PATCH", applied=True)]
    directory.update_user(company.mia, actor=company.actor, job_title="Lead")
    company.work()
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=61)):
        company.work()
    attempts = [str(pk) for pk in Attempt.objects.order_by("created_at").values_list("pk", flat=True)]
    told = Event.objects.exclude(details__attempt=None).order_by("created_at")
    assert [event.details["attempt"] for event in told] == attempts
    assert [(event.type, event.success) for event in told] == [
        ("user_create_provision", True),
        ("user_update_provision", False),
        ("user_lookup_provision", True),
    ]
