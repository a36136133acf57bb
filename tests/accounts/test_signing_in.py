import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from apps.accounts.actions import TRIES_PER_ACCOUNT, TRIES_PER_ADDRESS
from apps.accounts.models import FailedSignIn
from apps.directory.actions import deactivate_user, reactivate_user, set_password
from apps.events.models import Event
from apps.events.types import EventType
from apps.tenants.context import in_tenant
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db
LOGIN = "/t/acme/login/"


def attempt(client, username="bob", password=PASSWORD, *, path=LOGIN, **extra):
    return client.post(path, {"username": username, "password": password}, **extra)


def signed_in(client):
    return SESSION_KEY in client.session


def told(response):
    """The page without what differs between any two requests: the token and the name that was typed."""
    page = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", response.content.decode())
    return re.sub(r'name="username" value="[^"]*"', 'name="username"', page)


def fail(times, username="bob", **extra):
    for _ in range(times):
        attempt(Client(), username, "wrong", **extra)


# Refusals


def test_every_refusal_is_the_same_page(tenant, alice, bob, system):
    wrong = attempt(Client(), "alice", "not the password")
    unknown = attempt(Client(), "nobody")
    with in_tenant(tenant):
        deactivate_user(bob.user, actor=system)
    deactivated = attempt(Client(), "bob")
    fail(TRIES_PER_ACCOUNT, "alice")
    locked = attempt(Client(), "alice")
    pages = [wrong, unknown, deactivated, locked]
    assert [page.status_code for page in pages] == [422] * 4
    assert len({told(page) for page in pages}) == 1
    assert "do not sign in" in told(wrong)


def test_a_refusal_keeps_the_name_and_forgets_the_password(bob):
    response = attempt(Client(), "bob", "S3cret-typed-wrongly")
    page = response.content.decode()
    assert 'name="username" value="bob"' in page
    assert "S3cret-typed-wrongly" not in page


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("", ""),
        ("bob", ""),
        ("", "x"),
        ("b\x00b", "x"),
        ("b" * 255, "x"),
        ("bob", "x" * 1025),
        ("ﬀ" * 254, "x"),
    ],
)
def test_incomplete_and_impossible_input_is_a_form_error(bob, username, password):
    client = Client()
    assert attempt(client, username, password).status_code == 422
    assert not signed_in(client)


def test_without_a_csrf_token_nobody_signs_in(bob):
    client = Client(enforce_csrf_checks=True)
    assert attempt(client).status_code == 403
    assert not signed_in(client)
    page = client.get(LOGIN).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
    client.post(LOGIN, {"username": "bob", "password": PASSWORD, "csrfmiddlewaretoken": token})
    assert signed_in(client)  # negative control


def test_the_person_of_another_tenant_is_nobody_here(bob, charlie):
    client = Client()
    assert attempt(client, "charlie").status_code == 422
    assert attempt(client, "charlie", path="/t/globex/login/").status_code == 302  # negative control


def test_another_tenants_session_is_nobody_here(bob, charlie):
    for stranger in (charlie, bob):
        own = stranger.tenant.slug
        other = {"acme": "globex", "globex": "acme"}[own]
        assert stranger.client.get(f"/t/{other}/me/").status_code == 302
        assert stranger.client.get(f"/t/{own}/me/").status_code == 200  # negative control


def test_a_deactivated_person_is_out_at_once_and_stays_out(tenant, bob, system):
    client = Client()
    attempt(client)
    assert client.get("/t/acme/me/").status_code == 200
    with in_tenant(tenant):
        deactivate_user(bob.user, actor=system)
    assert client.get("/t/acme/me/").status_code == 302
    with in_tenant(tenant):
        reactivate_user(bob.user, actor=system)
    assert client.get("/t/acme/me/").status_code == 302  # the old session does not revive


# Locks


def test_a_lock_refuses_the_right_password_too_and_time_opens_it(bob):
    fail(TRIES_PER_ACCOUNT)
    client = Client()
    assert attempt(client).status_code == 422
    assert not signed_in(client)
    with time_machine.travel(timezone.now() + timedelta(minutes=15, seconds=1)):
        assert attempt(client).status_code == 302


def test_nine_failures_lock_nobody(bob):
    fail(TRIES_PER_ACCOUNT - 1)
    assert attempt(Client()).status_code == 302


@pytest.mark.parametrize("name", ["BOB", "bob@acme.example", "Bob@ACME.example", " bob", "ｂｏｂ"])
def test_spelling_the_name_otherwise_gives_no_further_tries(bob, name):
    fail(TRIES_PER_ACCOUNT - 1)
    fail(1, name)
    assert attempt(Client()).status_code == 422


def test_a_locked_account_locks_nobody_else(alice, bob):
    fail(TRIES_PER_ACCOUNT, "bob")
    assert attempt(Client(), "alice").status_code == 302


def test_a_lock_stays_inside_its_tenant(bob, charlie):
    fail(TRIES_PER_ACCOUNT, "charlie")
    assert attempt(Client(), "charlie", path="/t/globex/login/").status_code == 302


@pytest.mark.parametrize(
    ("first", "second", "locked"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:2", True),  # one household's /64
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
    ],
)
def test_an_address_that_guesses_at_many_accounts_is_locked(bob, tenant, first, second, locked):
    for number in range(TRIES_PER_ADDRESS):
        attempt(Client(), f"guess{number}", "wrong", REMOTE_ADDR=first)
    assert (attempt(Client(), REMOTE_ADDR=second).status_code == 422) is locked


def test_knocking_at_a_locked_account_does_not_lock_it_longer(bob, tenant):
    fail(TRIES_PER_ACCOUNT)
    with time_machine.travel(timezone.now() + timedelta(minutes=14)):
        fail(5)
    with time_machine.travel(timezone.now() + timedelta(minutes=15, seconds=1)):
        assert attempt(Client()).status_code == 302


def test_a_sign_in_forgets_the_failures_before_it(bob, tenant):
    fail(TRIES_PER_ACCOUNT - 1)
    attempt(Client())
    with in_tenant(tenant):
        assert not FailedSignIn.objects.exists()


# Signing in


@pytest.mark.parametrize("name", ["bob", "BOB", "bob@acme.example"])
def test_user_name_and_email_open_the_launcher(bob, name):
    client = Client()
    response = attempt(client, name)
    assert response.status_code == 302
    assert response.url == "/t/acme/"
    assert signed_in(client)


def test_the_session_key_is_new_after_each_password(bob):
    client = Client()
    client.get(LOGIN)
    session = client.session
    session["visited"] = True
    session.save()
    client.cookies["gatehouse_session"] = session.session_key
    fixed = session.session_key
    attempt(client)
    first = client.cookies["gatehouse_session"].value
    attempt(client, path=f"{LOGIN}?reauthenticate=1")
    second = client.cookies["gatehouse_session"].value
    assert len({fixed, first, second}) == 3
    assert not Session.objects.filter(session_key__in=[fixed, first]).exists()


def test_the_cookie_belongs_to_the_tenant_and_to_no_script(bob):
    cookie = attempt(Client()).cookies["gatehouse_session"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/t/acme/", True, "Lax")


def test_a_signed_in_person_goes_on_at_once(bob):
    assert bob.get("/login/?next=/t/acme/me/").url == "/t/acme/me/"


def test_signing_in_anew_asks_for_the_password_and_notes_the_time(bob):
    with time_machine.travel("2026-03-01T10:00:00Z", tick=False):
        client = Client()
        attempt(client)
        assert client.session["signed_in_at"] == 1772359200
    with time_machine.travel("2026-03-01T11:00:00Z", tick=False):
        page = client.get(f"{LOGIN}?reauthenticate=1&next=/t/acme/me/")
        assert page.status_code == 200
        assert 'value="bob"' in page.content.decode()
        assert attempt(client, path=f"{LOGIN}?reauthenticate=1&next=/t/acme/me/").url == "/t/acme/me/"
        assert client.session["signed_in_at"] == 1772362800


def test_somebody_else_signing_in_starts_a_session_of_their_own(alice, bob):
    session = bob.client.session
    session["of bob"] = True
    session.save()
    attempt(bob.client, "alice", path=f"{LOGIN}?reauthenticate=1")
    assert bob.client.session[SESSION_KEY] == str(alice.user.pk)
    assert "of bob" not in bob.client.session


def test_the_session_lasts_as_long_as_the_settings_say(bob, settings):
    settings.SESSION_COOKIE_AGE = 600
    client = Client()
    with time_machine.travel("2026-03-01T10:00:00Z", tick=False):
        assert attempt(client).cookies["gatehouse_session"]["max-age"] == 600
    with time_machine.travel("2026-03-01T10:09:59Z", tick=False):
        assert client.get("/t/acme/me/").status_code == 200
    with time_machine.travel("2026-03-01T10:10:01Z", tick=False):
        assert client.get("/t/acme/me/").status_code == 302


def test_a_changed_password_ends_the_other_sessions(bob, tenant, system):
    with in_tenant(tenant):
        set_password(bob.user, "another long one", actor=system)
    assert bob.get("/me/").status_code == 302


# What it leaves in the log


def test_each_attempt_is_an_event_and_none_tells_the_password(bob, tenant):
    fail(1)
    attempt(Client(), "nobody", "Guess-for-nobody")
    attempt(Client(), HTTP_USER_AGENT="Browser/1", REMOTE_ADDR="192.0.2.7")
    with in_tenant(tenant):
        good, unknown, wrong = Event.objects.filter(type=EventType.USER_LOGIN_ATTEMPT)
        assert (good.success, good.actor_name, good.target_id) == (True, "bob", str(bob.user.pk))
        assert (good.client_ip, good.user_agent) == ("192.0.2.7", "Browser/1")
        assert (unknown.success, unknown.actor_name, unknown.target_name) == (False, "anonymous", "nobody")
        assert (wrong.success, wrong.target_id) == (False, str(bob.user.pk))
        assert "Guess-for-nobody" not in str(list(Event.objects.values()))


def test_a_lock_is_one_event_however_long_the_knocking(bob, tenant):
    fail(TRIES_PER_ACCOUNT + 3)
    with in_tenant(tenant):
        assert Event.objects.filter(type=EventType.USER_LOCKOUT).count() == 1
        refused = Event.objects.filter(type=EventType.USER_LOGIN_ATTEMPT, success=False)
        assert refused.filter(error_message__startswith="Locked").count() == 3


# The page


def test_the_page_helps_password_managers_and_lets_people_paste(tenant):
    page = Client().get(LOGIN).content.decode()
    assert 'autocomplete="username"' in page
    assert 'autocomplete="current-password"' in page
    assert "onpaste" not in page
    assert 'autocomplete="off"' not in page


def test_the_page_is_never_cached(tenant):
    assert "no-store" in Client().get(LOGIN)["Cache-Control"]


def test_other_methods_are_refused(tenant):
    assert Client().put(LOGIN).status_code == 405
