"""Settings, Administrators: who has which role, who may give it, and what the help desk may."""

import re
from datetime import UTC, datetime

import pytest
from django.core import mail

from apps.accounts.actions import add_administrator
from apps.accounts.models import Administrator, Passkey, Role
from apps.directory.actions import deactivate_user
from apps.directory.models import User
from apps.events.models import Event
from apps.mail.models import Letter
from apps.tenants.context import in_tenant
from tests.conftest import person, signed_in

PATH = "/console/settings/administrators/"


def role_of(who):
    with in_tenant(who.tenant):
        found = Administrator.objects.filter(user=who.user).first()
    return found.role if found else None


def row_of(who):
    with in_tenant(who.tenant):
        return f"{PATH}{Administrator.objects.get(user=who.user).pk}/"


@pytest.fixture
def deputy(tenant):
    """An administrator who is no owner."""
    return person(tenant, "deputy", role=Role.ADMINISTRATOR)


# Giving and taking -----------------------------------------------------------------------------------------------


def test_the_list_tells_role_second_factor_and_last_sign_in(alice, dora, tenant):
    with in_tenant(tenant):
        Passkey.objects.create(user=dora.user, name="phone", credential_id="AAAA", public_key=b"x")
        User.objects.filter(pk=dora.user.pk).update(last_login=datetime(2026, 3, 1, 9, 30, tzinfo=UTC))
        User.objects.filter(pk=alice.user.pk).update(last_login=None)
    page = " ".join(re.sub(r"<[^>]*>", " ", alice.get(PATH).content.decode()).split())
    assert re.search(r"Alice Example .* Owner Active Not set up — .* Dora Example", page)
    assert re.search(r"Dora Example .* Help desk Active Set up 1 Mar 2026, 09:30", page)


@pytest.mark.parametrize("name", ["bob", "BOB@acme.example"])
def test_a_person_gets_a_role(alice, bob, name):
    response = alice.post(f"{PATH}new/", {"person": name, "role": "help_desk"}, follow=True)
    assert "Bob Example now has the role Help desk." in response.content.decode()
    assert role_of(bob) == Role.HELP_DESK
    with in_tenant(alice.tenant):
        event = Event.objects.get(type="admin_create", target_id=str(bob.user.pk))
    assert (event.actor_name, event.details) == ("alice", {"role": "help_desk"})


def test_somebody_new_is_invited(alice):
    response = alice.post(f"{PATH}new/", {"person": "eve@partner.example", "role": "read_only"}, follow=True)
    assert "gets a mail with a link" in response.content.decode()
    with in_tenant(alice.tenant):
        user = User.objects.get(email="eve@partner.example")
        assert (user.administrator.role, user.has_usable_password()) == ("read_only", False)
        assert Event.objects.filter(type="user_invite", target_id=str(user.pk)).count() == 1
        assert Letter.objects.count() == 1


@pytest.mark.parametrize(
    ("person", "says"),
    [
        ("nobody", "give their e-mail address"),
        ("not an @ address", "Enter a valid email address."),
        ("alice", "has a role already"),
        ("", "This field is required."),
    ],
)
def test_what_cannot_be_comes_back_into_the_form(alice, person, says):
    response = alice.post(f"{PATH}new/", {"person": person, "role": "read_only"})
    assert response.status_code == 422
    assert says in response.content.decode()
    with in_tenant(alice.tenant):
        assert User.objects.count() == Administrator.objects.count() == 1
    assert mail.outbox == []


def test_a_role_is_changed_and_taken(alice, dora):
    alice.post(row_of(dora), {"role": "administrator"})
    assert role_of(dora) == Role.ADMINISTRATOR
    alice.post(f"{row_of(dora)}removal/")
    assert role_of(dora) is None
    assert dora.get("/console/").status_code == 403
    with in_tenant(alice.tenant):
        changed, removed = (Event.objects.get(type=f"admin_{what}") for what in ("update", "delete"))
    assert changed.changes == [{"field": "role", "from": "help_desk", "to": "administrator"}]
    assert removed.details == {"role": "administrator"}


def test_whoever_is_deactivated_gets_no_role(alice, bob, dora, system):
    with in_tenant(alice.tenant):
        deactivate_user(bob.user, actor=system)
        deactivate_user(dora.user, actor=system)
    assert alice.post(f"{PATH}new/", {"person": "bob", "role": "owner"}).status_code == 422
    assert alice.post(row_of(dora), {"role": "owner"}).status_code == 422
    assert (role_of(bob), role_of(dora)) == (None, Role.HELP_DESK)


def test_nobody_gives_or_takes_what_they_do_not_have(alice, deputy, bob, dora):
    assert deputy.post(f"{PATH}new/", {"person": "bob", "role": "owner"}).status_code == 422
    assert deputy.post(row_of(dora), {"role": "owner"}).status_code == 422
    assert deputy.post(row_of(deputy), {"role": "owner"}).status_code == 422
    assert deputy.post(row_of(alice), {"role": "read_only"}).status_code == 403
    assert deputy.post(f"{row_of(alice)}removal/").status_code == 403
    assert [role_of(one) for one in (alice, deputy, bob, dora)] == [
        "owner",
        "administrator",
        None,
        "help_desk",
    ]
    page = deputy.get(row_of(alice)).content.decode()
    assert "Only an owner may change an owner." in page
    assert "Take the role" not in page
    # The control: what they have, they give.
    deputy.post(f"{PATH}new/", {"person": "bob", "role": "administrator"})
    deputy.post(row_of(dora), {"role": "administrator"})
    assert role_of(bob) == role_of(dora) == "administrator"


def test_the_last_owner_keeps_the_role(alice, deputy):
    for path, data in ((row_of(alice), {"role": "read_only"}), (f"{row_of(alice)}removal/", {})):
        response = alice.post(path, data)
        assert response.status_code == 422
        assert "The last owner cannot be removed." in response.content.decode()
    alice.post(row_of(deputy), {"role": "owner"})
    assert alice.post(row_of(alice), {"role": "read_only"})["Location"].endswith(PATH)
    assert alice.post(row_of(deputy), {"role": "read_only"}).status_code == 403
    assert (role_of(alice), role_of(deputy)) == ("read_only", "owner")


def test_whoever_gives_up_the_console_is_led_out_of_it(alice, deputy):
    assert deputy.post(f"{row_of(deputy)}removal/")["Location"] == "/t/acme/"
    assert role_of(deputy) is None


@pytest.mark.parametrize("path", ["new/", "{dora}", "{dora}removal/"])
def test_a_session_that_was_left_open_gives_nothing(alice, dora, path):
    signed_in(alice.client, None)
    target = row_of(dora).removeprefix(PATH)
    response = alice.post(PATH + path.format(dora=target), {"person": "bob", "role": "owner"})
    assert response.status_code == 302
    assert "/reauthentication/" in response["Location"]
    assert role_of(dora) == Role.HELP_DESK


# The help desk ---------------------------------------------------------------------------------------------------


def test_the_help_desk_helps_people_without_a_role(alice, dora, bob):
    person = f"/console/users/{bob.user.pk}/"
    profile = {"username": "bob", "email": "bob@acme.example", "first_name": "Robert", "last_name": "Example"}
    assert dora.post(person, profile).status_code == 302
    assert dora.post(f"{person}password/", {"password": "another long one"}).status_code == 302
    assert dora.post(f"{person}password-link/").status_code == 302
    assert dora.post(f"{person}deactivation/").status_code == 302
    assert dora.post(f"{person}activation/").status_code == 302
    assert (
        dora.post("/console/users/new/", profile | {"username": "ann", "email": "a@acme.example"}).status_code
        == 302
    )
    with in_tenant(alice.tenant):
        robert = User.objects.get(pk=bob.user.pk)
        types = set(Event.objects.filter(actor_name="dora").values_list("type", flat=True))
    assert (robert.first_name, robert.active) == ("Robert", True)
    assert {"user_create", "user_update", "user_password_change", "user_password_link"} <= types
    assert {"user_suspended", "user_activated"} <= types


@pytest.mark.parametrize("role", Role.values)
def test_the_help_desk_changes_nobody_who_has_a_role(tenant, dora, role):
    other = person(tenant, "other", role=role)
    path = f"/console/users/{other.user.pk}/"
    for act in ("", "password/", "password-link/", "second-factor/", "deactivation/", "activation/"):
        assert dora.post(path + act, {"password": "another long one"}).status_code == 403
    page = dora.get(path).content.decode()
    assert "Set password…" not in page
    assert "Deactivate…" not in page
    with in_tenant(tenant):
        assert User.objects.get(pk=other.user.pk).check_password("another long one") is False


def test_the_help_desk_gives_nobody_a_group(dora, bob, engineering):
    person = f"/console/users/{bob.user.pk}/groups/"
    assert "Add to group" not in dora.get(person).content.decode()
    assert dora.post(person, {"group": str(engineering.pk)}).status_code == 403
    assert dora.post(f"{person}{engineering.pk}/removal/").status_code == 403


def test_the_help_desk_sees_only_what_it_opens(alice, dora, bob, gitlab):
    """Every link of its pages leads somewhere; for an owner there are more."""
    pages = ["/console/users/", "/console/events/", "/console/search/?q=e"]
    pages += [f"/console/users/{bob.user.pk}/{tab}" for tab in ("", "groups/", "applications/", "events/")]
    assert dora.get("/console/")["Location"] == "/t/acme/console/users/"

    def links(who, path):
        return set(re.findall(r'href="/t/acme(/console/[^"]*)"', who.get(path).content.decode()))

    offered = {link for path in pages for link in links(dora, path)}
    assert {link for link in offered if dora.get(link.replace("&amp;", "&")).status_code == 403} == set()
    assert not any(
        "application" in link for link in offered if "/users/" not in link and "/events/" not in link
    )
    assert "/console/applications/" in links(alice, "/console/users/")


# Refusals --------------------------------------------------------------------------------------------------------


def test_a_refusal_names_who_could_only_to_people_with_a_role(alice, dora, bob):
    page = dora.get(PATH).content.decode()
    for words in ("Your role here is Help desk.", "Owner, Administrator, Read only", "Alice Example"):
        assert words in page
    assert "Alice" not in bob.get(PATH).content.decode()


def test_a_read_only_administrator_is_told_who_writes(alice, deputy, bob, system):
    with in_tenant(bob.tenant):
        add_administrator(bob.user, actor=system, role=Role.READ_ONLY)
    page = bob.post("/console/groups/new/", {"name": "Mine"}).content.decode()
    assert "Owner, Administrator." in page
    assert "Alice Example" in page
    assert "Deputy Example" in page
