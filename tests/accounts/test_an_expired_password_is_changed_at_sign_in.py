"""Whoever knows a password that is too old sets a new one and is in. Whoever does not is told nothing."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth import SESSION_KEY
from django.test import Client
from django.utils import timezone

from apps.directory.actions import deactivate_user, set_password
from apps.directory.models import User
from apps.events.models import Event
from apps.tenants.context import in_tenant
from tests.accounts.mails import letters
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db
LOGIN, EXPIRED = "/t/acme/login/", "/t/acme/password/expired/"
NEW = "quite another passphrase"


@pytest.fixture
def expired(bob):
    """Bob, whose password is over."""
    with in_tenant(bob.tenant):
        User.objects.filter(pk=bob.user.pk).update(password_expires_at=timezone.now())
    return bob


@pytest.fixture
def halfway(expired):
    """A browser that has given it."""
    client = Client()
    answer = client.post(f"{LOGIN}?next=/t/acme/me/", {"username": "bob", "password": PASSWORD})
    assert (answer.status_code, answer.url) == (302, EXPIRED)
    return client


def change(client, password=NEW, repeated=None):
    return client.post(EXPIRED, {"password": password, "repeated": repeated or password})


def signed_in(client):
    return SESSION_KEY in client.session


def test_the_new_password_signs_in_and_leads_on(halfway, expired):
    assert "has expired" in halfway.get(EXPIRED).content.decode()
    answer = change(halfway)
    assert (answer.status_code, answer.url) == (302, "/t/acme/me/")
    assert halfway.get("/t/acme/me/").status_code == 200
    with in_tenant(expired.tenant):
        assert User.objects.get(pk=expired.user.pk).check_password(NEW)
        change_event = Event.objects.get(type="user_password_change")
        assert change_event.actor_id == str(expired.user.pk)
        assert Event.objects.filter(type="user_login_attempt", success=True).count() == 1
    assert [subject for _to, subject, _text in letters(expired.tenant)] == ["Your password was set"]


@pytest.mark.parametrize("path", ["/", "/me/", "/me/password/", "/console/", "/launch/wiki"])
def test_halfway_nothing_opens(halfway, path):
    assert not signed_in(halfway)
    assert halfway.get(f"/t/acme{path}").url.startswith(LOGIN)


def test_a_wrong_password_is_told_nothing_of_it(expired, alice):
    def told(username):
        page = Client().post(LOGIN, {"username": username, "password": "wrong"}).content.decode()
        return re.sub(r'value="[^"]*"', "", page)

    assert told("bob") == told("alice") == told("nobody")


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        ((PASSWORD,), "the one that has expired"),
        (("short",), "at least 8"),
        ((NEW, "other"), "differs"),
    ],
)
def test_a_bad_choice_is_told_and_changes_nothing(halfway, typed, complaint):
    answer = change(halfway, *typed)
    assert answer.status_code == 422
    assert complaint in answer.content.decode()
    assert not signed_in(halfway)


def test_without_the_old_password_there_is_nothing_to_change(expired, alice):
    for client in (Client(), alice.client):
        assert change(client).url == LOGIN
    with in_tenant(expired.tenant):
        assert User.objects.get(pk=expired.user.pk).check_password(PASSWORD)


def test_it_takes_no_longer_than_ten_minutes(halfway):
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        assert change(halfway).url == LOGIN
        assert not signed_in(halfway)


@pytest.mark.parametrize("meanwhile", ["deactivated", "password set"])
def test_what_happens_to_the_account_meanwhile_ends_it(halfway, expired, system, meanwhile):
    with in_tenant(expired.tenant):
        if meanwhile == "deactivated":
            deactivate_user(expired.user, actor=system)
        else:
            set_password(expired.user, "by an administrator", actor=system)
    assert change(halfway).url == LOGIN
    assert not signed_in(halfway)


def test_a_session_that_was_planted_gets_nothing(expired):
    """Its key changes with the password, so whoever planted it does not hold the one that may set a new one."""
    victim, planter = Client(), Client()
    session = victim.session
    session["visited"] = True
    session.save()
    planted = session.session_key
    for client in (victim, planter):
        client.cookies["gatehouse_session"] = planted
    victim.post(LOGIN, {"username": "bob", "password": PASSWORD})
    assert change(planter).url == LOGIN
    assert change(victim).url == "/t/acme/"  # negative control
