"""Somebody loses access while it is unknown whether their account was created: the account must not stay behind, active."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from apps.directory import actions as directory
from apps.provisioning import engine, jobs, recording
from apps.provisioning.actions import configure_integration
from apps.provisioning.models import JobState
from tests.fakes.scim_target import Fault
from tests.provisioning.conftest import later

pytestmark = pytest.mark.django_db

LOST = (Fault(reset=True, applied=True, method="POST"), Fault(500, method="POST", applied=True))


@pytest.fixture
def arriving(staffed, settings) -> Any:
    """noah has joined, the request for his account was carried out, and its answer never came."""

    def ready(fault: Fault = LOST[0], **fields: str) -> Any:
        settings.SETTLE_SECONDS = 60
        company = staffed()
        company.target.faults = [Fault(**vars(fault))]
        company.noah = company.person("noah", **fields)
        directory.add_member(company.engineering, company.noah, actor=company.actor)
        company.work()
        assert company.job(company.noah).read_back
        return company

    return ready


def settle(company: Any) -> None:
    company.relay()
    with later(seconds=61):
        company.work()


@pytest.mark.parametrize("fault", LOST, ids=["reset", "500"])
def test_who_leaves_before_the_answer_is_deactivated(arriving, fault):
    company = arriving(fault)
    assert "noah" in company.target.active_names()  # or the next assertions would prove nothing
    directory.remove_member(company.engineering, company.noah, actor=company.actor)
    settle(company)
    assert company.target.active_names() == {"mia"}
    assert company.job(company.noah).state == JobState.DONE
    assert not company.remote(company.noah).active


def test_who_is_deleted_before_the_answer_is_deactivated(arriving):
    company = arriving()
    noah = company.job(company.noah)
    directory.remove_user(company.noah, actor=company.actor)
    settle(company)
    assert company.target.active_names() == {"mia"}
    noah.refresh_from_db()
    assert (noah.state, noah.expected) == (JobState.DONE, None)


def test_who_is_renamed_before_the_answer_has_one_account(arriving):
    company = arriving()
    directory.update_user(company.noah, actor=company.actor, username="noah.new")
    settle(company)
    assert company.target.active_names() == {"mia", "noah.new"}


@pytest.mark.parametrize("fault", LOST, ids=["reset", "500"])
def test_whose_email_changes_before_the_answer_keeps_the_account(arriving, fault):
    company = arriving(fault)
    directory.update_user(company.noah, actor=company.actor, email="noah.new@example.com")
    settle(company)
    assert company.job(company.noah).state == JobState.DONE
    assert company.target.named("noah")["emails"][0]["value"] == "noah.new@example.com"


def test_each_lost_creation_is_known_by_its_own_email(arriving):
    """The first was not carried out, the second was; a third e-mail address is wanted by now."""
    company = arriving(Fault(502, method="POST"))
    company.target.faults = [Fault(reset=True, applied=True, method="POST")]
    directory.update_user(company.noah, actor=company.actor, email="second@example.com")
    settle(company)
    assert company.target.named("noah")["emails"][0]["value"] == "second@example.com"
    directory.update_user(company.noah, actor=company.actor, email="third@example.com")
    company.relay()
    with later(seconds=122):
        company.work()
    assert company.job(company.noah).state == JobState.DONE
    assert company.target.named("noah")["emails"][0]["value"] == "third@example.com"


def test_who_leaves_while_the_worker_dies_is_deactivated(staffed, monkeypatch):
    company = staffed()
    noah = company.person("noah")
    directory.add_member(company.engineering, noah, actor=company.actor)
    company.relay()

    def die(_integration: Any, _lease: Any, reports: Any) -> Any:
        if reports:
            raise SystemExit
        return reports

    with monkeypatch.context() as killed:
        killed.setattr(recording, "record_reports", die)
        with pytest.raises(SystemExit):
            engine.work(company.integration.pk)
    assert "noah" in company.target.active_names()
    directory.remove_member(company.engineering, noah, actor=company.actor)
    company.relay()
    with time_machine.travel(timezone.now() + jobs.LEASE + dt.timedelta(seconds=1)):
        company.work()
    assert company.target.active_names() == {"mia"}


def test_who_leaves_and_was_not_created_after_all_is_looked_up_and_no_more(arriving):
    company = arriving(Fault(502, method="POST"))
    directory.remove_member(company.engineering, company.noah, actor=company.actor)
    company.target.journal.clear()
    settle(company)
    assert [asked.method for asked in company.target.journal] == ["GET"]
    assert company.job(company.noah).state == JobState.DONE


def test_somebody_elses_account_of_the_same_name_is_left_alone(arriving):
    company = arriving(Fault(502, method="POST"))
    company.target.add_user("noah", "another.noah@example.org")
    directory.remove_member(company.engineering, company.noah, actor=company.actor)
    settle(company)
    assert company.target.active_names() == {"mia", "noah"}
    assert company.job(company.noah).state == JobState.DONE


def test_another_address_is_not_searched_for_what_may_be_at_the_old_one(arriving):
    company = arriving()
    configure_integration(
        company.integration.application, actor=company.actor, base_url="https://elsewhere.example/scim"
    )
    assert company.job(company.noah).expected is None


# --- groups


@pytest.fixture
def forming(staffed, settings) -> Any:
    """Platform was bound, the request for its group was carried out, and its answer never came."""

    def ready(fault: Fault = LOST[0]) -> Any:
        settings.SETTLE_SECONDS = 60
        company = staffed(manage_groups=True)
        company.target.faults = [Fault(**vars(fault))]
        company.platform = company.group("Platform", company.mia)
        company.work()
        assert company.job(company.platform).read_back
        return company

    return ready


def names_there(company: Any) -> set[str]:
    return {group["displayName"] for group in company.target.groups.values()}


@pytest.mark.parametrize("fault", LOST, ids=["reset", "500"])
def test_a_group_that_is_deleted_before_the_answer_is_deleted_there(forming, fault):
    company = forming(fault)
    assert names_there(company) == {"Engineering", "Platform"}  # or the next assertion would prove nothing
    directory.remove_group(company.platform, actor=company.actor)
    settle(company)
    assert names_there(company) == {"Engineering"}


def test_a_group_that_is_renamed_before_the_answer_is_there_once(forming):
    company = forming()
    directory.update_group(company.platform, actor=company.actor, name="Plant")
    settle(company)
    assert names_there(company) == {"Engineering", "Plant"}


def test_somebody_elses_group_of_the_same_name_is_not_deleted(forming):
    company = forming(Fault(502, method="POST"))
    company.target.add_group("Platform")
    directory.remove_group(company.platform, actor=company.actor)
    settle(company)
    assert names_there(company) == {"Engineering", "Platform"}
