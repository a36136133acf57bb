"""What creating, leaving and coming back mean here (GitLab's side of it): who is whose, and that somebody who returns is the same person."""

import re
from typing import Any

import pytest
from django.test import Client

from apps.accounts.actions import add_administrator
from apps.accounts.models import Role
from apps.directory.actions import add_group, add_members, set_password
from apps.directory.models import Group, User
from apps.events.actors import Actor
from apps.events.models import Event
from apps.mail.models import Letter
from apps.scim.actions.people import add_person, remove_person, update_person
from apps.scim.errors import EmailExists, ReadOnlyHere
from apps.scim.models import ExternalIdentity
from apps.tenants.context import in_tenant
from tests.conftest import PASSWORD, Person
from tests.scim.conftest import Caller

SYSTEM = Actor.system()


def person(caller: Caller, user_id: str) -> User:
    with in_tenant(caller.tenant):
        user: User = User.objects.get(pk=user_id)
        return user


def removed(caller: Caller, user_id: str) -> None:
    with in_tenant(caller.tenant):
        remove_person(ExternalIdentity.objects.get(user=user_id), actor=SYSTEM)


def post(caller: Caller, user_name: str, email: str, **attributes: Any) -> Any:
    return caller("POST", "/Users", {"userName": user_name, "emails": [{"value": email}]} | attributes)


# --- creating


@pytest.mark.parametrize("email", ["bob@acme.example", "BOB@acme.example", "bob"])
def test_an_address_that_somebody_has_is_refused_in_gitlabs_words(
    okta: Caller, bob: Person, email: str
) -> None:
    """Their user name counts as well: people sign in with either."""
    with in_tenant(okta.tenant), pytest.raises(EmailExists) as refused:
        add_person(source=okta.source, actor=SYSTEM, username="robert", email=email, external_id="00u1")
    assert (refused.value.user, refused.value.external_id, refused.value.user_name) == (
        bob.user,
        "00u1",
        "robert",
    )
    if email != "bob":
        answer = post(okta, "robert", email)
        assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")
        assert "Email exists" in answer.json()["detail"]


def test_a_user_name_that_somebody_has_gets_a_number_here_and_stays_what_was_sent_there(
    okta: Caller, entra: Caller, bob: Person
) -> None:
    one = post(okta, "BOB", "robert@acme.example").json()
    two = post(entra, "bob", "bobby@acme.example").json()
    assert (one["userName"], two["userName"]) == ("BOB", "bob")
    assert (person(okta, one["id"]).username, person(okta, two["id"]).username) == ("BOB1", "bob2")
    for name in ("bob", "BOB"):
        assert [each["id"] for each in okta.list(filter=f'userName eq "{name}"')["Resources"]] == [one["id"]]
    assert okta.list(filter='userName eq "bob1"')["totalResults"] == 0
    assert okta("GET", f"/Users/{one['id']}").json()["userName"] == "BOB"
    assert entra("GET", f"/Users/{one['id']}").json()["userName"] == "BOB1"


def test_nobodys_address_becomes_a_user_name(okta: Caller, alice: Person) -> None:
    """Two people would answer to it, and neither could sign in."""
    made = post(okta, "alice@acme.example", "thief@evil.example").json()
    assert person(okta, made["id"]).username == "alice@acme.example1"
    with in_tenant(okta.tenant):
        assert User.objects.named("alice@acme.example").get() == alice.user


def test_a_number_is_found_however_many_are_taken(okta: Caller, bob: Person) -> None:
    with in_tenant(okta.tenant):
        for number in range(1, 12):
            name = f"bob{number}"
            add_person(source=okta.source, actor=SYSTEM, username=name, email=f"{name}@acme.example")
    made = post(okta, "bob", "bob.last@acme.example").json()
    assert person(okta, made["id"]).username == "bob12"


def test_a_number_fits_behind_the_longest_name(okta: Caller, entra: Caller) -> None:
    okta.create("x" * 150, emails=[{"value": "one@acme.example"}])
    made = post(entra, "x" * 150, "two@acme.example").json()
    assert person(okta, made["id"]).username == "x" * 149 + "1"


def test_renaming_follows_the_same_rule(okta: Caller, bob: Person) -> None:
    mia = okta.create("mia")
    renamed = okta.patch(mia["id"], {"op": "replace", "path": "userName", "value": "bob"}).json()
    assert (renamed["userName"], person(okta, mia["id"]).username) == ("bob", "bob1")
    okta.patch(mia["id"], {"op": "replace", "path": "title", "value": "Lead"})
    assert person(okta, mia["id"]).username == "bob1"
    okta.create("noa")
    answer = okta.patch(mia["id"], {"op": "replace", "path": "userName", "value": "NOA"})
    assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")


def test_what_the_portal_calls_them_is_not_taken_back_by_the_next_request(okta: Caller) -> None:
    from apps.directory.actions import update_user

    mia = okta.create("mia")
    with in_tenant(okta.tenant):
        update_user(person(okta, mia["id"]), actor=SYSTEM, username="mia.stone")
    again = okta("PUT", f"/Users/{mia['id']}", mia).json()
    assert (again["userName"], person(okta, mia["id"]).username) == ("mia", "mia.stone")


# --- the welcome


def letters(caller: Caller) -> list[str]:
    with in_tenant(caller.tenant):
        return [letter.address for letter in Letter.objects.order_by("created_at")]


def test_who_joins_is_written_to_once_with_a_link_that_lets_them_in(okta: Caller) -> None:
    mia = okta.create("mia")
    okta.patch(mia["id"], {"op": "replace", "path": "title", "value": "Lead"})
    okta.patch(mia["id"], {"op": "replace", "path": "active", "value": True})
    assert letters(okta) == ["mia@acme.example"]
    with in_tenant(okta.tenant):
        text = Letter.objects.get().text
    link = re.search(r"http://\S+", text)
    assert link is not None
    path = link[0].removeprefix("http://127.0.0.1:8000")
    new = "a fresh long password"
    assert Client().post(path, {"password": new, "repeated": new}).status_code == 302
    signed_in = Client().post("/t/acme/login/", {"username": "mia", "password": new})
    assert signed_in.status_code == 302


def test_who_joins_inactive_is_written_to_when_they_start(okta: Caller) -> None:
    mia = okta.create("mia", active=False)
    assert letters(okta) == []
    okta.patch(mia["id"], {"op": "replace", "path": "active", "value": True})
    assert letters(okta) == ["mia@acme.example"]


def test_a_source_may_leave_the_welcome_to_others(okta: Caller) -> None:
    from apps.scim.actions.sources import update_source

    with in_tenant(okta.tenant):
        okta.token.source = update_source(okta.source, actor=SYSTEM, invites=False)
    okta.create("mia")
    assert letters(okta) == []


def test_who_has_a_password_is_not_invited_when_they_return(okta: Caller) -> None:
    mia = okta.create("mia")
    with in_tenant(okta.tenant):
        set_password(person(okta, mia["id"]), PASSWORD, actor=SYSTEM)
    okta.patch(mia["id"], {"op": "replace", "path": "active", "value": False})
    okta.patch(mia["id"], {"op": "replace", "path": "active", "value": True})
    with in_tenant(okta.tenant):
        assert Event.objects.filter(type="user_invite").count() == 1


# --- leaving and coming back


@pytest.mark.parametrize(
    "again", [{"externalId": "00u1"}, {"externalId": "00u1", "userName": "mia.stone"}, {}]
)
@pytest.mark.parametrize("how", ["deactivated", "deleted"])
def test_who_is_created_again_is_the_same_person(okta: Caller, again: dict[str, str], how: str) -> None:
    mia = okta.create("mia", externalId="00u1")
    if how == "deleted":
        removed(okta, mia["id"])
    else:
        okta.patch(mia["id"], {"op": "replace", "path": "active", "value": False})
    answer = post(okta, again.get("userName", "mia"), "mia@acme.example", **again)
    assert answer.status_code == 201
    assert answer.json()["active"] is True
    with in_tenant(okta.tenant):
        assert User.objects.get().active
        assert ExternalIdentity.objects.get().external_id == again.get("externalId", "00u1")
    assert person(okta, mia["id"]).username == again.get("userName", "mia")


def test_who_is_active_is_not_created_twice(okta: Caller) -> None:
    okta.create("mia", externalId="00u1")
    for name, external_id in (("mia", "00u1"), ("MIA", ""), ("other", "00u1"), ("mia", "00u2")):
        answer = post(okta, name, f"{name}@acme.example", externalId=external_id)
        assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")


def test_old_sessions_stay_dead_for_who_returns(okta: Caller) -> None:
    mia = okta.create("mia")
    with in_tenant(okta.tenant):
        user = person(okta, mia["id"])
        client = Client()
        set_password(user, PASSWORD, actor=SYSTEM)
    assert client.post("/t/acme/login/", {"username": "mia", "password": PASSWORD}).status_code == 302
    assert client.get("/t/acme/").status_code == 200
    removed(okta, mia["id"])
    assert client.get("/t/acme/").status_code == 302
    assert Client().post("/t/acme/login/", {"username": "mia", "password": PASSWORD}).status_code == 422
    assert post(okta, "mia", "mia@acme.example").status_code == 201
    assert client.get("/t/acme/").status_code == 302
    assert Client().post("/t/acme/login/", {"username": "mia", "password": PASSWORD}).status_code == 302


def test_the_same_person_keeps_their_groups(okta: Caller) -> None:
    mia = okta.create("mia", externalId="00u1")
    with in_tenant(okta.tenant):
        add_members(add_group(actor=SYSTEM, name="Finance"), [person(okta, mia["id"])], actor=SYSTEM)
    removed(okta, mia["id"])
    post(okta, "mia", "mia@acme.example", externalId="00u1")
    with in_tenant(okta.tenant):
        assert Group.objects.get().members.count() == 1


def test_whom_the_source_still_sees_gets_another_external_id(okta: Caller) -> None:
    """Who was deactivated and not deleted is the same person under whatever id."""
    mia = okta.create("mia", externalId="00u1")
    okta.patch(mia["id"], {"op": "replace", "path": "active", "value": False})
    again = post(okta, "mia", "mia@acme.example", externalId="00u2").json()
    assert (again["id"], again["externalId"], again["active"]) == (mia["id"], "00u2", True)


def test_an_external_id_that_changes_is_followed(okta: Caller) -> None:
    mia = okta.create("mia", externalId="00u1")
    changed = okta.patch(mia["id"], {"op": "replace", "path": "externalId", "value": "00u9"}).json()
    assert (changed["id"], changed["externalId"]) == (mia["id"], "00u9")
    assert okta.list(filter='externalId eq "00u9"')["Resources"][0]["id"] == mia["id"]
    assert okta.list(filter='externalId eq "00u1"')["totalResults"] == 0


# --- administrators


def administrator(caller: Caller, name: str, role: str = Role.ADMINISTRATOR) -> ExternalIdentity:
    made = caller.create(name)
    with in_tenant(caller.tenant):
        user = User.objects.get(pk=made["id"])
        add_administrator(user, actor=SYSTEM, role=role)
        identity: ExternalIdentity = ExternalIdentity.objects.get(user=user)
        return identity


def test_the_last_owner_stays(okta: Caller) -> None:
    """A broken identity provider must not leave an organisation without anybody who may mend it."""
    boss = administrator(okta, "boss", Role.OWNER)
    answer = okta.patch(str(boss.user_id), {"op": "replace", "path": "active", "value": False})
    assert answer.status_code == 403
    assert "last owner" in answer.json()["detail"]
    with in_tenant(okta.tenant), pytest.raises(ReadOnlyHere):
        remove_person(boss, actor=SYSTEM)
    administrator(okta, "second", Role.OWNER)
    assert (
        okta.patch(str(boss.user_id), {"op": "replace", "path": "active", "value": False}).status_code == 200
    )


def test_an_administrator_who_left_is_let_in_again_by_administrators_alone(okta: Caller) -> None:
    boss = administrator(okta, "boss")
    okta.patch(str(boss.user_id), {"op": "replace", "path": "active", "value": False})
    assert (
        okta.patch(str(boss.user_id), {"op": "replace", "path": "active", "value": True}).status_code == 403
    )
    assert post(okta, "boss", "boss@acme.example").status_code == 403
    assert not person(okta, str(boss.user_id)).active


# --- what is linked is not owned altogether


def test_over_a_linked_person_a_source_has_all_but_their_address_and_user_name(
    okta: Caller, bob: Person
) -> None:
    with in_tenant(okta.tenant):
        identity = ExternalIdentity(
            source=okta.source, user=bob.user, user_name="robert", created_person=False
        )
        identity.fill_keys()
        identity.save()
    bob_id = str(bob.user.pk)
    changed = okta.patch(bob_id, {"op": "replace", "value": {"userName": "rob", "title": "Lead"}}).json()
    assert (changed["userName"], changed["title"]) == ("rob", "Lead")
    assert person(okta, bob_id).username == "bob"
    answer = okta.patch(
        bob_id, {"op": "replace", "path": 'emails[type eq "work"].value', "value": "x@evil.example"}
    )
    assert answer.status_code == 403
    assert person(okta, bob_id).email == "bob@acme.example"
    same = {"op": "replace", "path": 'emails[type eq "work"].value', "value": "BOB@acme.example"}
    assert okta.patch(bob_id, same).status_code == 200
    assert okta.patch(bob_id, {"op": "replace", "path": "active", "value": False}).json()["active"] is False


def test_nobodys_user_name_becomes_an_address(okta: Caller, bob: Person) -> None:
    made = okta.create("mia")
    with in_tenant(okta.tenant):
        from apps.directory.actions import update_user
        from apps.directory.errors import FieldsTaken

        update_user(bob.user, actor=SYSTEM, username="robert@acme.example")
        identity = ExternalIdentity.objects.select_related("user", "source").get(user=made["id"])
        with pytest.raises(FieldsTaken):
            update_person(identity, actor=SYSTEM, email="robert@acme.example")
