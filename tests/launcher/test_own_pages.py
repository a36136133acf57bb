import re

import pytest
from django.contrib.auth import SESSION_KEY
from django.test import Client

from apps.accounts.actions import TRIES_PER_ACCOUNT
from apps.directory.actions import add_group, add_member, add_user, update_user
from apps.directory.models import User
from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.models import Event
from apps.events.types import EventType
from apps.lib.devices import device
from apps.tenants.context import in_tenant
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db
NEW = "quite another passphrase"


def change(who, current=PASSWORD, password=NEW, repeated=NEW):
    return who.post("/me/password/", {"current": current, "password": password, "repeated": repeated})


def knows(who, password):
    with in_tenant(who.tenant):
        return User.objects.get(pk=who.user.pk).check_password(password)


# Refusals


@pytest.mark.parametrize("path", ["/me/", "/me/password/", "/me/activity"])
def test_a_stranger_signs_in_first(tenant, charlie, path):
    for client in (Client(), charlie.client):
        response = client.get(f"/t/acme{path}")
        assert (response.status_code, response.url) == (302, f"/t/acme/login/?next=/t/acme{path}")


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        ({"current": "wrong"}, "not your current password"),
        ({"current": ""}, "required"),
        ({"repeated": "something else"}, "differs"),
        ({"password": "short", "repeated": "short"}, "at least 8 characters"),
        ({"password": "password123", "repeated": "password123"}, "too common"),
        ({"password": "bob@acme.example", "repeated": "bob@acme.example"}, "too similar"),
        ({"password": "x" * 1025, "repeated": "x" * 1025}, "at most 1024 characters"),
    ],
)
def test_a_password_is_not_changed_and_never_shown_again(bob, typed, complaint):
    response = change(bob, **typed)
    page = response.content.decode()
    assert response.status_code == 422
    assert complaint in page
    for value in (PASSWORD, NEW, *filter(None, typed.values())):
        assert f'value="{value}"' not in page
    assert knows(bob, PASSWORD)


def test_an_open_screen_is_no_oracle_for_the_password(bob):
    for _ in range(TRIES_PER_ACCOUNT):
        change(bob, current="guess")
    assert change(bob).status_code == 422
    assert knows(bob, PASSWORD)


def test_a_form_of_another_site_changes_nothing(bob):
    bob.client.handler.enforce_csrf_checks = True
    assert change(bob).status_code == 403
    assert knows(bob, PASSWORD)


# Password


def test_the_new_password_holds_here_and_ends_every_other_session(bob):
    elsewhere = Client()
    elsewhere.post("/t/acme/login/", {"username": "bob", "password": PASSWORD})
    before = bob.client.cookies["gatehouse_session"].value
    assert change(bob).status_code == 302
    assert knows(bob, NEW)
    assert bob.get("/me/").status_code == 200
    assert bob.client.cookies["gatehouse_session"].value != before
    assert elsewhere.get("/t/acme/me/").status_code == 302


def test_the_change_is_an_event_without_the_password(bob):
    change(bob)
    with in_tenant(bob.tenant):
        event = Event.objects.get(type=EventType.USER_PASSWORD_CHANGE)
        assert event.actor_id == str(bob.user.pk)
        assert NEW not in str(list(Event.objects.values()))


def test_spaces_around_a_password_belong_to_it(bob):
    change(bob, password=f" {NEW} ", repeated=f" {NEW} ")
    assert knows(bob, f" {NEW} ")
    assert not knows(bob, NEW)


# Profile


def test_the_profile_shows_own_data_and_groups(bob, engineering):
    page = bob.get("/me/").content.decode()
    assert "bob@acme.example" in page


def test_the_groups_tell_what_each_opens(bob, engineering, give, system):
    with in_tenant(bob.tenant):
        nothing = add_group(actor=system, name="Choir")
        add_member(nothing, bob.user, actor=system)
    give("Wiki")
    page = " ".join(bob.get("/me/groups/").content.decode().split())
    row = re.search(r"<tr><td><strong>Engineering</strong>.*?</tr>", page)
    assert row is not None
    assert "Wiki" in row[0]
    assert "No application yet" in re.search(r"<tr><td><strong>Choir</strong>.*?</tr>", page)[0]


def test_a_group_of_others_is_not_shown(alice, engineering):
    page = alice.get("/me/groups/").content.decode()
    assert "Engineering" not in page
    assert "An administrator of your organisation can add you to one." in page


# Activity


def test_activity_shows_own_sign_ins_and_nobody_elses(bob, alice, system):
    Client().post("/t/acme/login/", {"username": "alice", "password": "x"}, REMOTE_ADDR="192.0.2.66")
    Client().post(
        "/t/acme/login/", {"username": "bob@acme.example", "password": "x"}, REMOTE_ADDR="192.0.2.1"
    )
    Client().post("/t/acme/login/", {"username": "bob", "password": PASSWORD}, REMOTE_ADDR="192.0.2.2")
    with in_tenant(bob.tenant):
        add_user(actor=Actor("person", str(bob.user.pk), "bob"), username="carol", email="carol@acme.example")
    page = bob.get("/me/activity").content.decode()
    assert "192.0.2.1" in page
    assert "Refused" in page
    assert "192.0.2.2" in page
    assert "192.0.2.66" not in page
    assert "User created" not in page  # acts, not sign-ins


@pytest.mark.parametrize("page", ["0", "-1", "x", "²", "999999999999999999999", "", "1e3"])
def test_an_odd_page_number_is_no_error(bob, page):
    assert bob.get("/me/activity", data={"page": page}).status_code == 200


def test_activity_goes_on_over_pages(bob):
    actor = Actor("person", str(bob.user.pk), "bob")
    with in_tenant(bob.tenant):
        for number in range(30):
            record(
                EventType.SSO_AUTH,
                actor=actor,
                target=Target.of("user", bob.user),
                application=Target("application", "", f"App-{number:02}"),
            )
    first, second = (bob.get("/me/activity", data={"page": number}).content.decode() for number in (1, 2))
    assert "App-29" in first
    assert "App-04" not in first
    assert 'href="?page=2"' in first
    assert "App-04" in second
    assert "26–30" in second
    assert 'href="?page=3"' not in second


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0",
            "Edge, Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/604.1",
            "Safari, iPhone",
        ),
        ("curl/8.5.0", "curl"),
        ("<script>alert(1)</script>", ""),
        ("", ""),
    ],
)
def test_a_browser_is_named_in_words(user_agent, words):
    assert device(user_agent) == words


def test_signing_in_again_is_needed_after_the_session_is_gone(bob):
    bob.client.session.flush()
    assert SESSION_KEY not in bob.client.session
    assert bob.get("/me/").status_code == 302


def test_the_profile_shows_what_applications_are_told(bob, system):
    with in_tenant(bob.tenant):
        update_user(
            bob.user, actor=system, mobile_phone="+44 7700", department="Robotics", employee_number="E-7"
        )
    page = bob.get("/me/").content.decode()
    assert all(value in page for value in ("+44 7700", "Robotics", "E-7"))
