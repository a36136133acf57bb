""" "Password forgotten" says, does and takes the same for every name; a worker finds out whose it is."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts import forgotten, tasks
from apps.accounts.models import ResetRequest
from apps.accounts.one_time_links import send_reset_link
from apps.directory.actions import add_user, deactivate_user
from apps.directory.models import User
from apps.events.models import Event
from apps.mail import tasks as mail_tasks
from apps.tenants.context import in_tenant
from tests.accounts.mails import letters, links

pytestmark = pytest.mark.django_db
PAGE = "/t/acme/password/forgotten/"


@pytest.fixture(autouse=True)
def _no_worker(monkeypatch):
    for bell in (tasks, mail_tasks):
        monkeypatch.setattr(bell, "ring", lambda tenant_id: None)


def ask(name="bob", **extra):
    return Client().post(PAGE, {"username": name}, **extra)


def answered(tenant):
    tasks.answer_forgotten(str(tenant.pk))
    return [address for address, subject, _text in letters(tenant) if subject == "Set a new password"]


def told(answer):
    page = answer if answer.status_code == 200 else Client().get(answer.url)
    return (
        re.sub(r'value="[^"]+"', "", page.content.decode()),
        answer.status_code,
        answer.headers.get("Location"),
    )


@pytest.mark.parametrize("name", ["bob", "BOB", "bob@acme.example", " bob "])
def test_whoever_it_is_gets_a_mail(bob, tenant, name):
    ask(name)
    assert letters(tenant) == []  # nothing before the worker
    assert answered(tenant) == ["bob@acme.example"]
    [path] = links(tenant)
    assert Client().get(path).status_code == 200


def test_it_says_the_same_about_everybody(alice, bob, charlie, tenant, system):
    with in_tenant(tenant):
        deactivate_user(bob.user, actor=system)
        add_user(actor=system, username="new", email="new@acme.example")
    for _ in range(forgotten.PER_NAME):
        ask("many")
    answers = {told(ask(name)) for name in ("alice", "bob", "new", "charlie", "nobody", "many", "x" * 254)}
    assert len(answers) == 1


def test_it_does_the_same_for_everybody(alice, bob, tenant, system):
    """Clock-free: the same statements in the same number, hence the same time but for chance."""
    with in_tenant(tenant):
        deactivate_user(bob.user, actor=system)
    done = {name: statements(lambda name=name: ask(name)) for name in ("alice", "bob", "nobody")}
    assert done["alice"] == done["bob"] == done["nobody"]
    assert any("reset" in sql.lower() for sql in done["alice"])
    assert not any("directory_user" in sql for sql in done["alice"])


def statements(act):
    with CaptureQueriesContext(connection) as queries:
        act()
    return [re.sub(r"'[^']*'|\d+", "?", query["sql"]) for query in queries]


def test_writing_to_whoever_it_is_at_once_would_tell(alice, tenant, system):
    """The negative control: the obvious way."""

    def at_once(name):
        with in_tenant(tenant):
            for user in User.objects.named(name):
                send_reset_link(user, actor=system)

    assert statements(lambda: at_once("alice")) != statements(lambda: at_once("nobody"))


def test_nobody_gets_anything_who_is_not_meant(bob, charlie, tenant, system):
    with in_tenant(tenant):
        deactivate_user(bob.user, actor=system)
        add_user(actor=system, username="mia@acme.example", email="trap@acme.example")
        add_user(actor=system, username="mia", email="mia@acme.example")
    for name in ("bob", "charlie", "nobody", "mia@acme.example"):  # the last is two people's
        ask(name)
    assert answered(tenant) == []
    ask("mia")
    assert answered(tenant) == ["mia@acme.example"]  # negative control


def test_a_mailbox_gets_three_an_hour(bob, tenant):
    for _ in range(6):
        ask()
    assert len(answered(tenant)) == forgotten.PER_NAME
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        ask()
        assert len(answered(tenant)) == forgotten.PER_NAME + 1


@pytest.mark.parametrize(
    ("first", "second", "sent"), [("192.0.2.1", "192.0.2.1", 0), ("192.0.2.1", "192.0.2.2", 1)]
)
def test_an_address_asks_for_twenty_an_hour(bob, tenant, first, second, sent):
    for number in range(forgotten.PER_ADDRESS):
        ask(f"guess{number}", REMOTE_ADDR=first)
    ask(REMOTE_ADDR=second)
    assert len(answered(tenant)) == sent


def test_an_organisation_has_its_limit(bob, charlie, tenant, monkeypatch):
    monkeypatch.setattr(forgotten, "PER_TENANT", 5)
    for number in range(5):
        ask(f"guess{number}", REMOTE_ADDR=f"192.0.2.{number}")
    ask()
    assert answered(tenant) == []
    Client().post("/t/globex/password/forgotten/", {"username": "charlie"})
    assert answered(charlie.tenant) == ["charlie@globex.example"]  # nobody else's


def test_a_request_is_answered_once_and_a_lost_ring_is_made_good(bob, tenant, monkeypatch):
    ask()
    rung = []
    monkeypatch.setattr(tasks, "ring", rung.append)
    tasks.ring_for_open_requests()
    assert rung == [str(tenant.pk)]
    assert len(answered(tenant)) == 1
    assert len(answered(tenant)) == 1
    rung.clear()
    tasks.ring_for_open_requests()
    assert rung == []


def test_requests_are_forgotten_after_a_day(bob, tenant):
    ask("nobody")
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1)):
        answered(tenant)
    with in_tenant(tenant):
        assert not ResetRequest.objects.exists()


@pytest.mark.parametrize("name", ["", "x" * 255, "a\x00b"])
def test_incomplete_and_impossible_names_are_form_errors(tenant, name):
    assert ask(name).status_code == 422


def test_the_log_tells_from_where(bob, tenant):
    ask(REMOTE_ADDR="192.0.2.7")
    answered(tenant)
    with in_tenant(tenant):
        [event] = Event.objects.filter(type="user_password_link")
        assert (event.actor_name, event.client_ip, event.target_id) == (
            "anonymous",
            "192.0.2.7",
            str(bob.user.pk),
        )


def test_the_sign_in_page_leads_there(tenant):
    assert f'href="{PAGE}"' in Client().get("/t/acme/login/").content.decode()
