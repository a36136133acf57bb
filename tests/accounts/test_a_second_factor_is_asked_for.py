"""A code besides the password: asked of whoever has an app, set up by whoever must have one, good once."""

import itertools
import re
from datetime import timedelta

import pyotp
import pytest
import time_machine
from django.contrib.auth import SESSION_KEY
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts import authenticators
from apps.accounts.actions import TRIES_PER_ACCOUNT, add_administrator
from apps.accounts.models import Authenticator, RecoveryCode
from apps.directory.actions import deactivate_user, set_password
from apps.directory.models import User
from apps.directory.policies import update_policy
from apps.events.actors import Actor
from apps.events.models import Event
from apps.mail.models import Letter
from apps.tenants.context import in_tenant
from tests.accounts.mails import letters
from tests.conftest import PASSWORD, person

pytestmark = pytest.mark.django_db
LOGIN, CODE, SET_UP = "/t/acme/login/", "/t/acme/login/code/", "/t/acme/login/second-factor/"
NOON = "2026-03-01T12:00:10Z"


def enrolled(who, at=None):
    """The person's app and their recovery codes. Its first code is one of an hour ago, so that today's are good."""
    with in_tenant(who.tenant):
        secret = authenticators.begin_authenticator(who.user).secret
        with time_machine.travel(timezone.now() - timedelta(hours=1), tick=False):
            codes = authenticators.confirm_authenticator(
                who.user, pyotp.TOTP(secret).at(timezone.now()), actor=Actor.system()
            )
    assert codes is not None
    return pyotp.TOTP(secret), codes


@pytest.fixture
def app(bob):
    return enrolled(bob)[0]


def halfway(username="bob", password=PASSWORD, next_="/t/acme/me/"):
    client = Client()
    client.post(f"{LOGIN}?next={next_}", {"username": username, "password": password})
    return client


def now_of(app, steps=0):
    return app.at(timezone.now() + timedelta(seconds=30 * steps))


def give(client, code, **extra):
    return client.post(CODE, {"code": code}, **extra)


def signed_in(client):
    return SESSION_KEY in client.session


def wrong(app):
    """Six digits that are good neither now nor around now."""
    around = {now_of(app, steps) for steps in range(-3, 4)}
    return next(f"{number:06}" for number in itertools.count() if f"{number:06}" not in around)


# The code


def test_the_password_alone_opens_nothing(bob, app):
    client = halfway()
    assert not signed_in(client)
    for path in ("/", "/me/", "/me/security/", "/me/security/authenticator/removal/"):
        assert client.get(f"/t/acme{path}").url.startswith(LOGIN)
    assert client.get(SET_UP).url == CODE  # setting up another one is no way around
    assert client.get("/t/acme/password/expired/").url == CODE
    assert client.get(CODE).status_code == 200


def test_with_the_code_the_sign_in_goes_on_where_it_began(bob, app):
    client = halfway()
    answer = give(client, now_of(app))
    assert (answer.status_code, answer.url) == (302, "/t/acme/me/")
    assert client.get("/t/acme/me/").status_code == 200


@pytest.mark.parametrize("typed", ["{}", " {} ", "123 456"])
def test_spaces_are_how_people_read_it(bob, app, typed):
    code = now_of(app)
    shown = f"{code[:3]} {code[3:]}" if typed == "123 456" else typed.format(code)
    assert give(halfway(), shown).status_code == 302


def test_somebody_without_an_app_is_not_asked(bob, alice):
    enrolled(alice)
    assert signed_in(halfway("bob"))
    assert not signed_in(halfway("alice"))


@pytest.mark.parametrize(("steps", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_clocks_may_differ_by_half_a_minute(bob, app, steps, good):
    with time_machine.travel(timezone.now() + timedelta(hours=2), tick=False):
        assert (give(halfway(), now_of(app, steps)).status_code == 302) is good


def test_a_code_is_good_once(bob, app):
    with time_machine.travel(timezone.now() + timedelta(hours=2), tick=False):
        code, earlier = now_of(app), now_of(app, -1)
        assert give(halfway(), code).status_code == 302
        assert give(halfway(), code).status_code == 422
        assert give(halfway(), earlier).status_code == 422  # nor one from before it
        assert give(halfway(), now_of(app, 1)).status_code == 302  # negative control


def test_another_persons_code_is_none(alice, bob, app):
    other, _codes = enrolled(alice)
    assert give(halfway(), now_of(other)).status_code == 422


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "abcdef", "x" * 12, "x" * 41, "１２３４５６", "12345\x00", "-----"]
)
def test_what_is_no_code_is_a_form_error(bob, app, code):
    client = halfway()
    assert give(client, code).status_code == 422
    assert not signed_in(client)


def test_wrong_codes_lock_like_wrong_passwords(bob, app):
    client = halfway()
    for _ in range(TRIES_PER_ACCOUNT):
        assert give(client, wrong(app)).status_code == 422
    assert give(client, now_of(app)).status_code == 422
    assert not signed_in(client)
    assert Client().post(LOGIN, {"username": "bob", "password": PASSWORD}).status_code == 422
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert give(halfway(), now_of(app)).status_code == 302


def test_the_password_again_gives_no_further_codes(bob, app):
    """Whoever knows it may not buy tries by starting anew."""
    for _ in range(TRIES_PER_ACCOUNT):
        give(halfway(), wrong(app))
    assert give(halfway(), now_of(app)).url == LOGIN  # the password itself is refused by now
    with in_tenant(bob.tenant):
        assert Event.objects.filter(type="user_lockout").count() == 1


def test_ten_minutes_after_the_password_it_begins_anew(bob, app):
    client = halfway()
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        assert give(client, now_of(app)).url == LOGIN
        assert not signed_in(client)


@pytest.mark.parametrize("meanwhile", ["deactivated", "password set"])
def test_what_happens_to_the_account_meanwhile_ends_it(bob, app, system, meanwhile):
    client = halfway()
    with in_tenant(bob.tenant):
        if meanwhile == "deactivated":
            deactivate_user(bob.user, actor=system)
        else:
            set_password(bob.user, "by an administrator", actor=system)
    assert give(client, now_of(app)).url == LOGIN


def test_a_reset_password_does_not_pass_the_code(bob, app):
    with in_tenant(bob.tenant):
        set_password(bob.user, "by a link in a mail", actor=Actor.system())
    assert not signed_in(halfway(password="by a link in a mail"))


def test_an_expired_password_is_changed_after_the_code_not_before(bob, app):
    with in_tenant(bob.tenant):
        User.objects.filter(pk=bob.user.pk).update(password_expires_at=timezone.now())
    client = halfway()
    new = {"password": "quite another passphrase", "repeated": "quite another passphrase"}
    assert client.post("/t/acme/password/expired/", new).url == CODE
    assert give(client, now_of(app)).url == "/t/acme/password/expired/"
    assert client.post("/t/acme/password/expired/", new).url == "/t/acme/me/"
    assert signed_in(client)


# Recovery codes


def test_a_recovery_code_is_good_once_and_told(bob):
    _app, codes = enrolled(bob)
    assert len(set(codes)) == 10
    assert give(halfway(), codes[0].upper()).status_code == 302
    assert give(halfway(), codes[0]).status_code == 422
    assert give(halfway(), codes[1]).status_code == 302  # negative control
    with in_tenant(bob.tenant):
        assert RecoveryCode.objects.count() == 8
        assert [event.details for event in Event.objects.filter(type="recovery_code_use")] == [
            {"left": 8},
            {"left": 9},
        ]
    assert "9 are left" in str(letters(bob.tenant))


def test_new_ones_take_the_place_of_the_old(bob):
    _app, old = enrolled(bob)
    page = bob.post("/me/security/recovery-codes/").content.decode()
    new = re.findall(r"<li>([a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4})</li>", page)
    assert len(new) == 10
    assert give(halfway(), old[0]).status_code == 422
    assert give(halfway(), new[0]).status_code == 302


def test_nothing_that_signs_in_lies_in_the_database_as_it_is(bob):
    app, codes = enrolled(bob)
    give(halfway(), now_of(app))
    with in_tenant(bob.tenant):
        kept = str([list(model.objects.values()) for model in (Authenticator, RecoveryCode, Event, Letter)])
        assert bob.user.pk.hex in kept.replace("-", "")  # negative control
    assert app.secret not in kept
    assert not any(code in kept or code.replace("-", "") in kept for code in codes)


# Setting it up


def typed_secret(page):
    return re.search(r"data-copy=\"([A-Z2-7]{32})\"", page)[1]


def test_it_is_set_up_on_the_security_page(bob):
    page = bob.get("/me/security/authenticator/").content.decode()
    assert "data:image/svg+xml" in page
    secret = typed_secret(page)
    assert typed_secret(bob.get("/me/security/authenticator/").content.decode()) == secret  # reloaded
    assert bob.post("/me/security/authenticator/", {"code": "000000"}).status_code == 422
    assert signed_in(halfway())  # nothing is asked before it is confirmed
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=False):
        done = bob.post("/me/security/authenticator/", {"code": pyotp.TOTP(secret).now()})
        assert done.status_code == 200
        assert len(re.findall(r"<li>[a-z2-9-]{14}</li>", done.content.decode())) == 10
    assert not signed_in(halfway())
    assert bob.get("/me/security/authenticator/").status_code == 302  # nobody sees the secret again
    assert secret not in bob.get("/me/security/").content.decode()
    assert "was set up" in str(letters(bob.tenant))


def test_the_picture_says_what_apps_read(bob):
    page = bob.get("/me/security/authenticator/").content.decode()
    [address] = re.findall(r'href="(otpauth://[^"]+)"', page)
    assert address.startswith("otpauth://totp/Acme%20Robotics:bob?secret=")
    assert "issuer=Acme%20Robotics" in address


def test_it_is_removed_with_its_codes(bob, app):
    assert bob.post("/me/security/authenticator/removal/").url == "/t/acme/me/security/"
    assert signed_in(halfway())
    with in_tenant(bob.tenant):
        assert not RecoveryCode.objects.exists()
        assert Event.objects.filter(type="user_mfa_delete").count() == 1


# Where it is required


def require(of, tenant, days=0):
    with in_tenant(tenant):
        update_policy(actor=Actor.system(), second_factor=of, second_factor_days=days)


@pytest.mark.parametrize(
    ("of", "asked"),
    [
        ("optional", []),
        ("owners", ["alice"]),
        ("administrators", ["alice", "carol"]),
        ("everybody", ["alice", "bob", "carol"]),
    ],
)
def test_whoever_must_have_one_sets_it_up_before_the_session(alice, bob, tenant, of, asked):
    carol = person(tenant, "carol")
    with in_tenant(tenant):
        add_administrator(carol.user, actor=Actor.system(), role="read_only")
    require(of, tenant)
    found = [name for name in ("alice", "bob", "carol") if halfway(name).get(CODE).url == SET_UP]
    assert found == asked


def test_setting_it_up_ends_in_the_session(alice, tenant):
    require("owners", tenant)
    client = halfway("alice")
    assert not signed_in(client)
    secret = typed_secret(client.get(SET_UP).content.decode())
    assert client.post(SET_UP, {"code": "000000"}).status_code == 422
    page = client.post(SET_UP, {"code": pyotp.TOTP(secret).now()})
    assert "recovery codes" in page.content.decode()
    assert client.get(CODE).url == "/t/acme/me/"
    assert signed_in(client)
    assert not signed_in(halfway("alice"))


def test_another_organisations_policy_is_theirs(alice, charlie, tenant):
    require("everybody", tenant)
    client = Client()
    client.post("/t/globex/login/", {"username": "charlie", "password": PASSWORD})
    assert signed_in(client)


# Whoever lost it


def test_an_administrator_resets_it_and_the_person_is_told(alice, bob, app):
    assert "Reset second factor" in alice.get(f"/console/users/{bob.user.pk}/security/").content.decode()
    assert alice.post(f"/console/users/{bob.user.pk}/second-factor/").status_code == 302
    assert signed_in(halfway())
    with in_tenant(bob.tenant):
        event = Event.objects.get(type="user_mfa_delete")
        assert (event.actor_name, event.target_id) == ("alice", str(bob.user.pk))
    assert "were removed" in str(letters(bob.tenant))


def test_nobody_else_resets_it(alice, bob, charlie, tenant):
    enrolled(alice)
    path = f"/console/users/{alice.user.pk}/second-factor/"
    assert bob.post(path).status_code == 403
    assert charlie.post(path).status_code == 404
    with in_tenant(tenant):
        add_administrator(bob.user, actor=Actor.system())
    assert bob.post(path).status_code == 403  # an owner's
    assert not signed_in(halfway("alice"))


# Every order of steps

STEPS = st.lists(
    st.sampled_from(
        [
            "wrong password",
            "password",
            "wrong code",
            "old code",
            "code page",
            "set up",
            "expired",
            "set a password",
        ]
    ),
    max_size=7,
)


@given(steps=STEPS)
@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)  # each example has its own browser
def test_no_order_of_steps_signs_in_without_a_code(bob_with_app, steps):
    """The flow as a machine: whatever is opened or sent in whatever order, only password and a fresh code make a session."""
    app, used = bob_with_app
    client = Client()
    new = {"password": "quite another passphrase", "repeated": "quite another passphrase"}
    acts = {
        "wrong password": lambda: client.post(LOGIN, {"username": "bob", "password": "wrong"}),
        "password": lambda: client.post(LOGIN, {"username": "bob", "password": PASSWORD}),
        "wrong code": lambda: give(client, wrong(app)),
        "old code": lambda: give(client, used),
        "code page": lambda: client.get(CODE),
        "set up": lambda: client.post(SET_UP, {"code": now_of(app)}),
        "expired": lambda: client.post("/t/acme/password/expired/", new),
        "set a password": lambda: client.post("/t/acme/reauthentication/", {"password": PASSWORD}),
    }
    for step in steps:
        acts[step]()
        assert not signed_in(client), steps


@pytest.fixture
def bob_with_app(bob, app, monkeypatch):
    monkeypatch.setattr("apps.accounts.actions.TRIES_PER_ACCOUNT", 10_000)
    monkeypatch.setattr("apps.accounts.actions.TRIES_PER_ADDRESS", 10_000)
    used = now_of(app)
    client = halfway()
    assert give(client, used).status_code == 302  # negative control: these two are enough
    return app, used
