"""
V13: an identity provider that lost its people pushes an empty group, or deletes everybody. Here that is undone for thirty days; applications
are told nothing of it before an administrator has looked.
"""

from typing import Any

import pytest

from apps.applications.actions import assign_group
from apps.directory.models import Group, User
from apps.lib.scim.schemas import PATCH_OP
from apps.provisioning import queries
from apps.provisioning.removal_decisions import approve_removals
from tests.provisioning.conftest import _eager, company, silent_bell, target
from tests.scim.conftest import Caller

__all__ = ["_eager", "company", "silent_bell", "target"]
MANY = 60


@pytest.fixture
def pushed(okta: Caller, company: Any) -> Any:
    """A group of 60 that the source pushed, bound to an application that has all of them."""
    company.application_of("custom_saml")
    company.okta = okta
    company.ids = [okta.create(f"n{number}", externalId=f"n{number}")["id"] for number in range(MANY)]
    sent = {"displayName": "Everybody", "members": [{"value": each} for each in company.ids]}
    company.group_id = okta("POST", "/Groups", sent).json()["id"]
    assign_group(company.application, Group.objects.get(pk=company.group_id), actor=company.actor)
    company.activate()
    company.work()
    assert len(company.target.active_names()) == MANY
    company.target.journal.clear()
    return company


def patch(company: Any, operation: Any) -> None:
    body = {"schemas": [PATCH_OP], "Operations": [operation]}
    assert company.okta("PATCH", f"/Groups/{company.group_id}", body).status_code == 204


def nobody_is_in_it(company: Any) -> None:
    patch(company, {"op": "replace", "path": "members", "value": []})


def all_are_removed(company: Any) -> None:
    patch(company, {"op": "remove", "path": "members"})


def put_without_members(company: Any) -> None:
    body = {"displayName": "Everybody", "members": []}
    assert company.okta("PUT", f"/Groups/{company.group_id}", body).status_code == 200


def the_group_is_deleted(company: Any) -> None:
    assert company.okta("DELETE", f"/Groups/{company.group_id}").status_code == 204


def everybody_is_deleted(company: Any) -> None:
    for each in company.ids:
        assert company.okta("DELETE", f"/Users/{each}").status_code == 204


MISTAKES = [nobody_is_in_it, all_are_removed, put_without_members, the_group_is_deleted, everybody_is_deleted]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_v13_applications_are_told_nothing_before_somebody_has_looked(pushed: Any, mistake: Any) -> None:
    mistake(pushed)
    pushed.work()
    assert pushed.target.wrote() == []
    assert queries.held_removals(pushed.integration).people == MANY
    assert User.objects.count() == MANY  # nobody is gone here either
    approve_removals(pushed.integration, actor=pushed.actor)  # the control: it was the guard that held them
    pushed.work()
    assert pushed.target.active_names() == set()


def test_v13_whoever_was_deleted_by_mistake_is_back_with_one_push(pushed: Any) -> None:
    everybody_is_deleted(pushed)
    pushed.work()
    for number, each in enumerate(pushed.ids):
        assert pushed.okta.create(f"n{number}", externalId=f"n{number}")["id"] == each
    pushed.work()
    assert queries.held_removals(pushed.integration).people == 0
    assert len(pushed.target.active_names()) == MANY
    assert Group.objects.get(pk=pushed.group_id).members.count() == MANY


def test_v13_a_few_who_leave_leave_at_once(pushed: Any) -> None:
    """The control: the guard stands in nobody's way."""
    gone = [{"value": each} for each in pushed.ids[:5]]
    patch(pushed, {"op": "remove", "path": "members", "value": gone})
    pushed.work()
    assert len(pushed.target.active_names()) == MANY - 5
