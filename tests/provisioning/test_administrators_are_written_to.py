"""By mail, once each: an application is quarantined, goes on by itself, or removals wait for a decision."""

from typing import Any

import pytest

from apps.accounts.actions import add_administrator
from apps.accounts.models import Role
from apps.applications.actions import assign_group, remove_assignment
from apps.directory import actions as directory
from apps.mail.models import Letter
from apps.provisioning import actions
from apps.provisioning.models import Integration
from apps.provisioning.queries import held_removals
from apps.provisioning.removal_decisions import reject_removals
from apps.provisioning.running import synchronize
from tests.fakes.scim_target import TOKEN
from tests.provisioning.conftest import joins, later

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(staffed, tenant) -> Any:
    """An administrator is there to be written to."""
    company = staffed()
    olivia = company.person("olivia")
    add_administrator(olivia, role=Role.ADMINISTRATOR, actor=company.actor)
    return company


def letters() -> list[Letter]:
    return list(Letter.objects.order_by("created_at", "id"))


def subjects() -> list[str]:
    return [letter.subject for letter in letters()]


def fall_ill(company: Any) -> None:
    company.target.token = "rotated"
    Integration.objects.update(consecutive_auth_failures=2)
    joins(company, f"p{len(company.target.journal)}")
    company.work()


def test_a_quarantine_and_its_end_are_told_once_each(told):
    company = told
    fall_ill(company)
    company.work()
    assert subjects() == ["Target: provisioning is paused, because the token is refused"]
    (letter,) = letters()
    assert letter.address == "olivia@example.com"
    assert f"/console/applications/{company.application.pk}/identity-management/" in letter.text
    assert "Enter a new token" in letter.text
    assert "token rotated" not in letter.text
    assert TOKEN not in letter.text
    company.target.token = TOKEN
    with later(minutes=2):
        company.work()
    assert subjects()[1:] == ["Target: provisioning goes on by itself"]


def test_who_presses_the_button_is_not_written_to_about_it(told):
    company = told
    fall_ill(company)
    company.target.token = TOKEN
    actions.resume_integration(company.integration, actor=company.actor)
    assert len(letters()) == 1


def test_an_application_that_falls_ill_again_and_again_fills_nobodys_mailbox(told):
    company = told
    minute = 0.0
    for _ in range(5):
        with later(minutes=minute):
            fall_ill(company)
            company.target.token = TOKEN
        minute += 31
        with later(minutes=minute):
            company.work()
            assert company.integration.is_active
        minute += 0.1
    assert len(letters()) == 4  # twice ill, twice well


def test_held_removals_are_told_once_and_again_when_there_is_another_question(told):
    company = told
    joins(company, *(f"p{number}" for number in range(14)))
    company.work()
    Integration.objects.update(width=1)  # batches of eight
    remove_assignment(company.application, company.engineering, actor=company.actor)
    company.work()
    company.work()
    assert subjects() == ["Target: 15 removals wait for your decision"]
    assert "/identity-management/approval/" in letters()[0].text
    assert "15 of 15 accounts" in letters()[0].text
    reject_removals(company.integration, actor=company.actor)
    assign_group(company.application, company.engineering, actor=company.actor)
    company.work()
    remove_assignment(company.application, company.engineering, actor=company.actor)
    company.work()
    assert len(letters()) == 2


def test_held_groups_are_counted_as_on_the_page(told):
    company = told
    Integration.objects.update(manage_groups=True)
    joins(company, *(f"p{number}" for number in range(14)))
    synchronize(company.integration, actor=company.actor)
    company.work()
    people = list(company.engineering.members.all())
    directory.remove_members(company.engineering, people, actor=company.actor)
    company.work()
    held = held_removals(company.integration)
    assert (held.people, held.groups) == (15, 1)
    assert subjects() == ["Target: 16 removals wait for your decision"]
    text = letters()[0].text
    assert "15 of 15 accounts" in text
    assert "1 group there would lose them" in text


def test_accounts_that_are_kept_do_not_wait_again(told):
    company = told
    others = company.group("Others", *(company.person(f"o{number}") for number in range(12)))
    joins(company, *(f"p{number}" for number in range(14)))
    company.work()
    remove_assignment(company.application, company.engineering, actor=company.actor)
    company.work()
    reject_removals(company.integration, actor=company.actor)
    remove_assignment(company.application, others, actor=company.actor)
    company.work()
    assert held_removals(company.integration).total == 12
    assert subjects() == [
        "Target: 15 removals wait for your decision",
        "Target: 12 removals wait for your decision",
    ]
    assert "12 of 27 accounts" in letters()[1].text


def test_a_mistake_that_is_taken_back_is_another_question_next_time(told):
    company = told
    joins(company, *(f"p{number}" for number in range(14)))
    company.work()
    for _ in range(2):
        remove_assignment(company.application, company.engineering, actor=company.actor)
        company.work()
        assign_group(company.application, company.engineering, actor=company.actor)
        company.work()
    assert len(letters()) == 2
