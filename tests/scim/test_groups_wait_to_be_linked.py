"""A group that was here before is not taken over: the source is refused, an administrator links it, and then it is the source's."""

import pytest

from apps.directory.actions import add_group, add_members
from apps.directory.models import Group
from apps.events.actors import Actor
from apps.scim.actions.group_links import link_group, reject_group_link, unlink_group
from apps.scim.models import ExternalGroup, PendingGroupLink
from apps.tenants.context import in_tenant
from tests.conftest import Person
from tests.scim.conftest import Caller

SYSTEM = Actor.system()


@pytest.fixture
def board(okta: Caller, bob: Person) -> Group:
    with in_tenant(okta.tenant):
        group = add_group(actor=SYSTEM, name="Board")
        add_members(group, [bob.user], actor=SYSTEM)
        return group


def waiting(caller: Caller) -> PendingGroupLink:
    with in_tenant(caller.tenant):
        found: PendingGroupLink = PendingGroupLink.objects.select_related("group").get(source=caller.source)
        return found


def people_in(group: Group, caller: Caller) -> set[str]:
    with in_tenant(caller.tenant):
        return set(group.members.values_list("username", flat=True))


def test_a_name_that_is_taken_is_a_conflict_and_asks_an_administrator(okta: Caller, board: Group) -> None:
    for _ in range(2):
        answer = okta("POST", "/Groups", {"displayName": " board ", "externalId": "00g1"})
        assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")
        assert "can link it" in answer.json()["detail"]
    asked = waiting(okta)
    assert (asked.group, asked.external_id, asked.attempts) == (board, "00g1", 2)


def test_a_change_of_somebody_elses_group_asks_and_forgets_no_id(okta: Caller, board: Group) -> None:
    okta("POST", "/Groups", {"displayName": "Board", "externalId": "00g1"})
    assert okta("PUT", f"/Groups/{board.pk}", {"displayName": "Mine"}).status_code == 403
    assert okta("DELETE", f"/Groups/{board.pk}").status_code == 403
    asked = waiting(okta)
    assert (asked.external_id, asked.attempts) == ("00g1", 3)
    assert people_in(board, okta) == {"bob"}


def test_what_was_left_does_not_wait_again(okta: Caller, board: Group) -> None:
    okta("POST", "/Groups", {"displayName": "Board"})
    with in_tenant(okta.tenant):
        reject_group_link(waiting(okta), actor=SYSTEM)
    okta("POST", "/Groups", {"displayName": "Board"})
    assert waiting(okta).rejected_at is not None


def test_a_linked_group_is_found_by_the_next_attempt_to_create_it_and_nobody_leaves_it(
    okta: Caller, board: Group
) -> None:
    """Okta creates groups empty and then adds: that must not empty the one that is there."""
    mia = okta.create("mia")["id"]
    with in_tenant(okta.tenant):
        link_group(board, source=okta.source, actor=SYSTEM)
    body = {"displayName": "Board", "externalId": "00g1", "members": [{"value": mia}]}
    made = okta("POST", "/Groups", body)
    assert (made.status_code, made.json()["id"]) == (201, str(board.pk))
    assert people_in(board, okta) == {"bob", "mia"}
    with in_tenant(okta.tenant):
        owned = ExternalGroup.objects.get()
        assert (owned.external_id, owned.claimed, owned.created_group) == ("00g1", True, False)
    assert okta("POST", "/Groups", body).status_code == 409  # it has it now
    assert okta("PUT", f"/Groups/{board.pk}", {"displayName": "Board", "members": []}).status_code == 200
    assert people_in(board, okta) == set()


def test_a_linked_group_that_is_found_by_its_name_is_changed(okta: Caller, board: Group) -> None:
    """Entra ID looks by displayName, and then sends PATCH."""
    with in_tenant(okta.tenant):
        link_group(board, source=okta.source, actor=SYSTEM)
    rename = {"Operations": [{"op": "replace", "path": "displayName", "value": "Directors"}]}
    assert okta("PATCH", f"/Groups/{board.pk}", rename).status_code == 204
    with in_tenant(okta.tenant):
        assert ExternalGroup.objects.get().claimed


def test_an_unlinked_group_is_read_but_changed_no_more(okta: Caller, entra: Caller, board: Group) -> None:
    with in_tenant(okta.tenant):
        owned = link_group(board, source=okta.source, actor=SYSTEM)
        link_group(board, source=entra.source, actor=SYSTEM)
        unlink_group(owned, actor=SYSTEM)
    assert okta("GET", f"/Groups/{board.pk}").status_code == 200
    assert okta("DELETE", f"/Groups/{board.pk}").status_code == 403
    assert entra("DELETE", f"/Groups/{board.pk}").status_code == 204
