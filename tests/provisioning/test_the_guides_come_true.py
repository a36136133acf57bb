"""Sentences of the vendors' guides that no other test says by itself. docs/provisioning.md has all of them, each with its test."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from apps.applications.actions import assign_group, remove_assignment
from apps.directory import actions as directory
from apps.directory.models import User
from apps.events.models import Event
from apps.events.types import EventType
from apps.provisioning import actions
from apps.provisioning.errors import ActivationRefused
from apps.provisioning.models import RemoteGroup
from apps.saml.gate import may_issue
from tests.fakes.scim_target import TOKEN, ScimTarget
from tests.provisioning.conftest import Company, joins, later

pytestmark = pytest.mark.django_db

GROUP_EVENTS = [
    EventType.GROUP_CREATE_PROVISION,
    EventType.GROUP_UPDATE_PROVISION,
    EventType.GROUP_DELETE_PROVISION,
]


@pytest.fixture
def elsewhere(system: Any) -> Iterator[Company]:
    """A second application of the same tenant."""
    running = ScimTarget()
    yield Company(system, running)
    running.stop()


def test_an_expired_password_deactivates_in_every_application_and_a_new_one_reactivates_in_every_one(
    staffed, elsewhere
):
    company = staffed()
    elsewhere.application_of()
    assign_group(elsewhere.application, company.engineering, actor=company.actor)
    elsewhere.activate()
    User.objects.update(password_expires_at=timezone.now() + dt.timedelta(days=1))
    for each in (company, elsewhere):
        actions.activate_integration(each.integration, actor=company.actor)
        each.work()
        assert each.target.active_names() == {"mia"}
    with later(days=2):
        for each in (company, elsewhere):
            each.work()
            assert each.target.active_names() == set()
            assert len(each.target.users) == 1
    directory.set_password(company.mia, "correct horse battery", actor=company.actor)
    for each in (company, elsewhere):
        each.work()
        assert each.target.active_names() == {"mia"}


def test_after_identity_management_is_deactivated_people_stay_active_and_still_sign_in(staffed):
    company = staffed()
    actions.deactivate_integration(company.integration, actor=company.actor)
    directory.update_user(company.mia, actor=company.actor, first_name="Maria")
    company.work()
    assert company.target.journal == []
    assert company.target.active_names() == {"mia"}
    assert may_issue(company.mia, company.application, timezone.now()) is None


def test_a_new_token_or_address_takes_deactivating_entering_it_and_reactivating(staffed):
    company = staffed()
    actions.deactivate_integration(company.integration, actor=company.actor)
    company.target.token = "regenerated-5f1d"
    joins(company, "noah")
    with pytest.raises(ActivationRefused):
        actions.activate_integration(company.integration, actor=company.actor)
    actions.configure_integration(
        company.application,
        actor=company.actor,
        base_url=company.target.base_url,
        token=company.target.token,
    )
    assert not company.integration.is_active
    actions.activate_integration(company.integration, actor=company.actor)
    company.work()
    assert company.target.active_names() == {"mia", "noah"}
    assert {asked.token for asked in company.target.journal if asked.status < 400} == {company.target.token}
    assert company.target.token != TOKEN


def test_gitlab_loses_the_person_from_its_group_and_no_account_is_deleted(staffed):
    company = staffed("gitlab_saas", {"group_path": "acme"})
    directory.remove_member(company.engineering, company.mia, actor=company.actor)
    company.work()
    assert [method for method, _path in company.target.wrote()] == ["PATCH"]
    assert [user["active"] for user in company.target.users.values()] in ([False], ["False"])


def test_gitlab_is_never_asked_about_groups(staffed):
    company = staffed("gitlab_saas", {"group_path": "acme"})
    company.group("Sales", company.mia, company.person("noah"))
    directory.update_group(company.engineering, actor=company.actor, name="Platform")
    directory.remove_group(company.engineering, actor=company.actor)
    company.work()
    assert company.target.journal
    assert not [asked for asked in company.target.journal if "/Groups" in asked.path]
    assert not RemoteGroup.objects.exists()
    assert not Event.objects.filter(type__in=GROUP_EVENTS).exists()  # only present where groups are supported


@pytest.mark.parametrize("change", [directory.remove_user, directory.deactivate_user])
def test_gitlab_self_managed_blocks_whoever_is_removed_or_deactivated_and_the_identity_stays(staffed, change):
    company = staffed("gitlab_self_managed", {"host": "gitlab.example.com"})
    before = dict(company.target.users)
    change(company.mia, actor=company.actor)
    company.work()
    (there,) = company.target.users.values()
    assert there["active"] in (False, "False")
    assert {name: there[name] for name in ("id", "externalId", "userName")} == {
        name: before[there["id"]][name] for name in ("id", "externalId", "userName")
    }
    assert [method for method, _path in company.target.wrote()] == ["PATCH"]


@pytest.mark.parametrize("connector", ["gitlab_saas", "gitlab_self_managed"])
def test_whoever_was_removed_from_gitlab_is_added_again_by_the_group(staffed, connector):
    parameters = {"group_path": "acme"} if connector == "gitlab_saas" else {"host": "gitlab.example.com"}
    company = staffed(connector, parameters)
    before = list(company.target.users)
    for change in (directory.remove_member, directory.add_member):
        change(company.engineering, company.mia, actor=company.actor)
        company.work()
    assert list(company.target.users) == before
    assert company.target.users[before[0]]["active"] in (True, "True")


def test_every_bound_group_is_synced_whenever_a_membership_or_the_group_changes(staffed):
    company = staffed(manage_groups=True)
    noah, olga = company.person("noah"), company.person("olga")
    sales, support = company.group("Sales", noah), company.group("Support", noah, olga)
    company.work()
    for group, name in ((company.engineering, "Engineering"), (sales, "Sales"), (support, "Support")):
        directory.add_members(group, [company.mia, noah, olga], actor=company.actor)
        company.work()
        assert company.target.members_of(name) == {"mia", "noah", "olga"}
        directory.update_group(group, actor=company.actor, name=f"{name} 2")
        company.work()
        assert f"{name} 2" in {each["displayName"] for each in company.target.groups.values()}
        directory.remove_member(group, olga, actor=company.actor)
        company.work()
        assert company.target.members_of(f"{name} 2") == {"mia", "noah"}


def test_members_of_a_disassociated_group_stay_active_where_another_bound_group_has_them(staffed):
    company = staffed(manage_groups=True)
    noah = company.person("noah")
    company.group("Sales", noah)
    directory.add_member(company.engineering, noah, actor=company.actor)
    company.work()
    remove_assignment(company.application, company.engineering, actor=company.actor)
    company.work()
    assert company.target.active_names() == {"noah"}
    assert company.target.members_of("Sales") == {"noah"}
    company.target.journal.clear()
    directory.update_group(company.engineering, actor=company.actor, name="Platform")
    directory.remove_member(company.engineering, noah, actor=company.actor)
    company.work()
    assert company.target.journal == []  # syncing has stopped


def test_pulumi_is_sent_nothing_in_bulk_and_its_users_are_never_deleted(staffed):
    company = staffed("pulumi", {"organization": "acme"})
    people = joins(company, "noah", "olga")
    company.work()
    directory.remove_user(people[0], actor=company.actor)
    directory.remove_member(company.engineering, people[1], actor=company.actor)
    company.work()
    assert company.target.active_names() == {"mia"}
    asked = {(each.method, each.path.split("?")[0].rsplit("/", 1)[-1]) for each in company.target.journal}
    assert not [path for _method, path in asked if path == "Bulk"]
    assert "DELETE" not in {method for method, _path in asked}
