"""What nobody raised is found and mended at night: by comparing everybody with what the application was last told, asking nobody there."""

import datetime as dt
import uuid
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.directory import actions as directory
from apps.directory.models import Membership, User
from apps.events.models import Event
from apps.outbox.models import Entry
from apps.provisioning import actions, running
from apps.provisioning.models import Comparison, Job, JobState, RemoteGroup, RemoteUser
from apps.provisioning.nightly import comparing, differences, schedule, tasks
from apps.tenants.context import outside_tenants
from apps.tenants.leases import LEASE
from tests.provisioning.conftest import joins

pytestmark = pytest.mark.django_db


def night(company: Any) -> Comparison:
    """The night comes, the beat rings, and the worker compares until nothing is left."""
    comparing.work(company.integration.pk)  # the first ring only says when
    Comparison.objects.update(next_at=timezone.now())
    while comparing.work(company.integration.pk):
        continue
    return Comparison.objects.get()


def versions() -> dict[Any, int]:
    return dict(Job.objects.values_list("resource_id", "desired_version"))


def behind_the_outbox(**fields: Any) -> None:
    """As if its entry had been lost: nobody is told."""
    User.objects.filter(username="mia").update(**fields)


# --- found and mended


def test_a_change_that_nobody_was_told_of_is_found_and_sent(staffed):
    company = staffed()
    behind_the_outbox(job_title="Lead")
    company.work()
    assert company.target.journal == []  # negative control: without the comparison nothing ever happens
    found = night(company)
    assert company.target.journal == []  # the comparison itself asks nobody
    assert (found.last_compared, found.last_differed, found.last_waiting) == (1, 1, 0)
    company.work()
    assert company.target.named("mia")["title"] == "Lead"
    assert night(company).last_differed == 0


def test_whoever_lost_access_unseen_is_deactivated(staffed):
    company = staffed()
    Membership.objects.all().delete()
    night(company)
    company.work()
    assert company.target.active_names() == set()


def test_whoever_was_removed_unseen_is_deactivated(staffed):
    company = staffed()
    User.objects.filter(username="mia").delete()
    night(company)
    company.work()
    assert company.target.active_names() == set()


def test_a_newcomer_nobody_was_told_of_gets_an_account(staffed):
    company = staffed()
    joins(company, "noah")
    Entry.objects.all().delete()
    night(company)
    company.work()
    assert company.target.active_names() == {"mia", "noah"}


def test_a_group_that_is_not_as_it_was_told_is_mended(staffed):
    company = staffed(manage_groups=True)
    assert company.target.members_of("Engineering") == {"mia"}
    RemoteGroup.objects.update(sent={"displayName": "Engineering", "members": []})
    found = night(company)
    assert (found.last_compared, found.last_differed) == (2, 1)
    company.work()
    assert company.target.members_of("Engineering") == {"mia"}
    assert [asked.method for asked in company.target.journal] == ["PATCH"]


def test_whom_a_cancelled_synchronisation_dropped_gets_their_turn(staffed):
    company = staffed()
    joins(company, "noah")
    Entry.objects.all().delete()
    running.synchronize(company.integration, actor=company.actor)
    company.relay()
    running.cancel_synchronization(company.integration.synchronizations.first(), actor=company.actor)
    company.work()
    assert company.target.active_names() == {"mia"}
    night(company)
    company.work()
    assert company.target.active_names() == {"mia", "noah"}


def test_an_imported_account_is_taken_charge_of_although_nobody_was_told(staffed):
    company = staffed()
    RemoteUser.objects.update(managed=False)
    night(company)
    assert RemoteUser.objects.get().managed


def test_a_mass_removal_found_at_night_is_held_like_any_other(staffed):
    company = staffed()
    joins(company, *(f"p{number}" for number in range(14)))
    company.work()
    Membership.objects.all().delete()
    assert night(company).last_differed == 15
    company.work()
    assert len(company.target.active_names()) == 15
    assert Job.objects.filter(state=JobState.HELD).count() == 15


# --- left alone


def test_where_all_is_as_it_should_be_nothing_is_raised_and_nothing_is_asked(staffed):
    company = staffed(manage_groups=True)
    before = versions()
    found = night(company)
    assert (found.last_compared, found.last_differed) == (2, 0)
    assert versions() == before
    assert not Job.objects.exclude(state=JobState.DONE).exists()
    assert company.target.journal == []


@pytest.mark.parametrize("state", ["parked", "held", "pending", "running"])
def test_who_waits_already_goes_on_waiting(staffed, state):
    company = staffed()
    behind_the_outbox(job_title="Lead")
    lease = dt.timedelta(minutes=2)
    Job.objects.update(state=state, lease_until=timezone.now() + lease, next_at=timezone.now() + lease)
    before = list(Job.objects.values())
    found = night(company)
    assert (found.last_differed, found.last_waiting) == (0, 1)
    assert list(Job.objects.values()) == before


def test_who_is_kept_by_a_decision_is_kept_as_long_as_its_reason_is_the_same(staffed):
    company = staffed()
    Membership.objects.all().delete()
    Job.objects.update(state=JobState.KEPT, kept_because="no_group")
    assert (night(company).last_differed, night(company).last_waiting) == (0, 1)
    behind_the_outbox(active=False)
    assert night(company).last_differed == 1


def test_what_was_changed_a_moment_ago_is_told_first_and_no_difference(staffed):
    company = staffed()
    directory.update_user(company.mia, actor=company.actor, job_title="Lead")
    found = night(company)
    assert (found.last_differed, found.last_waiting) == (0, 1)


@pytest.mark.parametrize("stop", [running.pause_integration, actions.deactivate_integration])
def test_what_is_not_active_is_not_compared(staffed, stop):
    company = staffed()
    behind_the_outbox(job_title="Lead")
    stop(company.integration, actor=company.actor)
    assert night(company).last_ended_at is None
    with outside_tenants():
        assert schedule.due_everywhere() == []


# --- one pass in chunks


@pytest.fixture
def chunks_of_two(monkeypatch):
    monkeypatch.setattr(differences, "CHUNK", dict.fromkeys(differences.CHUNK, 2))


def test_it_goes_through_everybody_once_in_chunks(staffed, chunks_of_two):
    company = staffed(manage_groups=True)
    joins(company, *(f"p{number}" for number in range(6)))
    company.group("Sales", company.mia)
    company.group("Support", *User.objects.all())
    company.work()
    User.objects.filter(username__in=["mia", "p3"]).update(job_title="Lead")
    found = night(company)
    assert (found.last_compared, found.last_differed) == (10, 2)


def test_a_chunk_costs_the_same_number_of_queries_however_many_there_are(staffed, monkeypatch):
    company = staffed()
    joins(company, *(f"p{number}" for number in range(23)))
    company.work()
    night(company)
    compare = comparing._compare_chunk
    costs: dict[int, list[int]] = {}

    def counting(*chunk: Any) -> bool:
        with CaptureQueriesContext(connection) as queries:
            more = compare(*chunk)
        costs.setdefault(size, []).append(len(queries))
        return more

    monkeypatch.setattr(comparing, "_compare_chunk", counting)
    for size in (4, 12):
        monkeypatch.setattr(differences, "CHUNK", dict.fromkeys(differences.CHUNK, size))
        night(company)
    assert (len(costs[4]), len(costs[12])) == (7, 3)
    full = {*costs[4][:-1], *costs[12][:-1]}
    assert full == {costs[4][0]}
    assert costs[4][0] <= 12


def test_a_slice_ends_in_time_and_the_next_goes_on_where_it_was(staffed, chunks_of_two, monkeypatch):
    company = staffed()
    joins(company, "noah", "olga", "pia")
    company.work()
    night(company)
    Comparison.objects.update(next_at=timezone.now())
    monkeypatch.setattr(comparing, "SLICE_SECONDS", 0.0)
    assert comparing.work(company.integration.pk)
    assert Comparison.objects.get().compared == 2
    assert comparing.work(company.integration.pk)
    assert not comparing.work(company.integration.pk)
    assert Comparison.objects.get().last_compared == 4


def test_a_dead_workers_comparison_goes_on_after_its_lease(staffed, chunks_of_two, monkeypatch):
    company = staffed()
    joins(company, "noah", "olga", "pia")
    company.work()
    night(company)
    Comparison.objects.update(
        next_at=timezone.now(), started_at=timezone.now(), kind="user", compared=2,
        position=sorted(RemoteUser.objects.values_list("user_id", flat=True))[1],
        lease_token=uuid.uuid4(), lease_until=timezone.now() + LEASE,
    )  # fmt: skip
    assert not comparing.work(company.integration.pk)
    assert Comparison.objects.get().compared == 2
    with time_machine.travel(timezone.now() + LEASE * 2):
        comparing.work(company.integration.pk)
        assert Comparison.objects.get().last_compared == 4


def test_one_that_is_deactivated_meanwhile_stops_at_once(staffed, chunks_of_two, monkeypatch):
    company = staffed()
    joins(company, "noah", "olga", "pia")
    company.work()
    night(company)
    User.objects.update(job_title="Lead")
    before = versions()
    found = differences.differences

    def deactivated_meanwhile(*chunk: Any) -> Any:
        actions.deactivate_integration(company.integration, actor=company.actor)
        return found(*chunk)

    monkeypatch.setattr(comparing, "differences", deactivated_meanwhile)
    Comparison.objects.update(next_at=timezone.now(), last_ended_at=None)
    assert not comparing.work(company.integration.pk)
    assert Comparison.objects.get().last_ended_at is None
    assert versions() == before


# --- when


def test_each_integration_has_its_own_minute_of_the_night(settings):
    settings.NIGHT_BEGINS = 23
    now = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
    nights = [schedule.next_night(uuid.uuid4(), now) for _ in range(200)]
    first = dt.datetime(2026, 3, 1, 23, 0, tzinfo=dt.UTC)
    assert all(first <= night < first + schedule.NIGHT for night in nights)
    assert len({night.replace(second=0) for night in nights}) > 100
    one = uuid.uuid4()
    tonight = schedule.next_night(one, now)
    assert schedule.next_night(one, tonight - dt.timedelta(seconds=1)) == tonight
    assert schedule.next_night(one, tonight) == tonight + dt.timedelta(days=1)


def test_the_beat_rings_for_whom_is_due_and_for_nobody_else(staffed, monkeypatch):
    company = staffed()
    rung: list[tuple[str, str]] = []
    monkeypatch.setattr(tasks.compare, "delay", lambda *ids: rung.append(ids))
    ids = (str(company.integration.tenant_id), str(company.integration.pk))
    with outside_tenants():
        tasks.compare_everywhere()
    assert rung == [ids]  # nobody has said yet when
    tasks.compare(*ids)
    assert Comparison.objects.get().last_ended_at is None
    with outside_tenants():
        tasks.compare_everywhere()
        assert rung == [ids]
        with time_machine.travel(timezone.now() + dt.timedelta(days=1)):
            tasks.compare_everywhere()
            assert rung == [ids, ids]
            tasks.compare(*ids)
            tasks.compare_everywhere()
    assert rung == [ids, ids]
    assert Comparison.objects.get().last_compared == 1


def test_after_a_standstill_not_everybody_is_rung_for_at_once(staffed, monkeypatch):
    company = staffed()
    monkeypatch.setattr(schedule, "MOST_RUNG", 0)
    night(company)
    Comparison.objects.update(next_at=timezone.now())
    with outside_tenants():
        assert schedule.due_everywhere() == []


# --- told


def test_a_night_that_found_something_is_an_event_with_its_counts(staffed):
    company = staffed()
    events = Event.objects.filter(type="idm_integration_update")
    before = events.count()
    night(company)
    assert events.count() == before
    behind_the_outbox(job_title="Lead")
    night(company)
    told = events.order_by("created_at").last()
    assert told is not None
    assert told.details["comparison"] == "finished"
    assert (told.details["compared"], told.details["differed"]) == (1, 1)
