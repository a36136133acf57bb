"""
What a deleted person has in an application stays theirs: whoever comes under their name is not given it, and is told to administrators as a conflict
(docs/decisions/0028).
"""

from typing import Any

import pytest

from apps.directory.actions import add_members
from apps.directory.models import User
from apps.provisioning.models import Job, JobState, RemoteUser
from tests.provisioning.conftest import _eager, company, silent_bell, target
from tests.scim.conftest import Caller

__all__ = ["_eager", "company", "silent_bell", "target"]


@pytest.fixture
def pushed(okta: Caller, company: Any) -> Any:
    """Mia was pushed and has an account; then she was deleted, and the account deactivated."""
    company.okta = okta
    company.application_of("custom_saml")
    company.mia = okta.create("mia", externalId="00u1")["id"]
    company.staff = company.group("Staff", User.objects.get(pk=company.mia))
    company.activate()
    company.work()
    assert company.target.active_names() == {"mia"}
    company.account = RemoteUser.objects.get().remote_id
    assert okta("DELETE", f"/Users/{company.mia}").status_code == 204
    company.work()
    assert company.target.active_names() == set()
    company.target.journal.clear()
    return company


def come(pushed: Any, external_id: str) -> User:
    user: User = User.objects.get(pk=pushed.okta.create("mia", externalId=external_id)["id"])
    add_members(pushed.staff, [user], actor=pushed.actor)
    pushed.work()
    return user


def test_another_person_of_the_name_does_not_get_the_account(pushed: Any) -> None:
    other = come(pushed, "00u2")
    assert str(other.pk) != pushed.mia
    assert pushed.target.active_names() == set()
    assert pushed.target.wrote() == []
    assert [(str(row.user_id), row.remote_id) for row in RemoteUser.objects.all()] == [
        (pushed.mia, pushed.account)
    ]
    job = Job.objects.get(resource_id=other.pk)
    assert job.state == JobState.PARKED
    assert "mia" in job.last_error


def test_the_same_person_does(pushed: Any) -> None:
    """The control."""
    assert str(come(pushed, "00u1").pk) == pushed.mia
    assert pushed.target.active_names() == {"mia"}


def test_two_people_with_one_address_have_one_account_where_it_is_the_name(
    okta: Caller, company: Any
) -> None:
    """GitLab knows people by their address: it is the account of who had the address first."""
    company.application_of("gitlab_saas", group_path="acme")
    made = []
    for name in ("cai", "dov"):
        sent = {
            "userName": name,
            "emails": [{"value": "desk@acme.example"}],
            "name": {"givenName": name, "familyName": "X"},
        }
        made.append(okta("POST", "/Users", sent).json()["id"])
    group = company.group("Staff", User.objects.get(pk=made[0]))
    company.activate()
    company.work()
    account = RemoteUser.objects.get()
    assert str(account.user_id) == made[0]
    add_members(group, [User.objects.get(pk=made[1])], actor=company.actor)
    company.work()
    assert RemoteUser.objects.get() == account
    assert Job.objects.get(resource_id=made[1]).state == JobState.PARKED
    okta("DELETE", f"/Users/{made[1]}")
    company.work()
    assert len(company.target.active_names()) == 1  # what becomes of the second does not touch the first
