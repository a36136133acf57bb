"""Whoever was deleted and comes under another externalId is another person: with the names of the last one, and with nothing else of theirs."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Administrator, Role
from apps.directory.actions import add_group, add_members, reactivate_user, set_password
from apps.directory.models import Group, User
from apps.events.actors import Actor
from apps.scim import deletions
from apps.scim.models import ExternalIdentity, PendingLink
from apps.tenants.context import in_tenant
from tests.conftest import PASSWORD, Person
from tests.scim.conftest import Caller

SYSTEM = Actor.system()
MIA = {"userName": "mia@acme.example", "emails": [{"value": "mia@acme.example"}]}


def post(caller: Caller, external_id: str, **attributes: Any) -> Any:
    return caller("POST", "/Users", MIA | {"externalId": external_id} | attributes)


def stored(caller: Caller, user_id: str) -> User:
    with in_tenant(caller.tenant):
        user: User = User.objects.get(pk=user_id)
        return user


def signs_in(name: str) -> bool:
    answer = Client().post("/t/acme/login/", {"username": name, "password": PASSWORD})
    return answer.status_code == 302


@pytest.fixture
def mia(okta: Caller) -> str:
    """Deleted. She had a password and was in Finance."""
    made: str = post(okta, "00u1").json()["id"]
    with in_tenant(okta.tenant):
        user = set_password(User.objects.get(pk=made), PASSWORD, actor=SYSTEM)
        add_members(add_group(actor=SYSTEM, name="Finance"), [user], actor=SYSTEM)
    assert signs_in("mia@acme.example")
    assert okta("DELETE", f"/Users/{made}").status_code == 204
    return made


def test_the_next_one_gets_both_names_and_nothing_else(okta: Caller, mia: str) -> None:
    answer = post(okta, "00u2")
    assert answer.status_code == 201
    made = answer.json()
    assert made["id"] != mia
    new, old = stored(okta, made["id"]), stored(okta, mia)
    assert (new.username, new.email, new.shares_email) == ("mia@acme.example", "mia@acme.example", False)
    assert (old.username, old.email, old.shares_email) == ("mia@acme.example1", "mia@acme.example", True)
    assert not new.has_usable_password()
    assert not signs_in("mia@acme.example")
    with in_tenant(okta.tenant):
        assert list(Group.objects.get().members.all()) == [old]
    found = okta.list(filter='userName eq "mia@acme.example"')["Resources"]
    assert [each["id"] for each in found] == [made["id"]]
    assert okta("GET", f"/Users/{mia}").status_code == 404


def test_the_last_one_comes_back_beside_them_under_another_name(okta: Caller, mia: str) -> None:
    new = post(okta, "00u2").json()["id"]
    clash = post(okta, "00u1")
    assert (clash.status_code, clash.json()["scimType"]) == (409, "uniqueness")
    assert not stored(okta, mia).active
    back = post(okta, "00u1", userName="mia.old")
    assert (back.status_code, back.json()["id"], back.json()["active"]) == (201, mia, True)
    assert back.json()["emails"][0]["value"] == "mia@acme.example"
    assert signs_in("mia.old")
    assert not signs_in("mia@acme.example")
    # Nobody else has the address any more: with the next request it is hers again.
    own = {"op": "replace", "path": 'emails[type eq "work"].value', "value": "new@acme.example"}
    okta.patch(new, {"op": "replace", "path": "userName", "value": "other"}, own)
    okta.patch(mia, {"op": "replace", "path": "title", "value": "Lead"})
    assert signs_in("mia@acme.example")


def test_the_next_but_one_is_a_third_person(okta: Caller, mia: str) -> None:
    second = post(okta, "00u2").json()["id"]
    okta("DELETE", f"/Users/{second}")
    third = post(okta, "00u3").json()["id"]
    assert len({mia, second, third}) == 3
    names = [stored(okta, each).username for each in (mia, second, third)]
    assert names == ["mia@acme.example1", "mia@acme.example2", "mia@acme.example"]
    okta("DELETE", f"/Users/{third}")
    assert post(okta, "00u2").json()["id"] == second


def test_only_what_is_wanted_goes(okta: Caller, mia: str) -> None:
    """Another user name with the same address."""
    assert post(okta, "00u2", userName="mia.new").status_code == 201
    old = stored(okta, mia)
    assert (old.username, old.shares_email) == ("mia@acme.example1", True)  # the name is an address too
    renamed = post(okta, "00u3", userName="zoe", emails=[{"value": "zoe@acme.example"}]).json()["id"]
    okta("DELETE", f"/Users/{renamed}")
    assert post(okta, "00u4", userName="zoe.new", emails=[{"value": "zoe@acme.example"}]).status_code == 201
    assert (stored(okta, renamed).username, stored(okta, renamed).shares_email) == ("zoe", True)


def test_after_thirty_days_only_the_next_one_is_left(okta: Caller, mia: str) -> None:
    new = post(okta, "00u2").json()["id"]
    with in_tenant(okta.tenant):
        ExternalIdentity.objects.filter(user=mia).update(deleted_at=timezone.now() - timedelta(days=31))
        deletions.carry_out()
        assert {str(key) for key in User.objects.values_list("pk", flat=True)} == {new}
    assert okta("GET", f"/Users/{new}").status_code == 200


@pytest.mark.parametrize("why", ["administrator", "reactivated", "another source", "linked"])
def test_whose_names_are_not_the_sources_alone_keeps_them(
    okta: Caller, entra: Caller, mia: str, why: str
) -> None:
    """The address is refused as anybody else's, and waits for an administrator."""
    with in_tenant(okta.tenant):
        user = User.objects.get(pk=mia)
        if why == "administrator":
            Administrator.objects.create(user=user, role=Role.ADMINISTRATOR)  # since before she left
        elif why == "reactivated":
            reactivate_user(user, actor=SYSTEM)
        elif why == "another source":
            ExternalIdentity.objects.create(
                source=entra.source, user=user, user_name="mia", user_name_key="mia"
            )
        else:
            ExternalIdentity.objects.filter(user=user).update(created_person=False)
    answer = post(okta, "00u2")
    assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")
    old = stored(okta, mia)
    assert (old.username, old.shares_email) == ("mia@acme.example", False)
    with in_tenant(okta.tenant):
        assert PendingLink.objects.get().user == old
    assert post(okta, "00u2", emails=[{"value": "else@acme.example"}]).status_code == 201  # the control


def test_somebody_elses_name_is_not_freed_by_a_delete(okta: Caller, entra: Caller, bob: Person) -> None:
    """The people of others are not the source's to rename, deleted or not."""
    theirs = post(entra, "e1").json()["id"]
    entra("DELETE", f"/Users/{theirs}")
    assert post(okta, "00u2").status_code == 409
    assert stored(entra, theirs).username == "mia@acme.example"
    assert post(entra, "e2").status_code == 201  # the control
