"""Pauses, refused tokens, outages: of the application as a whole. And the guard against removing everybody by mistake."""

import datetime as dt

import pytest
from django.utils import timezone

from apps.directory import actions as directory
from apps.events.models import Event
from apps.provisioning import engine, queries, removal_decisions
from apps.provisioning.models import IntegrationState, JobState
from tests.fakes.scim_target import Fault, throttled
from tests.provisioning.conftest import joins, later

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("as_date", [False, True], ids=["seconds", "date"])
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_obeyed_in_both_forms(staffed, as_date, status):
    company = staffed()
    type(company.integration).objects.update(width=1)
    company.target.faults = [throttled(120, as_date=as_date, status=status)]
    joins(company, "noah", "olga", "pia")
    company.work()
    assert len(company.target.journal) == 1
    directory.update_user(company.mia, actor=company.actor, job_title="Lead")
    with later(seconds=115):
        company.work()
        assert len(company.target.journal) == 1
        assert (
            queries.needs_attention(company.integration, queries.health(company.integration))[0].next_at
            == company.integration.not_before
        )
    with later(seconds=122):
        company.work()
    with later(seconds=200):
        company.work()
    assert company.target.active_names() == {"mia", "noah", "olga", "pia"}


@pytest.mark.parametrize("asked_for", [True, False], ids=["a pause", "the control, none"])
def test_a_worker_that_looked_before_the_pause_was_asked_for_keeps_it(staffed, monkeypatch, asked_for):
    """It found work that may be done; before it takes the slot, whoever has it is told to wait and gives it back."""
    company = staffed()
    joins(company, "noah")
    company.relay()
    take_slot = engine.health.take_slot

    def later_than_the_other(integration, slot):
        if asked_for:
            type(integration).objects.update(not_before=timezone.now() + dt.timedelta(minutes=5))
        return take_slot(integration, slot)

    monkeypatch.setattr(engine.health, "take_slot", later_than_the_other)
    engine.work(company.integration.pk)
    assert bool(company.target.journal) is not asked_for


def test_what_was_learnt_before_the_slot_was_taken_counts(staffed, monkeypatch):
    """The failures of the worker before are carried over, although this one had read the row earlier."""
    company = staffed()
    joins(company, "noah")
    company.relay()
    earlier = company.integration
    monkeypatch.setattr(engine, "_workable", lambda pk: earlier)
    type(earlier).objects.update(consecutive_auth_failures=2)
    company.target.token = "rotated"
    engine.work(earlier.pk)
    assert company.integration.state == IntegrationState.QUARANTINED


def test_a_pause_is_at_most_an_hour(staffed):
    company = staffed()
    company.target.faults = [throttled(999_999)]
    joins(company, "noah")
    company.work()
    assert company.integration.not_before <= timezone.now() + dt.timedelta(hours=1)


def test_three_refused_tokens_quarantine_and_a_probe_resumes(staffed):
    company = staffed()
    company.target.token = "rotated"
    joins(company, "noah")
    for minutes in (0, 1, 2):
        with later(minutes=minutes):
            company.work()
    assert company.integration.state == IntegrationState.QUARANTINED
    assert len(company.target.journal) == 3
    assert Event.objects.filter(type="idm_integration_update", details__state="quarantined").count() == 1
    minute = 2.5
    for probe, wait in enumerate((1, 5, 15, 30), start=1):
        with later(minutes=minute + wait - 1):
            company.work()  # too early
        minute += wait
        with later(minutes=minute):
            company.work()
        assert len(company.target.journal) == 3 + probe
    assert {asked.method for asked in company.target.journal} == {"GET"}
    company.target.token = company.integration.token
    with later(minutes=minute + 31):
        company.work()
    assert company.integration.is_active
    assert company.target.active_names() == {"mia", "noah"}


def test_a_change_during_quarantine_is_kept(staffed):
    company = staffed()
    type(company.integration).objects.update(
        state=IntegrationState.QUARANTINED, not_before=timezone.now() + dt.timedelta(minutes=5)
    )
    directory.remove_member(company.engineering, company.mia, actor=company.actor)
    company.work()
    assert company.target.journal == []
    with later(minutes=6):
        company.work()
    assert company.target.active_names() == set()


def test_a_sick_application_is_left_alone_and_tried_with_one_request(staffed):
    company = staffed()
    company.target.faults = [Fault(500, {}, b"down", method="GET", times=10_000)]
    joins(company, *(f"p{number}" for number in range(30)))
    company.work()
    asked = len(company.target.journal)
    assert asked <= 5 + company.integration.width
    assert company.integration.not_before is not None
    with later(minutes=40):
        company.relay()
        engine.work(company.integration.pk)
    assert len(company.target.journal) == asked + 1  # half open
    company.target.faults = []
    for minutes in (80, 120):
        with later(minutes=minutes):
            company.work()
    assert len(company.target.users) == 31


def test_an_unreachable_application_is_waited_for(staffed):
    company = staffed()
    base_url = company.integration.base_url
    type(company.integration).objects.update(base_url="http://127.0.0.1:1/scim/v2")
    (noah,) = joins(company, "noah")
    company.work()
    assert company.job(noah).state == JobState.PENDING
    assert "No connection" in company.job(noah).last_error
    type(company.integration).objects.update(base_url=base_url)
    with later(minutes=1):
        company.work()
    assert company.job(noah).state == JobState.DONE


def test_a_web_page_in_place_of_scim_is_no_success(staffed):
    company = staffed()
    page = Fault(200, {"Content-Type": "text/html"}, b"<html>Sign in</html>", method="PATCH")
    company.target.faults = [page]
    directory.remove_member(company.engineering, company.mia, actor=company.actor)
    company.work()
    assert company.target.active_names() == set()
    assert [asked.method for asked in company.target.journal] == ["PATCH", "GET", "PATCH"]


def test_a_mass_removal_is_held_until_somebody_approves(staffed):
    company = staffed()
    joins(company, *(f"p{number}" for number in range(14)))
    company.work()
    company.target.journal.clear()
    directory.remove_group(company.engineering, actor=company.actor)
    company.work()
    assert company.target.journal == []
    assert queries.health(company.integration).held == 15
    assert removal_decisions.approve_removals(company.integration, actor=company.actor) == 15
    company.work()
    assert company.target.active_names() == set()
    assert queries.health(company.integration).held == 0


def test_a_held_removal_whose_reason_is_gone_is_forgotten(staffed):
    company = staffed()
    people = joins(company, *(f"p{number}" for number in range(14)))
    company.work()
    company.target.journal.clear()
    everybody = [company.mia, *people]
    directory.remove_members(company.engineering, everybody, actor=company.actor)
    company.work()
    directory.add_members(company.engineering, everybody, actor=company.actor)
    company.work()
    assert company.target.journal == []
    assert queries.health(company.integration).held == 0


def test_the_guard_weighs_all_that_is_owed_and_not_one_batch(staffed):
    company = staffed()
    joins(company, *(f"p{number}" for number in range(14)))
    company.work()
    company.target.journal.clear()
    type(company.integration).objects.update(width=1)  # batches of eight
    directory.remove_group(company.engineering, actor=company.actor)
    company.work()
    assert company.target.journal == []


def test_ten_removals_are_nobodys_accident(staffed):
    company = staffed()
    joins(company, *(f"p{number}" for number in range(9)))
    company.work()
    directory.remove_group(company.engineering, actor=company.actor)
    company.work()
    assert company.target.active_names() == set()
