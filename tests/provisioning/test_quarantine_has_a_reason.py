"""An application is left alone when its token is refused or when most requests fail, and comes back by itself or by a button."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from apps.directory import actions as directory
from apps.events.models import Event
from apps.provisioning import actions, engine
from apps.provisioning.errors import ActivationRefused
from apps.provisioning.failure_rate import failure_rate
from apps.provisioning.models import Attempt, Integration, IntegrationState, Job, Outcome
from tests.fakes.scim_target import Fault, scim_error
from tests.provisioning.conftest import joins, later

pytestmark = pytest.mark.django_db


def tried(company: Any, *, outcomes: dict[str, int], status: int = 500, ago: float = 60) -> None:
    """So many attempts, `ago` seconds before now."""
    job = Job.objects.first()
    for outcome, number in outcomes.items():
        for _ in range(number):
            attempt = Attempt.objects.create(job=job, operation="update", outcome=outcome, status=status)
            Attempt.objects.filter(pk=attempt.pk).update(
                created_at=timezone.now() - dt.timedelta(seconds=ago)
            )


@pytest.fixture
def verified_long_ago(staffed) -> Any:
    company = staffed()
    Attempt.objects.all().delete()
    Integration.objects.update(last_verified_at=timezone.now() - dt.timedelta(days=1))
    return company


@pytest.mark.parametrize(
    ("outcomes", "sick"),
    [
        ({"passing": 10, "succeeded": 10}, True),
        ({"ambiguous": 5, "auth": 5, "succeeded": 10}, True),
        ({"passing": 9, "succeeded": 11}, False),
        ({"passing": 19}, False),
        ({"permanent": 40}, False),
        ({"permanent": 10, "passing": 10}, True),
    ],
)
def test_half_of_twenty_is_sick_and_a_refusal_of_one_resource_is_an_answer(verified_long_ago, outcomes, sick):
    tried(verified_long_ago, outcomes=outcomes)
    assert failure_rate(verified_long_ago.integration).is_sick is sick


def test_what_is_older_than_five_minutes_or_than_the_verification_or_throttled_counts_for_nothing(
    verified_long_ago,
):
    company = verified_long_ago
    tried(company, outcomes={"passing": 30}, ago=301)
    tried(company, outcomes={"passing": 30}, status=429)
    assert failure_rate(company.integration).total == 0
    tried(company, outcomes={"passing": 30}, ago=30)
    assert failure_rate(company.integration).total == 30
    Integration.objects.update(last_verified_at=timezone.now())
    assert failure_rate(company.integration).total == 0


def flaky(company: Any, *, times: int = 10_000) -> None:
    """Reads are answered, every write is refused for now: the application never looks dead."""
    company.target.faults = [Fault(502, body=scim_error(502, "Bad gateway"), method="POST", times=times)]


def test_most_requests_failing_quarantines_and_nothing_is_lost(staffed, monkeypatch):
    company = staffed()
    monkeypatch.setattr("apps.provisioning.gate.SICK_AFTER", 10_000)  # the circuit alone would slow it down
    monkeypatch.setattr("apps.provisioning.engine.SICK_AFTER", 10_000)
    flaky(company)
    joins(company, *(f"p{number}" for number in range(40)))
    company.work()
    found = company.integration
    assert (found.state, found.quarantine_reason) == (IntegrationState.QUARANTINED, "failures")
    assert "requests in the last five minutes failed" in found.last_problem
    event = Event.objects.get(details__state="quarantined")
    assert event.details["reason"] == "failures"
    asked = len(company.target.journal)
    with later(seconds=50):
        company.work()
    assert len(company.target.journal) == asked
    company.target.faults = []
    with later(minutes=2):
        company.work()
    with later(minutes=10):  # what was tried waits for its own backoff
        company.work()
    assert company.integration.is_active
    assert len(company.target.active_names()) == 41


def quarantined(company: Any, **fields: Any) -> Any:
    values = {"state": "quarantined", "quarantine_reason": "failures", "last_problem": "502"} | fields
    Integration.objects.update(**values)
    return company


@pytest.mark.parametrize(("ago", "minutes"), [(59, 5), (61, 1)])
def test_a_relapse_soon_after_a_resumption_waits_longer(staffed, ago, minutes):
    company = staffed()
    Integration.objects.update(
        resumed_at=timezone.now() - dt.timedelta(minutes=ago), consecutive_auth_failures=2
    )
    company.target.token = "rotated"
    joins(company, "noah")
    company.work()
    found = company.integration
    assert found.state == IntegrationState.QUARANTINED
    waits = found.not_before - timezone.now()
    assert abs(waits - dt.timedelta(minutes=minutes)) < dt.timedelta(seconds=10)


def test_each_relapse_waits_longer_up_to_half_an_hour(staffed):
    company = staffed()
    expected = [1, 5, 15, 30, 30]
    minute, waited = 0.0, []
    for _ in expected:
        with later(minutes=minute):
            company.target.token = "rotated"
            Integration.objects.update(consecutive_auth_failures=2)
            directory.update_user(company.mia, actor=company.actor, job_title=f"Lead {minute}")
            company.work()
            found = company.integration
            assert found.state == IntegrationState.QUARANTINED
            waited.append(round((found.not_before - timezone.now()).total_seconds() / 60))
            company.target.token = found.token
        minute += waited[-1] + 0.1
        with later(minutes=minute):
            engine.work(found.pk)
            assert company.integration.is_active
        minute += 0.1
    assert waited == expected


def test_a_probe_that_is_refused_otherwise_changes_the_reason(staffed):
    company = quarantined(staffed(), not_before=timezone.now())
    company.target.token = "rotated"
    engine.work(company.integration.pk)
    assert company.integration.quarantine_reason == "token"


def test_an_application_that_is_away_for_years_is_looked_at_on(staffed):
    """Two looks an hour are more in two years than the column holds on PostgreSQL."""
    most = 32_767
    company = quarantined(staffed(), not_before=timezone.now(), probes=most)
    company.target.token = "rotated"
    engine.work(company.integration.pk)
    assert company.integration.probes <= most


# --- by hand


def test_resuming_by_hand_asks_the_application_first(staffed):
    company = quarantined(staffed(), not_before=timezone.now() + dt.timedelta(minutes=30))
    company.target.token = "rotated"
    with pytest.raises(ActivationRefused):
        actions.resume_integration(company.integration, actor=company.actor)
    assert company.integration.state == IntegrationState.QUARANTINED
    company.target.token = company.integration.token
    joins(company, "noah")
    actions.resume_integration(company.integration, actor=company.actor)
    company.work()
    found = company.integration
    assert (found.is_active, found.quarantine_reason, found.last_problem) == (True, "", "")
    assert company.target.active_names() == {"mia", "noah"}
    assert Event.objects.filter(type="idm_integration_update", details__state="active", success=True).exists()


def test_resuming_what_is_not_quarantined_asks_nobody(staffed):
    company = staffed()
    actions.resume_integration(company.integration, actor=company.actor)
    actions.deactivate_integration(company.integration, actor=company.actor)
    actions.resume_integration(company.integration, actor=company.actor)
    assert company.integration.state == IntegrationState.CONFIGURED
    assert company.target.journal == []


def test_attempts_of_a_batch_are_what_is_counted(staffed):
    """The control of the rate: real failures arrive as rows that it counts."""
    company = staffed()
    flaky(company, times=1)
    joins(company, "noah")
    company.relay()
    engine.work(company.integration.pk)
    assert Attempt.objects.filter(outcome=Outcome.AMBIGUOUS).count() == 1
