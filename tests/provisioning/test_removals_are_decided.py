"""Removing many people by mistake: nothing is sent before an administrator has said so, and a no is remembered."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from apps.applications.actions import assign_group, remove_assignment
from apps.directory import actions as directory
from apps.events.models import Event
from apps.events.types import EventType
from apps.provisioning import actions, engine, queries, running
from apps.provisioning.errors import Outdated
from apps.provisioning.models import Integration, Job, JobState
from apps.provisioning.preview import preview
from apps.provisioning.removal_decisions import approve_removals, reject_removals, reopen_removal
from tests.fakes.scim_target import TOKEN
from tests.provisioning.conftest import later

pytestmark = pytest.mark.django_db


@pytest.fixture
def peopled(company) -> Any:
    """Three bound groups of 14, 6 and 4, all provisioned; the journal begins afterwards."""

    def ready(**options: Any) -> Any:
        company.application_of("custom_saml")
        company.biggest = company.group("Biggest", *crowd(company, "big", 14))
        company.middle = company.group("Middle", *crowd(company, "mid", 6))
        company.small = company.group("Small", *crowd(company, "few", 4))
        company.activate(**options)
        company.work()
        assert len(company.target.active_names()) == 24
        company.target.journal.clear()
        return company

    return ready


def crowd(company: Any, name: str, number: int) -> list[Any]:
    people = [company.person(f"{name}{each}") for each in range(number)]
    setattr(company, name, people)
    return people


def unbind(company: Any) -> None:
    remove_assignment(company.application, company.biggest, actor=company.actor)


def delete(company: Any) -> None:
    directory.remove_group(company.biggest, actor=company.actor)


def empty(company: Any) -> None:
    directory.remove_members(company.biggest, company.big, actor=company.actor)


MISTAKES = pytest.mark.parametrize("mistake", [unbind, delete, empty])
GROUPS = pytest.mark.parametrize("manage_groups", [False, True], ids=["people", "people and groups"])


@MISTAKES
@GROUPS
def test_nothing_is_sent_before_the_approval(peopled, mistake, manage_groups):
    company = peopled(manage_groups=manage_groups)
    mistake(company)
    company.work()
    assert company.target.wrote() == []
    assert queries.held_removals(company.integration).people == 14
    approve_removals(company.integration, actor=company.actor)
    company.work()
    assert len(company.target.active_names()) == 10
    assert queries.health(company.integration).held == 0
    if manage_groups and mistake is not unbind:  # what is unbound is left as it is
        assert "Biggest" not in names_with_members(company)


def names_with_members(company: Any) -> set[str]:
    return {group["displayName"] for group in company.target.groups.values() if group["members"]}


@MISTAKES
@GROUPS
def test_a_no_keeps_every_account_however_often_everybody_is_compared(peopled, mistake, manage_groups):
    company = peopled(manage_groups=manage_groups)
    mistake(company)
    company.work()
    count = reject_removals(company.integration, actor=company.actor)
    assert count == queries.health(company.integration).kept >= 14
    for days in (0, 1, 30):
        with later(days=days):
            running.synchronize(company.integration, actor=company.actor)
            company.work()
    assert company.target.wrote() == []
    assert len(company.target.active_names()) == 24
    assert queries.health(company.integration).kept == count
    assert preview(company.integration).rows == []  # neither people nor groups: a sync would send nothing
    kept = Event.objects.filter(type=EventType.USER_KEEP_PROVISION)
    assert sorted(kept.values_list("target_id", flat=True)) == sorted(str(each.pk) for each in company.big)
    assert set(kept.values_list("actor_name", "application_name")) == {(company.actor.name, "Target")}
    groups = Event.objects.filter(type=EventType.GROUP_KEEP_PROVISION)
    assert groups.count() == count - len(company.big)
    if manage_groups and mistake is not unbind:  # what is unbound is left as it is
        assert {*groups.values_list("target_kind", "target_name")} == {("group", "Biggest")}
    event = Event.objects.get(details__has_key="removals_rejected")
    assert event.details["removals_rejected"] == count


def test_a_mistake_that_is_taken_back_sends_nothing_and_forgets_the_no(peopled):
    company = peopled(manage_groups=True)
    unbind(company)
    company.work()
    reject_removals(company.integration, actor=company.actor)
    assign_group(company.application, company.biggest, actor=company.actor)
    company.work()
    assert {method for method, _ in company.target.wrote()} <= {"PATCH"}  # of the group, which was let go
    assert len(company.target.active_names()) == 24
    assert queries.health(company.integration).kept == 0
    assert not Job.objects.exclude(kept_because="").exists()
    unbind(company)
    company.work()
    assert queries.held_removals(company.integration).people == 14


@pytest.mark.parametrize("decide", [approve_removals, reject_removals, None], ids=["yes", "no", "not yet"])
def test_what_was_decided_about_one_place_says_nothing_about_another(peopled, decide):
    company = peopled()
    unbind(company)
    company.work()
    assert queries.held_removals(company.integration).people == 14
    if decide is not None:
        decide(company.integration, actor=company.actor)
    move(company, there=False)
    move(company, there=True)
    company.work()
    assert (queries.health(company.integration).held, queries.health(company.integration).kept) == (0, 0)
    assert not Job.objects.exclude(kept_because="", approved=False).exists()
    assign_group(company.application, company.biggest, actor=company.actor)
    company.work()
    company.target.journal.clear()
    unbind(company)
    company.work()
    assert company.target.wrote() == []
    assert queries.held_removals(company.integration).people == 14


def move(company: Any, *, there: bool) -> None:
    """To an address that is another in our eyes."""
    base_url = company.target.base_url + ("" if there else "/elsewhere")
    actions.configure_integration(company.application, actor=company.actor, base_url=base_url, token=TOKEN)
    if there:
        actions.activate_integration(company.integration, actor=company.actor)


def suspend(company: Any, person: Any) -> None:
    directory.deactivate_user(person, actor=company.actor)


def remove(company: Any, person: Any) -> None:
    directory.remove_user(person, actor=company.actor)


def rename(company: Any, person: Any) -> None:
    directory.update_user(person, actor=company.actor, job_title="Other")


@pytest.mark.parametrize(("change", "left"), [(suspend, 23), (remove, 23), (rename, 24)])
def test_a_kept_account_goes_when_its_own_reason_changes(peopled, change, left):
    company = peopled()
    unbind(company)
    company.work()
    reject_removals(company.integration, actor=company.actor)
    change(company, company.big[0])
    company.work()
    assert len(company.target.active_names()) == left
    assert queries.health(company.integration).kept == 14 - (24 - left)


def test_a_kept_account_is_kept_no_longer_by_a_button(peopled):
    company = peopled()
    unbind(company)
    company.work()
    reject_removals(company.integration, actor=company.actor)
    job = company.job(company.big[0])
    reopen_removal(job, actor=company.actor)
    company.work()
    assert len(company.target.active_names()) == 23
    assert company.job(company.big[0]).state == JobState.DONE
    reopen_removal(company.job(company.mid[0]), actor=company.actor)
    assert company.job(company.mid[0]).state == JobState.DONE


@pytest.mark.parametrize("decide", [approve_removals, reject_removals])
def test_a_decision_is_about_what_was_looked_at(peopled, decide):
    company = peopled()
    unbind(company)
    company.work()
    directory.remove_members(company.middle, company.mid, actor=company.actor)
    company.work()
    with pytest.raises(Outdated):
        decide(company.integration, actor=company.actor, held=14)
    company.work()
    assert company.target.wrote() == []
    assert queries.health(company.integration).held == 20
    assert decide(company.integration, actor=company.actor, held=20) == 20


# --- what is counted together


def leave_one_by_one(company: Any, *, minutes: float) -> None:
    """All of the biggest group, while the application is away."""
    Integration.objects.update(state="quarantined", not_before=timezone.now() + dt.timedelta(days=30))
    for number, person in enumerate(company.big):
        with later(minutes=number * minutes):
            directory.remove_member(company.biggest, person, actor=company.actor)
            company.relay()
    Integration.objects.update(state="active", not_before=None)


def test_what_piled_up_one_by_one_is_nobodys_accident(peopled):
    company = peopled()
    leave_one_by_one(company, minutes=60)
    with later(days=1):
        company.work()
    assert len(company.target.active_names()) == 10


def test_what_came_within_minutes_is_asked_about_even_one_by_one(peopled):
    company = peopled()
    leave_one_by_one(company, minutes=0.2)
    with later(days=1):
        company.work()
    assert company.target.wrote() == []
    assert queries.held_removals(company.integration).people == 14


def test_a_single_removal_goes_its_way_beside_held_ones(peopled):
    company = peopled()
    unbind(company)
    company.work()
    with later(hours=1):
        suspend(company, company.few[0])
        company.work()
    assert len(company.target.active_names()) == 23
    assert queries.held_removals(company.integration).people == 14


def test_a_slice_of_a_large_removal_is_weighed_with_all_of_it(peopled):
    """The relay has told us of two people; the directory knows of fourteen."""
    company = peopled()
    Integration.objects.update(width=1)
    empty(company)
    from apps.outbox.models import Entry
    from apps.provisioning.subscriptions import users_changed

    users_changed([person.pk for person in company.big[:2]])
    assert Entry.objects.exists()
    while engine.work(company.integration.pk):
        continue
    assert company.target.wrote() == []


def test_what_time_alone_ended_is_weighed_as_well(peopled):
    company = peopled()
    expires = timezone.now() + dt.timedelta(days=1)
    for person in company.big:
        type(person).objects.filter(pk=person.pk).update(password_expires_at=expires)
    running.synchronize(company.integration, actor=company.actor)
    company.work()
    company.target.journal.clear()
    with time_machine.travel(expires + dt.timedelta(minutes=1)):
        company.work()
        found = queries.held_removals(company.integration)
    assert company.target.wrote() == []
    assert found.reasons == {"expired": 14}


def test_activating_after_weeks_is_one_evaluation(peopled):
    company = peopled()
    actions.deactivate_integration(company.integration, actor=company.actor)
    for person in company.big:
        directory.remove_member(company.biggest, person, actor=company.actor)
    company.relay()
    with later(days=20):
        actions.configure_integration(
            company.application, actor=company.actor, base_url=company.target.base_url, token=TOKEN
        )
        actions.activate_integration(company.integration, actor=company.actor)
        company.work()
    assert company.target.wrote() == []
    assert preview(company.integration).held


def test_groups_wait_no_longer_than_their_people(peopled):
    company = peopled(manage_groups=True)
    empty(company)
    company.work()
    assert company.job(company.biggest).state == JobState.HELD
    directory.add_members(company.middle, company.big, actor=company.actor)
    company.work()
    assert len(company.target.active_names()) == 24
    assert company.job(company.biggest).state == JobState.DONE
    assert company.target.members_of("Biggest") == set()
