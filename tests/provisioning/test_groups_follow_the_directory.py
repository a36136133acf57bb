"""The seeds' "Group Management Considerations", one test each sentence."""

import pytest

from apps.applications.actions import assign_group, remove_assignment
from apps.directory import actions as directory
from apps.events.models import Event
from apps.provisioning import actions
from apps.provisioning.models import Job, JobState, RemoteGroup
from tests.fakes.scim_target import Fault, scim_error

pytestmark = pytest.mark.django_db


@pytest.fixture
def managed(staffed):
    return staffed(manage_groups=True)


def test_groups_are_managed_only_when_switched_on(staffed):
    company = staffed()
    assert company.target.groups == {}
    assert not RemoteGroup.objects.exists()


def test_a_bound_group_is_created_with_its_members(managed):
    assert managed.target.members_of("Engineering") == {"mia"}
    assert Event.objects.filter(type="group_create_provision", success=True).count() == 1


def test_empty_groups_are_not_created(managed):
    managed.group("Nobody")
    managed.work()
    assert {group["displayName"] for group in managed.target.groups.values()} == {"Engineering"}


def test_a_group_whose_members_cannot_be_created_is_not_created_either(managed):
    managed.target.poison = "noah"
    managed.group("Poisoned", managed.person("noah"))
    managed.work()
    assert {group["displayName"] for group in managed.target.groups.values()} == {"Engineering"}


def test_an_existing_group_of_the_same_name_is_taken_over(managed):
    stranger = managed.target.add_user("stranger", "stranger@example.com")
    there = managed.target.add_group("Sales", stranger["id"])
    managed.group("Sales", managed.mia)
    managed.work()
    assert managed.target.members_of("Sales") == {"mia"}
    assert RemoteGroup.objects.get(name="Sales").remote_id == there["id"]
    assert RemoteGroup.objects.get(name="Sales").linked


def test_two_groups_of_that_name_are_left_alone_and_said_so(managed):
    managed.target.add_group("Sales")
    managed.target.add_group("Sales")
    sales = managed.group("Sales", managed.mia)
    managed.work()
    assert managed.job(sales).state == JobState.PARKED
    assert "More than one" in managed.job(sales).last_error


def test_members_come_and_go(managed):
    noah = managed.person("noah")
    directory.add_member(managed.engineering, noah, actor=managed.actor)
    managed.work()
    assert managed.target.members_of("Engineering") == {"mia", "noah"}
    managed.group("Everybody", managed.mia)
    directory.remove_member(managed.engineering, managed.mia, actor=managed.actor)
    managed.work()
    assert managed.target.members_of("Engineering") == {"noah"}


def test_users_come_before_the_groups_that_name_them(managed):
    managed.target.journal.clear()
    managed.group("Sales", managed.person("noah"), managed.person("olga"))
    managed.work()
    kinds = [path.split("/")[3] for _, path in managed.target.wrote()]
    assert kinds == ["Users", "Users", "Groups"]


def test_a_suspended_member_leaves_the_group(managed):
    noah = managed.person("noah")
    directory.add_member(managed.engineering, noah, actor=managed.actor)
    managed.work()
    directory.deactivate_user(noah, actor=managed.actor)
    managed.work()
    assert managed.target.members_of("Engineering") == {"mia"}


@pytest.mark.parametrize("why", ["kept", "refused"])
def test_a_member_whose_account_stayed_active_meanwhile_comes_back_into_the_group(managed, why):
    """Nothing has to be done about the account then, so nothing but the group itself brings them back."""
    noah = managed.person("noah")
    directory.add_member(managed.engineering, noah, actor=managed.actor)
    managed.work()
    if why == "kept":
        actions.configure_integration(
            managed.application,
            actor=managed.actor,
            base_url=managed.target.base_url,
            deprovisioning="keep",
        )
    else:
        managed.target.faults = [Fault(400, {}, scim_error(400, "not that one"), method="PATCH")]
    directory.deactivate_user(noah, actor=managed.actor)
    managed.work()
    assert managed.target.members_of("Engineering") == {"mia"}
    assert "noah" in managed.target.active_names()
    directory.reactivate_user(noah, actor=managed.actor)
    managed.work()
    assert managed.target.members_of("Engineering") == {"mia", "noah"}


def test_a_change_of_a_members_name_is_no_matter_of_the_group(managed):
    directory.update_user(managed.mia, actor=managed.actor, job_title="Lead")
    managed.relay()
    assert managed.job(managed.mia).state == JobState.PENDING
    assert managed.job(managed.engineering).state == JobState.DONE


def test_a_deleted_member_leaves_the_group(managed):
    noah = managed.person("noah")
    directory.add_member(managed.engineering, noah, actor=managed.actor)
    managed.work()
    directory.remove_user(noah, actor=managed.actor)
    managed.work()
    assert managed.target.members_of("Engineering") == {"mia"}


def test_group_renaming_is_supported(managed):
    directory.update_group(managed.engineering, actor=managed.actor, name="Platform")
    managed.work()
    assert managed.target.members_of("Platform") == {"mia"}
    assert len(managed.target.groups) == 1


def test_a_disassociated_group_is_left_as_is_and_its_members_are_deactivated(managed):
    remove_assignment(managed.application, managed.engineering, actor=managed.actor)
    managed.work()
    assert managed.target.members_of("Engineering") == {"mia"}
    assert managed.target.active_names() == set()
    assert not RemoteGroup.objects.get().managed


def test_a_disassociated_group_that_is_deleted_later_is_not_deleted_there(managed):
    remove_assignment(managed.application, managed.engineering, actor=managed.actor)
    directory.remove_group(
        managed.engineering, actor=managed.actor
    )  # neither relay nor worker came by in between
    managed.work()
    assert len(managed.target.groups) == 1


def test_a_group_taken_away_bound_again_and_deleted_is_deleted_there(managed):
    remove_assignment(managed.application, managed.engineering, actor=managed.actor)
    assign_group(managed.application, managed.engineering, actor=managed.actor)
    directory.remove_group(managed.engineering, actor=managed.actor)
    managed.work()
    assert managed.target.groups == {}


def test_a_group_bound_again_is_synced_again(managed):
    remove_assignment(managed.application, managed.engineering, actor=managed.actor)
    managed.work()
    managed.target.groups[RemoteGroup.objects.get().remote_id]["members"] = []
    assign_group(managed.application, managed.engineering, actor=managed.actor)
    managed.work()
    assert managed.target.members_of("Engineering") == {"mia"}
    assert RemoteGroup.objects.get().managed


def test_a_managed_group_deleted_here_is_deleted_there(managed):
    directory.remove_group(managed.engineering, actor=managed.actor)
    managed.work()
    assert managed.target.groups == {}
    assert managed.target.active_names() == set()
    assert not RemoteGroup.objects.exists()
    assert Event.objects.filter(type="group_delete_provision", success=True).count() == 1


def test_a_group_we_never_managed_is_never_deleted(managed):
    managed.target.add_group("Sales")
    sales = managed.group("Sales", bound=False)
    directory.remove_group(sales, actor=managed.actor)
    managed.work()
    assert [group["displayName"] for group in managed.target.groups.values()] == ["Engineering", "Sales"]


def test_switching_management_off_leaves_groups_as_they_are_and_people_managed(managed):
    actions.configure_integration(
        managed.application, actor=managed.actor, base_url=managed.target.base_url, manage_groups=False
    )
    noah = managed.person("noah")
    directory.add_member(managed.engineering, noah, actor=managed.actor)
    directory.update_group(managed.engineering, actor=managed.actor, name="Platform")
    managed.work()
    assert managed.target.members_of("Engineering") == {"mia"}
    assert managed.target.active_names() == {"mia", "noah"}
    directory.update_user(managed.mia, actor=managed.actor, job_title="Lead")
    directory.remove_member(managed.engineering, noah, actor=managed.actor)
    managed.work()
    assert managed.target.named("mia")["title"] == "Lead"
    assert managed.target.active_names() == {"mia"}
    directory.remove_group(managed.engineering, actor=managed.actor)
    managed.work()
    assert managed.target.members_of("Engineering") == {"mia"}
    assert managed.target.active_names() == set()


def test_switching_management_on_again_takes_the_group_up_where_it_is(managed):
    url = managed.target.base_url
    actions.configure_integration(managed.application, actor=managed.actor, base_url=url, manage_groups=False)
    directory.add_member(managed.engineering, managed.person("noah"), actor=managed.actor)
    managed.work()
    actions.configure_integration(managed.application, actor=managed.actor, base_url=url, manage_groups=True)
    managed.work()
    assert managed.target.members_of("Engineering") == {"mia", "noah"}
    assert len(managed.target.groups) == 1


def test_a_group_that_vanished_there_is_made_again(managed):
    managed.target.groups.clear()
    directory.add_member(managed.engineering, managed.person("noah"), actor=managed.actor)
    managed.work()
    assert managed.target.members_of("Engineering") == {"mia", "noah"}
    assert not Job.objects.exclude(state=JobState.DONE).exists()
