"""Roles as scripts see and change them, and mails that let a person set a password."""

from collections.abc import Callable

import pytest

from apps.accounts.models import Administrator, Role
from apps.directory.actions import add_user, deactivate_user
from apps.directory.models import User
from apps.events.actors import Actor
from apps.events.models import Event
from apps.mail.models import Letter
from apps.tenants.context import in_tenant
from tests.api.conftest import Script
from tests.conftest import Person


def administrator(api: Script, who: Person) -> str:
    with in_tenant(api.tenant):
        return str(Administrator.objects.get(user=who.user).pk)


def test_a_person_shows_the_role_and_takes_none(
    api: Script, alice: Person, bob: Person, dora: Person
) -> None:
    roles = {row["username"]: row["role"] for row in api.get("/users/")["results"]}
    assert roles == {"alice": "owner", "bob": None, "dora": "help_desk"}
    assert api.get(f"/users/{dora.user.pk}/")["role"] == "help_desk"
    assert api.refused("PATCH", f"/users/{bob.user.pk}/", {"role": "owner"}).keys() == {"role"}


def test_the_list_of_people_asks_no_more_for_more_roles(
    api: Script, alice: Person, dora: Person, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    with django_assert_max_num_queries(6):  # type: ignore[attr-defined]
        api.get("/users/")


def test_an_administrator_tells_second_factor_and_last_sign_in(api: Script, alice: Person) -> None:
    [found] = api.get("/administrators/")["results"]
    assert (found["username"], found["role"], found["active"]) == ("alice", "owner", True)
    assert found["second_factor"] is False
    assert found["last_sign_in"]


def test_a_role_is_changed(api: Script, dora: Person) -> None:
    path = f"/administrators/{administrator(api, dora)}/"
    assert api("PATCH", path, {"role": "read_only"}).json()["role"] == "read_only"
    with in_tenant(api.tenant):
        event = Event.objects.get(type="admin_update")
    assert event.changes == [{"field": "role", "from": "help_desk", "to": "read_only"}]


def test_the_last_owner_keeps_the_role(api: Script, alice: Person) -> None:
    assert api.refused("PATCH", f"/administrators/{administrator(api, alice)}/", {"role": "read_only"}, 409)
    assert api.get("/administrators/")["results"][0]["role"] == "owner"


def test_nobody_changes_what_they_do_not_have(
    api: Script, alice: Person, dora: Person, with_role: Callable[[str], Script]
) -> None:
    below = with_role(Role.ADMINISTRATOR)
    mine, theirs = administrator(api, alice), administrator(api, dora)
    assert below("PATCH", f"/administrators/{mine}/", {"role": "read_only"}).status_code == 403
    assert below("PATCH", f"/administrators/{theirs}/", {"role": "owner"}).status_code == 403
    assert below("PATCH", f"/administrators/{theirs}/", {"role": "administrator"}).status_code == 200


def test_whoever_has_no_password_is_invited_and_others_get_a_reset(api: Script, bob: Person) -> None:
    with in_tenant(api.tenant):
        ann = add_user(actor=Actor.system(), username="ann", email="ann@acme.example")
    for user, purpose in ((ann, "invitation"), (bob.user, "reset")):
        answer = api("POST", f"/users/{user.pk}/password-link/")
        assert (answer.status_code, answer.json()) == (202, {"purpose": purpose, "address": user.email})
    with in_tenant(api.tenant):
        assert set(Letter.objects.values_list("address", flat=True)) == {ann.email, bob.user.email}
        assert Event.objects.filter(type__in=("user_invite", "user_password_link")).count() == 2


def test_whoever_is_deactivated_gets_no_link(api: Script, bob: Person) -> None:
    with in_tenant(api.tenant):
        deactivate_user(bob.user, actor=Actor.system())
    assert api.refused("POST", f"/users/{bob.user.pk}/password-link/").keys() == {"active"}


def test_the_help_desks_key_helps_people_without_a_role(
    api: Script, alice: Person, bob: Person, with_role: Callable[[str], Script]
) -> None:
    desk = with_role(Role.HELP_DESK)
    person = f"/users/{bob.user.pk}/"
    assert desk("POST", f"{person}password-link/").status_code == 202
    assert desk("PATCH", person, {"job_title": "Baker", "active": False}).status_code == 200
    assert desk("POST", "/users/", {"username": "ann", "email": "ann@acme.example"}).status_code == 201
    assert desk("DELETE", person).status_code == 403
    for method, path in (("PATCH", ""), ("POST", "password-link/")):
        assert desk(method, f"/users/{alice.user.pk}/{path}", {}).status_code == 403
    assert desk("GET", "/events/").status_code == 200
    assert desk("GET", "/applications/").status_code == 403
    with in_tenant(api.tenant):
        assert User.objects.filter(pk=bob.user.pk, active=False, job_title="Baker").exists()


@pytest.mark.parametrize("role", [Role.READ_ONLY])
def test_a_reading_key_invites_nobody(bob: Person, with_role: Callable[[str], Script], role: str) -> None:
    assert with_role(role)("POST", f"/users/{bob.user.pk}/password-link/").status_code == 403
