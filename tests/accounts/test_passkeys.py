"""A key pair on the person's device, in place of name, password and code; nothing else passes for it."""

import json
import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import ec
from django.contrib.auth import SESSION_KEY
from django.test import Client
from django.utils import timezone

from apps.accounts.actions import TRIES_PER_ACCOUNT
from apps.accounts.models import Passkey, RecoveryCode
from apps.accounts.passkeys import CHALLENGE
from apps.directory.actions import deactivate_user
from apps.directory.models import User
from apps.directory.policies import update_policy
from apps.events.actors import Actor
from apps.events.models import Event
from apps.tenants.context import in_tenant
from tests.accounts.device import PRESENT, Device
from tests.accounts.mails import letters
from tests.conftest import PASSWORD, signed_in

pytestmark = pytest.mark.django_db
NEW, SIGN_IN = "/t/acme/me/security/passkeys/", "/t/acme/login/passkey/"


def asked(client, path):
    """What the page asks the device."""
    page = client.get(path).content.decode()
    return json.loads(unescape(re.search(r'data-options="([^"]+)"', page)[1]))


def register(who, device, path=NEW, name="Work laptop", **lies):
    answer = device.create(asked(who.client, path), **lies)
    return who.client.post(path, {"name": name, "credential": answer})


def show(device, client=None, path=SIGN_IN, **lies):
    client = client or Client()
    answer = client.post(path, {"credential": device.get(asked(client, path), **lies)})
    return client, answer


def is_in(client):
    return SESSION_KEY in client.session


@pytest.fixture
def device(bob):
    """Bob's, known to the portal."""
    device = Device()
    assert register(bob, device).status_code == 200  # with recovery codes, which he had none of
    return device


# Registering


def test_it_is_named_listed_told_and_comes_with_recovery_codes(bob, device):
    page = bob.get("/me/security/").content.decode()
    assert "Work laptop" in page
    with in_tenant(bob.tenant):
        assert Passkey.objects.get().user == bob.user
        assert RecoveryCode.objects.count() == 10
        assert Event.objects.get(type="passkey_create").details == {"name": "Work laptop"}
    assert "was added" in str(letters(bob.tenant))
    second = Device()
    assert register(bob, second).status_code == 302  # the codes are there already
    assert len(asked(bob.client, NEW)["excludeCredentials"]) == 2


LIES = {
    "another origin": {"origin": "https://evil.example"},
    "another port": {"origin": "http://testserver:8080"},
    "another host": {"host": "evil.example"},
    "nobody verified": {"flags": PRESENT},
    "nobody present": {"flags": 0},
    "another question": {"challenge": "AAAA"},
}


@pytest.mark.parametrize("lie", [*LIES.values(), {"type": "webauthn.get"}], ids=[*LIES, "another act"])
def test_a_registration_that_is_not_right_is_refused(bob, lie):
    assert register(bob, Device(), **lie).status_code == 422
    with in_tenant(bob.tenant):
        assert not Passkey.objects.exists()


@pytest.mark.parametrize("bad", ["\x00", "\x0b", "\u202e"])
def test_a_name_that_cannot_be_seen_is_refused(bob, bad):
    assert register(bob, Device(), name=f"Work{bad}laptop").status_code == 422
    with in_tenant(bob.tenant):
        assert not Passkey.objects.exists()
    assert register(bob, Device(), name="Bärs Läptop").status_code == 200  # negative control


def test_one_key_is_not_two_peoples(alice, bob, device):
    assert register(alice, device).status_code == 422
    with in_tenant(bob.tenant):
        assert Passkey.objects.get().user == bob.user


def test_registering_asks_for_a_recent_sign_in(bob):
    device = Device()
    answer = device.create(asked(bob.client, NEW))
    signed_in(bob.client, timezone.now() - timedelta(minutes=16))
    assert bob.client.get(NEW).status_code == 302
    assert bob.client.post(NEW, {"name": "x", "credential": answer}).status_code == 302
    with in_tenant(bob.tenant):
        assert not Passkey.objects.exists()


# Signing in


def test_it_signs_in_without_name_password_and_code(bob, device):
    with in_tenant(bob.tenant):
        update_policy(actor=Actor.system(), second_factor="everybody", second_factor_days=0)
    client, answer = show(device, path=f"{SIGN_IN}?next=/t/acme/me/")
    assert (answer.status_code, answer.url) == (302, "/t/acme/me/")
    assert client.get("/t/acme/me/").status_code == 200


def test_the_password_alone_is_not_enough_any_more(bob, device):
    client = Client()
    assert (
        client.post("/t/acme/login/", {"username": "bob", "password": PASSWORD}).url == "/t/acme/login/code/"
    )
    assert SIGN_IN in client.get("/t/acme/login/code/").content.decode()
    assert not is_in(client)
    show(device, client)
    assert is_in(client)


@pytest.mark.parametrize("lie", [*LIES.values(), {"type": "webauthn.create"}], ids=[*LIES, "another act"])
def test_an_answer_that_is_not_right_signs_nobody_in(bob, device, lie):
    client, answer = show(device, **lie)
    assert answer.status_code == 422
    assert not is_in(client)
    assert is_in(show(device)[0])  # negative control


def test_a_key_that_is_not_theirs_signs_nobody_in(alice, bob, device):
    other = ec.generate_private_key(ec.SECP256R1())
    for lie in ({"key": other}, {"user_id": alice.user.pk.bytes}):
        client, answer = show(device, **lie)
        assert answer.status_code == 422
        assert not is_in(client)


def test_an_answer_is_good_once_and_to_its_own_question(bob, device):
    client = Client()
    answer = device.get(asked(client, SIGN_IN))
    stranger = Client()
    asked(stranger, SIGN_IN)
    assert stranger.post(SIGN_IN, {"credential": answer}).status_code == 422
    assert client.post(SIGN_IN, {"credential": answer}).status_code == 302  # negative control
    client.post("/t/acme/logout/")
    assert client.post(SIGN_IN, {"credential": answer}).status_code == 422
    assert not is_in(client)


def test_a_question_for_one_purpose_is_none_for_the_other(bob, device):
    options = asked(bob.client, NEW)
    assert bob.client.post(SIGN_IN, {"credential": device.get(options)}).status_code == 422
    options = asked(bob.client, SIGN_IN) | {"user": {"id": "AAAA"}}
    answer = Device().create(options)
    assert bob.client.session[CHALLENGE]["purpose"] == "sign-in"
    assert bob.client.post(NEW, {"name": "x", "credential": answer}).status_code == 422


def test_a_question_is_open_for_five_minutes(bob, device):
    client = Client()
    answer = device.get(asked(client, SIGN_IN))
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        assert client.post(SIGN_IN, {"credential": answer}).status_code == 422


def test_a_counter_that_goes_back_is_a_copy(bob, device):
    assert is_in(show(device, count=5)[0])
    assert not is_in(show(device, count=5)[0])
    assert not is_in(show(device, count=4)[0])
    assert is_in(show(device, count=6)[0])  # negative control


def test_it_is_nobodys_in_another_organisation(bob, charlie, device):
    client, answer = show(device, path="/t/globex/login/passkey/")
    assert answer.status_code == 422
    assert not is_in(client)


def test_a_deactivated_person_and_a_removed_passkey_sign_in_no_longer(bob, device):
    other = Device()
    register(bob, other)
    with in_tenant(bob.tenant):
        pk = Passkey.objects.get(credential_id=json.loads(other.get({"challenge": "AAAA"}))["id"]).pk
    assert bob.client.post(f"{NEW}{pk}/removal/").status_code == 302
    assert not is_in(show(other)[0])
    assert is_in(show(device)[0])  # negative control
    with in_tenant(bob.tenant):
        deactivate_user(bob.user, actor=Actor.system())
    assert not is_in(show(device)[0])


def test_an_expired_password_is_changed_first(bob, device):
    with in_tenant(bob.tenant):
        User.objects.filter(pk=bob.user.pk).update(password_expires_at=timezone.now())
    client, answer = show(device)
    assert answer.url == "/t/acme/password/expired/"
    assert not is_in(client)


def test_whoever_locks_an_account_by_guessing_does_not_lock_its_passkey(bob, device):
    for _ in range(TRIES_PER_ACCOUNT):
        Client().post("/t/acme/login/", {"username": "bob", "password": "wrong"})
    assert is_in(show(device)[0])


# Confirming


def test_it_confirms_that_it_is_them(bob, device):
    signed_in(bob.client, timezone.now() - timedelta(hours=1))
    assert bob.get("/me/security/authenticator/").status_code == 302
    _client, answer = show(device, bob.client, path=f"{SIGN_IN}?next=/t/acme/me/security/authenticator/")
    assert answer.url == "/t/acme/me/security/authenticator/"
    assert bob.client.get(answer.url).status_code == 200


def test_somebody_elses_confirms_nothing(alice, bob, device):
    signed_in(alice.client, timezone.now() - timedelta(hours=1))
    _client, answer = show(device, alice.client)
    assert answer.status_code == 422
    assert alice.get("/console/api-keys/").status_code == 200
    assert "reauthentication" in alice.get("/console/api-keys/").content.decode()


# What nobody's device sends

ODD = ["", "x", "[]", "null", "{}", '{"id": 1}', '{"id": "\\u0000"}', "[" * 15_000, '{"id": "a", "response": 5}',
       '{"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": {"clientDataJSON": "%%", "authenticatorData": "", "signature": ""}}',
       '{"id": "AAAA", "rawId": "AAAA", "type": "x", "response": {"clientDataJSON": "e30", "attestationObject": "e30"}}', "9" * 25_000]  # fmt: skip


@pytest.mark.parametrize("answer", ODD, ids=range(len(ODD)))
def test_what_no_device_sends_is_refused_in_words(bob, answer):
    for path, typed in ((SIGN_IN, {}), (NEW, {"name": "x"})):
        client = Client() if path == SIGN_IN else bob.client
        asked(client, path)
        assert client.post(path, typed | {"credential": answer}).status_code == 422


@pytest.mark.parametrize("name", ["", "x" * 101, "a\u202eb", "a\x0bb"])
def test_a_name_that_cannot_be_read_is_refused(bob, name):
    answer = Device().create(asked(bob.client, NEW))
    assert bob.client.post(NEW, {"name": name, "credential": answer}).status_code == 422


def test_at_a_number_it_says_what_to_do(bob):
    page = Client().get(SIGN_IN, HTTP_HOST="127.0.0.1:8000").content.decode()
    assert "localhost instead of 127.0.0.1" in page
    assert "localhost instead of 127.0.0.1" not in Client().get(SIGN_IN).content.decode()
