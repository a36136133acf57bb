"""Memberships are about a person and a group: either's timeline has them, and so has the log that asks for either by name."""

import uuid
from urllib.parse import urlencode

import pytest

from apps.directory.actions import add_group, add_members, add_user, remove_group, remove_members
from apps.events.actors import Actor
from apps.tenants.context import in_tenant

SYSTEM = Actor.system()


@pytest.fixture
def team(tenant, bob):
    """Bob came and left, eve is there; another group has bob as well."""
    with in_tenant(tenant):
        group, other = (add_group(actor=SYSTEM, name=name) for name in ("Engineering", "Sales"))
        eve = add_user(
            actor=SYSTEM, username="eve", email="eve@acme.example", first_name="Eve", last_name="E"
        )
        add_members(group, [bob.user, eve], actor=SYSTEM)
        remove_members(group, [bob.user], actor=SYSTEM)
        add_members(other, [bob.user], actor=SYSTEM)
        return group


def test_it_has_its_own_changes_and_who_came_and_left(team, alice):
    page = alice.get(f"/console/groups/{team.pk}/events/").content.decode()
    assert page.count("Membership or access changed</a>") == 3
    assert page.count("Group created</a>") == 1
    assert "Sales" not in page


@pytest.mark.parametrize("asked", ["Engineering", " engineering ", "id"])
def test_the_log_finds_them_by_the_groups_name_and_id(team, alice, asked):
    asked = str(team.pk) if asked == "id" else asked
    page = alice.get(f"/console/events/?{urlencode({'person': asked})}").content.decode()
    assert page.count("Membership or access changed</a>") == 3
    assert page.count("Group created</a>") == 1


def test_a_person_is_asked_for_as_before(team, bob, alice):
    for path in ("events/?person=bob", f"users/{bob.user.pk}/events/"):
        page = alice.get(f"/console/{path}").content.decode()
        assert page.count("Membership or access changed</a>") == 3
        assert "Group created</a>" not in page


def test_a_group_that_is_gone_has_its_lines_still(tenant, team, alice):
    key = str(team.pk)
    with in_tenant(tenant):
        remove_group(team, actor=SYSTEM)
    page = alice.get(f"/console/events/?person={key}").content.decode()
    assert page.count("Membership or access changed</a>") == 3
    assert "Group deleted</a>" in page
    assert alice.get(f"/console/groups/{key}/events/").status_code == 404
    nobody = alice.get(f"/console/events/?person={uuid.uuid4()}").content.decode()
    assert "Membership or access changed</a>" not in nobody
