"""Many results, one transaction, the same few statements; the width is always used and never exceeded. No clock in it."""

import re
import threading
import time
import uuid
from collections import Counter

import psycopg
import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.directory import actions as directory
from apps.directory.models import Membership, User
from apps.events import chain
from apps.events.models import Event
from apps.events.verification import verify
from apps.provisioning import engine, jobs, pipeline, recording
from apps.provisioning.agenda import Agenda
from apps.provisioning.claimed import COLUMNS, Claimed
from apps.provisioning.client import ScimClient
from apps.provisioning.conversation import Done, Report
from apps.provisioning.jobs import Owed
from apps.provisioning.models import Attempt, Job, JobState, Priority, RemoteUser, ResourceKind
from apps.provisioning.pipeline import Pipeline, Planned
from apps.provisioning.plan import Account
from apps.provisioning.wire import Step, Target
from apps.tenants.context import in_tenant
from tests import queries
from tests.provisioning.conftest import joins

pytestmark = pytest.mark.django_db


@pytest.fixture
def in_one_group(monkeypatch):
    """Nothing is recorded before everything has ended; the largest group's reports are kept."""
    recorded = []
    record = recording.record_reports

    def keep(integration, lease, reports):
        if reports:
            recorded.append(reports)
        return record(integration, lease, reports)

    monkeypatch.setattr(recording, "record_reports", keep)
    monkeypatch.setattr(pipeline, "GROUP", 10_000)
    monkeypatch.setattr(pipeline, "HOLD_SECONDS", 30)
    return recorded


def claimed(company, number):
    """Jobs of so many new members of Engineering, made in bulk, leased to the token."""
    names = [f"{uuid.uuid4().hex[:8]}{each}" for each in range(number)]
    people = [
        User(username=name, email=f"{name}@example.com", first_name=name, password="!") for name in names
    ]
    for person in people:
        person.fill_keys()
    User.objects.bulk_create(people)
    Membership.objects.bulk_create([Membership(group=company.engineering, user=each) for each in people])
    jobs.raise_jobs(
        Owed(company.integration.pk, ResourceKind.USER, each.pk, Priority.CREATE, str(each))
        for each in people
    )
    token = uuid.uuid4()
    return jobs.claim(company.integration, number, token), token


def created(job):
    step = Step("POST", "/Users", 201, 0.01, {"userName": str(job)}, "{}")
    account = Account(f"r-{job.resource_id}", {"userName": str(job)})
    return Report(account, done=[Done("create", step)], steps=[step])


def statements(company, number):
    """Of recording so many new accounts at once."""
    found, token = claimed(company, number)
    assert len(found) == number
    with CaptureQueriesContext(connection) as asked:
        left = recording.record_reports(company.integration, token, {job: created(job) for job in found})
    assert left == {}
    return queries.statements(asked)


def test_a_hundred_results_take_as_many_statements_as_two(staffed):
    company = staffed()
    few, many = statements(company, 2), statements(company, 100)
    assert len(many) == len(few) <= 12
    assert Attempt.objects.count() == RemoteUser.objects.count() == 103


def test_and_one_transaction(staffed):
    company = staffed()
    begun = [sql for sql in statements(company, 100) if re.match(r"BEGIN|SAVEPOINT", sql)]
    assert len(begun) <= 1  # inside the test's own it is a savepoint


def test_planning_takes_as_many_statements_for_a_hundred_as_for_two(staffed):
    company = staffed()

    def plan(number):
        found, token = claimed(company, number)
        agenda = Agenda(company.integration, token, lambda: ScimClient(target), lambda: None)
        with CaptureQueriesContext(connection) as asked:
            assert len(agenda.users(found)) == number
        return len(asked)

    integration = company.integration
    target = Target(integration.base_url, integration.token, integration.dialect)
    assert plan(2) == plan(100) <= 8


def test_every_attempt_has_one_event_in_the_chain(staffed, in_one_group):
    company = staffed()
    joins(company, *(f"p{number}" for number in range(30)))
    company.work()
    assert max(map(len, in_one_group)) == 30
    attempts = Counter(str(pk) for pk in Attempt.objects.values_list("pk", flat=True))
    told = Counter(Event.objects.exclude(details__attempt=None).values_list("details__attempt", flat=True))
    assert attempts == told
    assert set(attempts.values()) == {1}
    while chain.seal():
        continue
    assert verify().faults == []


def test_one_lost_lease_in_a_group_is_that_ones_affair(staffed, in_one_group, monkeypatch):
    company = staffed()
    noah, *others = joins(company, *(f"p{number}" for number in range(5)))
    company.relay()
    record = recording.record_reports

    def lose_one_first(integration, lease, reports):
        Job.objects.filter(resource_id=noah.pk).update(lease_token=uuid.uuid4())
        return record(integration, lease, reports)

    monkeypatch.setattr(recording, "record_reports", lose_one_first)
    engine.work(company.integration.pk)
    assert company.job(noah).state == JobState.RUNNING
    assert not RemoteUser.objects.filter(user_id=noah.pk).exists()
    assert not Event.objects.filter(target_id=str(noah.pk), type="user_create_provision").exists()
    assert {company.job(each).state for each in others} == {JobState.DONE}


def test_two_people_in_one_group_do_not_get_the_same_account(staffed, in_one_group):
    """Both look it up before either is on record: whoever comes second is refused."""
    company = staffed()
    noah, olga = company.person("noah"), company.person("olga")
    directory.add_members(company.engineering, [noah, olga], actor=company.actor)
    company.relay()
    real = recording.record_reports

    def one_id_for_both(integration, lease, reports):
        for report in reports.values():
            if report.known is not None and report.done:
                object.__setattr__(report.known, "remote_id", "shared")
        return real(integration, lease, reports)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(recording, "record_reports", one_id_for_both)
        patched.setattr(pipeline, "HOLD_SECONDS", 0.05)
        engine.work(company.integration.pk)
    assert RemoteUser.objects.filter(remote_id="shared").count() == 1
    assert sorted(company.job(each).state for each in (noah, olga)) == [JobState.DONE, JobState.PARKED]
    parked = Job.objects.get(state=JobState.PARKED)
    assert "belongs to" in parked.last_error


def test_what_the_database_refuses_in_a_group_is_recorded_one_by_one(staffed, in_one_group, monkeypatch):
    company = staffed()
    joins(company, *(f"p{number}" for number in range(4)))
    record = recording._record
    sizes = []

    def deadlock_first(integration, lease, reports):
        sizes.append(len(reports))
        if len(reports) > 1:
            raise OperationalError("deadlock detected")
        return record(integration, lease, reports)

    monkeypatch.setattr(recording, "_record", deadlock_first)
    company.work()
    assert sizes == [4, 1, 1, 1, 1]
    assert not Job.objects.exclude(state=JobState.DONE).exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("not __import__('django.db').db.connection.features.has_select_for_update_skip_locked")
def test_a_row_that_somebody_else_has_locked_is_recorded_a_moment_later(staffed, inside):
    """Nobody waits for anybody, so a group and the relay cannot wait for each other."""
    company = staffed()
    noah, olga = joins(company, "noah", "olga")
    company.relay()
    locked, release = threading.Event(), threading.Event()

    def hold_noah():
        with in_tenant(inside), transaction.atomic():
            Job.objects.select_for_update().get(resource_id=noah.pk)
            locked.set()
            release.wait(30)
        connection.close()

    token = uuid.uuid4()
    claimed = jobs.claim(company.integration, 10, token)
    holder = threading.Thread(target=hold_noah)
    holder.start()
    locked.wait(30)
    reports = {job: Report(None) for job in claimed}
    left = recording.record_reports(company.integration, token, reports)
    assert [job.resource_id for job in left] == [noah.pk]
    assert company.job(olga).state == JobState.DONE
    release.set()
    holder.join()
    assert recording.record_reports(company.integration, token, left) == {}
    assert company.job(noah).state == JobState.DONE


@pytest.mark.parametrize("at_once", [1, 3])
def test_who_gave_way_in_a_deadlock_is_recorded_a_moment_later(staffed, monkeypatch, at_once):
    company = staffed()
    found, token = claimed(company, at_once)
    record, ended = recording._record, []

    def give_way(*arguments):
        if not ended:
            ended.append(True)
            raise OperationalError("deadlock detected") from psycopg.errors.DeadlockDetected()
        return record(*arguments)

    monkeypatch.setattr(recording, "_record", give_way)
    reports = {job: created(job) for job in found}
    before = Attempt.objects.count()
    left = recording.record_reports(company.integration, token, reports)
    assert left == reports
    assert Attempt.objects.count() == before
    assert recording.record_reports(company.integration, token, left) == {}
    assert Attempt.objects.count() == before + at_once


def test_a_database_that_is_gone_is_no_deadlock(staffed, monkeypatch):
    company = staffed()
    found, token = claimed(company, 1)

    def gone(*_):
        raise OperationalError("server closed the connection") from psycopg.errors.AdminShutdown()

    monkeypatch.setattr(recording, "_record", gone)
    with pytest.raises(OperationalError):
        recording.record_reports(company.integration, token, {job: created(job) for job in found})


def test_users_are_raised_before_groups_as_they_are_recorded(staffed, monkeypatch):
    company = staffed()
    written = []
    monkeypatch.setattr(
        jobs, "_raise_chunk", lambda _id, kind, priority, *_, **__: written.append((kind, priority))
    )
    jobs.raise_jobs(
        Owed(company.integration.pk, kind, uuid.uuid4(), priority)
        for kind, priority in [
            (ResourceKind.GROUP, Priority.GROUP_FIRST),
            (ResourceKind.USER, Priority.CREATE),
            (ResourceKind.USER, Priority.DEACTIVATE),
        ]
    )
    assert [kind for kind, _ in written] == [ResourceKind.USER, ResourceKind.USER, ResourceKind.GROUP]


# --- the width


class Held:
    """Conversations that end when they are told to; counts how many are under way."""

    def __init__(self):
        self.begun, self.most, self.now = [], 0, 0
        self.gates = []

    def conversation(self, name):
        held = self

        class Conversation:
            async def run(self):
                import asyncio

                gate = asyncio.Event()
                held.gates.append((asyncio.get_running_loop(), gate))
                held.begun.append(name)
                held.now += 1
                held.most = max(held.most, held.now)
                await gate.wait()
                held.now -= 1
                return Report(None)

        return Conversation()

    def let_one_end(self):
        loop, gate = self.gates.pop(0)
        loop.call_soon_threadsafe(gate.set)


def until(ask):
    while not ask():  # the test's own time-out ends it
        time.sleep(0.001)


def any_job():
    blank = dict.fromkeys(COLUMNS)
    return Claimed(**blank | {"id": uuid.uuid4(), "kind": ResourceKind.USER, "resource_id": uuid.uuid4()})


def planned(held, *names, phase=0):
    return [Planned(any_job(), held.conversation(name), phase) for name in names]


def test_as_one_ends_the_next_begins(db):
    held, line = Held(), Pipeline(3)
    line.feed(planned(held, *range(6)))
    until(lambda: len(held.begun) == 3)
    for begun in (4, 5, 6):
        held.let_one_end()
        until(lambda begun=begun: len(held.begun) == begun)
        assert held.now == 3
    for _ in range(3):
        held.let_one_end()
    taken = []
    until(lambda: taken.extend(line.take()) or not line.outstanding)
    assert (len(taken), held.most) == (6, 3)


def test_what_is_more_urgent_overtakes_what_waits(db):
    held, line = Held(), Pipeline(1)
    line.feed(planned(held, "create 1", "create 2", phase=4))
    until(lambda: held.begun)
    line.feed(planned(held, "deactivate", phase=0))
    for number in (2, 3):
        held.let_one_end()
        until(lambda number=number: len(held.begun) == number)
    held.let_one_end()
    until(lambda: line.take() is not None and not line.outstanding)
    assert held.begun == ["create 1", "deactivate", "create 2"]


def test_whoever_is_recalled_was_never_begun(db):
    held, line = Held(), Pipeline(2)
    line.feed(planned(held, *range(5)))
    until(lambda: len(held.begun) == 2)
    assert len(line.recall()) == 3
    held.let_one_end()
    held.let_one_end()
    until(lambda: line.take() is not None and not line.outstanding)
    assert len(held.begun) == 2


def test_the_next_jobs_are_claimed_while_the_last_ones_are_under_way(staffed, monkeypatch):
    """A target that holds all answers back sees the whole width, although a first claim is not done yet."""
    company = staffed()
    monkeypatch.setattr(engine, "JOBS_PER_WIDTH", 2)
    type(company.integration).objects.update(width=4)
    joins(company, *(f"p{number}" for number in range(24)))
    company.relay()
    claim, in_hand = jobs.claim, []

    def see(integration, limit, token, foresee):
        in_hand.append(Job.objects.filter(state=JobState.RUNNING).count())
        return claim(integration, limit, token, foresee)

    monkeypatch.setattr(jobs, "claim", see)
    company.target.latency = 0.005
    company.work()
    assert in_hand[0] == 0
    assert sum(count > 0 for count in in_hand) >= 3  # never emptied before more is fetched
    assert company.target.most_in_flight == 4
    assert len(company.target.users) == 25


def test_a_slice_that_is_over_gives_back_whom_it_did_not_begin(staffed, monkeypatch):
    company = staffed()
    type(company.integration).objects.update(width=1)
    monkeypatch.setattr(engine, "SLICE_SECONDS", 0.0)
    monkeypatch.setattr(engine, "GRACE_SECONDS", 0.0)
    monkeypatch.setattr(pipeline, "GROUP", 1)
    company.target.latency = 0.01
    joins(company, *(f"p{number}" for number in range(16)))
    company.relay()
    assert engine.work(company.integration.pk) is True
    begun = len(company.target.users)
    assert begun < 17
    assert not Job.objects.filter(state=JobState.RUNNING).exists()
    assert Job.objects.filter(state=JobState.PENDING).count() == 17 - begun
    company.work()
    assert len(company.target.users) == 17
    assert all(asked.status < 300 for asked in company.target.journal)
