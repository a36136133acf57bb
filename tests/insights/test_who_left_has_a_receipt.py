"""Whoever is deactivated or deleted has a receipt: what ended at once, which application was told when, and what is outstanding."""

import datetime as dt

import pytest
import time_machine
from django.utils import timezone

from apps.directory import actions as directory
from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.insights.receipts import State, offboardings, receipts_of, signed_on_to
from apps.provisioning import actions as provisioning
from apps.provisioning.models import Deprovisioning, Integration, RemoteUser
from tests.fakes.scim_target import Fault


def the_receipt():
    [found] = receipts_of([offboardings().first()])
    return found


def states():
    return {each.application: each.state for each in the_receipt().told}


def leaves(company):
    directory.deactivate_user(company.mia, actor=company.actor)


def test_until_the_application_has_answered_it_is_outstanding(staffed):
    company = staffed()
    leaves(company)
    assert states() == {"Target": State.OUTSTANDING}
    assert the_receipt().took is None
    assert not the_receipt().in_time
    company.work()
    receipt = the_receipt()
    assert states() == {"Target": State.DONE}
    assert receipt.in_time
    assert receipt.told[0].words == "Account deactivated in the application (204)"
    assert dt.timedelta() <= receipt.took <= dt.timedelta(seconds=60)


def test_what_an_application_refuses_is_outstanding_in_its_own_words(staffed):
    company = staffed()
    company.target.faults = [Fault(400, {}, b'{"detail": "Not on a Sunday"}', times=9)]
    leaves(company)
    company.work()
    [told] = the_receipt().told
    assert told.state == State.OUTSTANDING
    assert "Not on a Sunday" in told.words
    assert told.job_id == company.job(company.mia).pk


def test_later_than_a_minute_is_said(staffed):
    company = staffed()
    leaves(company)
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=5)):
        company.work()
    assert not the_receipt().outstanding
    assert not the_receipt().in_time


def test_whoever_was_deleted_has_one_as_well(staffed):
    company = staffed()
    directory.remove_user(company.mia, actor=company.actor)
    assert states() == {"Target": State.OUTSTANDING}
    company.work()
    assert states() == {"Target": State.DONE}


def test_an_account_that_is_deleted_weeks_later_was_closed_when_it_was_deactivated(staffed):
    company = staffed(deprovisioning=Deprovisioning.DELETE, delete_after_days=7)
    leaves(company)
    company.work()
    with time_machine.travel(timezone.now() + dt.timedelta(days=8)):
        company.work()
    assert not RemoteUser.objects.exists()
    receipt = the_receipt()
    assert receipt.in_time
    assert "deleted in the application" in receipt.told[0].words


def test_what_the_policy_keeps_is_said_and_not_owed(staffed):
    company = staffed(deprovisioning=Deprovisioning.KEEP)
    leaves(company)
    company.work()
    assert states() == {"Target": State.KEPT}


@pytest.mark.parametrize(
    ("stop", "words"),
    [
        (lambda company: provisioning.deactivate_integration(company.integration, actor=company.actor), "not active"),
        (lambda company: Integration.objects.update(state="quarantined", last_problem="401 expired"), "401 expired"),
        (lambda company: Integration.objects.update(state="paused"), "paused by an administrator"),
    ],
)  # fmt: skip
def test_where_nothing_is_sent_the_receipt_says_why(staffed, stop, words):
    company = staffed()
    stop(company)
    leaves(company)
    [told] = the_receipt().told
    assert told.state == State.OUTSTANDING
    assert words in told.words


def test_an_account_that_was_inactive_before_is_no_part_of_it(staffed):
    company = staffed()
    directory.remove_member(company.engineering, company.mia, actor=company.actor)
    company.work()
    leaves(company)
    assert states() == {"Target": State.BEFORE}


def test_a_creation_whose_answer_was_lost_is_outstanding(staffed, settings):
    settings.SETTLE_SECONDS = 30
    company = staffed()
    noah = company.person("noah")
    directory.add_member(company.engineering, noah, actor=company.actor)
    company.target.faults = [Fault(method="POST", applied=True, reset=True)]
    company.work()
    assert company.job(noah).expected
    directory.deactivate_user(noah, actor=company.actor)
    assert states() == {"Target": State.OUTSTANDING}
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=40)):
        company.work()
        assert states() == {"Target": State.DONE}


def test_a_creation_in_doubt_after_a_return_is_no_part_of_it(staffed, settings):
    """Whoever is back is not waited for: their account is as it should be, whatever the lost answer was."""
    settings.SETTLE_SECONDS = 30
    company = staffed()
    noah = company.person("noah")
    directory.deactivate_user(noah, actor=company.actor)
    directory.reactivate_user(noah, actor=company.actor)
    directory.add_member(company.engineering, noah, actor=company.actor)
    company.target.faults = [Fault(method="POST", applied=True, reset=True)]
    company.work()
    assert company.job(noah).expected
    assert the_receipt().returned_at is not None
    assert the_receipt().outstanding == []


def test_the_time_after_a_return_belongs_to_another_receipt(staffed):
    company = staffed()
    leaves(company)
    directory.reactivate_user(company.mia, actor=company.actor)
    company.work()
    assert the_receipt().returned_at is not None
    assert states() == {"Target": State.REVOKED}
    leaves(company)
    company.work()
    second, first = receipts_of(list(offboardings()))
    assert [each.state for each in second.told] == [State.DONE]
    assert [each.state for each in first.told] == [State.REVOKED]


def test_where_sign_on_was_used_without_management_it_is_named(staffed):
    company = staffed()
    for days, name in ((10, "Blog"), (10, "Blog"), (100, "Long ago")):
        with time_machine.travel(timezone.now() - dt.timedelta(days=days)):
            record(
                EventType.SSO_AUTH,
                actor=Actor("person", str(company.mia.pk), str(company.mia)),
                application=Target("application", name, name),
            )
    leaves(company)
    assert signed_on_to(offboardings().first()) == ["Blog"]


def test_the_queries_do_not_grow_with_the_people(staffed, django_assert_num_queries):
    company = staffed()
    people = [company.person(f"p{number}") for number in range(5)]
    directory.add_members(company.engineering, people, actor=company.actor)
    company.work()
    for person in people:
        directory.deactivate_user(person, actor=company.actor)
    events = list(offboardings())
    for some in (events[:1], events):
        with django_assert_num_queries(3):
            assert len(receipts_of(some)) == len(some)
