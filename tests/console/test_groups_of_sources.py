"""Groups that an identity source manages: shown as its own, changed there alone, given and taken back by an administrator."""

from typing import Any

import pytest

from apps.applications.actions import assign_group
from apps.directory.actions import add_group, add_members
from apps.directory.models import Group
from apps.events.actors import Actor
from apps.events.models import Event
from apps.scim.actions.group_links import link_group, note_refused_group
from apps.scim.actions.groups import add_group as push_group
from apps.scim.actions.sources import add_source
from apps.scim.errors import GroupExists
from apps.scim.models import ExternalGroup, PendingGroupLink, Source
from apps.tenants.context import in_tenant
from tests.conftest import Person

SYSTEM = Actor.system()


@pytest.fixture
def okta(alice: Person) -> Source:
    with in_tenant(alice.tenant):
        return add_source(actor=SYSTEM, name="Okta prod", kind="okta")


@pytest.fixture
def pushed(alice: Person, bob: Person, okta: Source) -> Group:
    with in_tenant(alice.tenant):
        members = [str(bob.user.pk)]
        return push_group(source=okta, actor=SYSTEM, name="Everybody", external_id="00g1", members=members)


@pytest.fixture
def sales(alice: Person, bob: Person) -> Group:
    with in_tenant(alice.tenant):
        group = add_group(actor=SYSTEM, name="Sales", description="Sells it")
        add_members(group, [bob.user], actor=SYSTEM)
        return group


def text(who: Person, path: str, **query: str) -> str:
    answer = who.get(path, data=query)
    assert answer.status_code == 200
    return str(answer.content.decode())


def members(group: Group, who: Person) -> int:
    with in_tenant(who.tenant):
        return int(group.memberships.count())


def test_the_tab_tells_of_each_group_how_it_came(
    alice: Person, okta: Source, pushed: Group, sales: Group
) -> None:
    with in_tenant(alice.tenant):
        link_group(sales, source=okta, actor=SYSTEM)
    shown = text(alice, f"/console/sources/{okta.pk}/groups/")
    assert "00g1" in shown
    assert "Created by the source" in shown
    assert "Linked" in shown
    assert "Not used yet" in shown
    assert "Sales" not in text(alice, f"/console/sources/{okta.pk}/groups/", q="every")
    assert "No group matches" in text(alice, f"/console/sources/{okta.pk}/groups/", q="nothing")


def test_the_tab_takes_as_many_queries_for_many_groups_as_for_one(
    alice: Person, okta: Source, pushed: Group, django_assert_max_num_queries: Any
) -> None:
    with in_tenant(alice.tenant):
        for number in range(30):
            push_group(source=okta, actor=SYSTEM, name=f"Team {number}")
    with django_assert_max_num_queries(14):
        assert "1–25 of 31" in text(alice, f"/console/sources/{okta.pk}/groups/", find="")


def test_a_group_is_linked_once_it_is_said_what_that_means(
    alice: Person, okta: Source, sales: Group, gitlab: Any
) -> None:
    with in_tenant(alice.tenant):
        assign_group(gitlab, sales, actor=SYSTEM)
    assert "Sales" in text(alice, f"/console/sources/{okta.pk}/groups/", find="sal")
    path = f"/console/sources/{okta.pk}/groups/{sales.pk}/"
    said = text(alice, path)
    for sentence in (
        "Okta prod may rename Sales, decide who is in it, and delete it",
        "The 1 person in it stays until Okta prod says otherwise.",
        "Whoever Okta prod adds gains GitLab.",
    ):
        assert sentence in said
    with in_tenant(alice.tenant):
        assert not ExternalGroup.objects.exists()  # a look changes nothing
    alice.post(path)
    with in_tenant(alice.tenant):
        owned = ExternalGroup.objects.get(source=okta, group=sales)
        assert (owned.created_group, owned.claimed) == (False, False)
        assert Event.objects.get(type="scim_link_accept").target_id == str(sales.pk)
    alice.post(path)  # twice is the same
    with in_tenant(alice.tenant):
        assert Event.objects.filter(type="scim_link_accept").count() == 1
    assert members(sales, alice) == 1
    assert "No other group matches" in text(alice, f"/console/sources/{okta.pk}/groups/", find="sal")


def test_a_group_is_unlinked_and_stays_with_its_members(alice: Person, okta: Source, pushed: Group) -> None:
    with in_tenant(alice.tenant):
        owned = ExternalGroup.objects.get()
    path = f"/console/sources/groups/{owned.pk}/removal/"
    assert "The group stays, with whoever is in it" in text(alice, path)
    alice.post(path)
    with in_tenant(alice.tenant):
        assert not ExternalGroup.objects.exists()
        assert Event.objects.get(type="scim_unlink").target_name == "Everybody"
    assert members(pushed, alice) == 1
    assert "Managed by" not in text(alice, f"/console/groups/{pushed.pk}/")


def test_what_a_source_wanted_waits_to_be_linked_or_left(alice: Person, okta: Source, sales: Group) -> None:
    with in_tenant(alice.tenant):
        for _ in range(2):
            note_refused_group(okta, GroupExists().about(sales, external_id="00g9"), actor=SYSTEM)
        waiting = PendingGroupLink.objects.get()
    tab = f"/console/sources/{okta.pk}/groups/"
    shown = text(alice, tab)
    assert "Waiting to be linked" in shown
    assert "00g9" in shown
    assert "2 attempts" in shown
    assert "1 group waits to be linked." in text(alice, "/console/")
    alice.post(f"/console/sources/waiting-groups/{waiting.pk}/rejection/")
    assert "Waiting to be linked" not in text(alice, tab)
    assert "waits to be linked" not in text(alice, "/console/")
    alice.post(f"/console/sources/{okta.pk}/groups/{sales.pk}/")
    with in_tenant(alice.tenant):
        assert not PendingGroupLink.objects.exists()
        assert ExternalGroup.objects.get().group == sales


def test_lists_and_pages_say_whose_a_group_is(
    alice: Person, bob: Person, okta: Source, pushed: Group
) -> None:
    for path in (
        "/console/groups/",
        f"/console/groups/{pushed.pk}/",
        f"/console/groups/{pushed.pk}/members/",
        f"/console/users/{bob.user.pk}/groups/",
    ):
        assert "Managed by Okta prod" in text(alice, path)
    reason = "Okta prod decides what this group is called and who is in it."
    assert reason in text(alice, f"/console/groups/{pushed.pk}/")
    assert reason in text(alice, f"/console/groups/{pushed.pk}/members/")
    assert "may create it again" in text(alice, f"/console/groups/{pushed.pk}/deletion/")


def test_the_name_and_the_members_of_a_managed_group_do_not_change_here(
    alice: Person, bob: Person, pushed: Group
) -> None:
    users = {"users": [str(alice.user.pk)]}
    alice.post(f"/console/groups/{pushed.pk}/", {"name": "Nobody", "description": "All of us"})
    assert alice.post(f"/console/groups/{pushed.pk}/members/", users).status_code == 422
    gone = alice.post(f"/console/groups/{pushed.pk}/members/removal/", {"users": [str(bob.user.pk)]})
    assert gone.status_code == 422
    alice.post(f"/console/users/{bob.user.pk}/groups/{pushed.pk}/removal/")
    assert alice.post(f"/console/users/{alice.user.pk}/groups/", {"group": str(pushed.pk)}).status_code == 422
    with in_tenant(alice.tenant):
        group = Group.objects.get(pk=pushed.pk)
        assert (group.name, group.description) == ("Everybody", "All of us")
        assert [user.username for user in group.members.all()] == ["bob"]


def test_everybody_else_is_added_and_removed_as_ever(alice: Person, bob: Person, sales: Group) -> None:
    """The control of the test above."""
    users = {"users": [str(alice.user.pk)]}
    assert alice.post(f"/console/groups/{sales.pk}/members/", users).status_code == 302
    alice.post(f"/console/users/{bob.user.pk}/groups/{sales.pk}/removal/")
    alice.post(f"/console/groups/{sales.pk}/", {"name": "Trade", "description": ""})
    with in_tenant(alice.tenant):
        group = Group.objects.get(pk=sales.pk)
        assert (group.name, [user.username for user in group.members.all()]) == ("Trade", ["alice"])


def test_a_managed_profile_says_that_it_is_overwritten(alice: Person, okta: Source) -> None:
    from apps.scim.actions.people import add_person

    with in_tenant(alice.tenant):
        mia = add_person(source=okta, actor=SYSTEM, username="mia", email="mia@acme.example")
    assert "Okta prod keeps this profile up to date" in text(alice, f"/console/users/{mia.pk}/")
    assert "keeps this profile" not in text(alice, f"/console/users/{alice.user.pk}/")
