"""Password synchronisation: only at the moment a password is set here, sealed on its way, and nowhere afterwards."""

import datetime as dt
import json

import pytest
import time_machine
from django.apps import apps as django_apps
from django.db import connection, transaction
from django.utils import timezone

from apps.directory import actions as directory
from apps.events.models import Event
from apps.outbox.models import Entry
from apps.provisioning import actions, passwords
from apps.provisioning.errors import IntegrationInvalid
from apps.provisioning.models import Attempt, Integration, Job, PasswordToSend
from tests.fakes.scim_target import TOKEN, Fault, scim_error
from tests.provisioning.conftest import later

pytestmark = pytest.mark.django_db

CANARY = 'canary "pässword" \\ 7f2c <b>&'
SPELLINGS = {
    CANARY,
    json.dumps(CANARY)[1:-1],
    json.dumps(CANARY, ensure_ascii=False)[1:-1],
    "canary",
    "7f2c <b>",
}


def dump():
    """Every column of every table, as text; what is binary as it is."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            for row in cursor.fetchall():
                for value in row:
                    raw = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
                    found.append(raw.decode("latin-1") + raw.decode("utf-8", "replace"))
    return "\n".join(found)


def leaks(text):
    return {spelling for spelling in SPELLINGS if spelling in text}


@pytest.fixture
def blogin(staffed):
    return staffed("blogin", {"subdomain": "acme"}, sync_passwords=True)


def sent(company):
    return [
        operation["value"]
        for asked in company.target.journal
        if asked.method == "PATCH"
        for operation in asked.body["Operations"]
        if operation["path"] == "password"
    ]


def set_password(company, word=CANARY):
    directory.set_password(company.mia, word, actor=company.actor, enforce_policy=False)


def test_a_password_set_here_reaches_the_application_once_and_is_gone(blogin):
    set_password(blogin)
    assert PasswordToSend.objects.count() == 1
    blogin.work()
    assert sent(blogin) == [CANARY]
    assert PasswordToSend.objects.count() == 0
    directory.update_user(blogin.mia, actor=blogin.actor, job_title="Lead")
    blogin.work()
    assert sent(blogin) == [CANARY]
    assert Job.objects.get(resource_id=blogin.mia.pk).state == "done"


def test_it_is_in_no_table_event_attempt_message_or_log_at_any_moment(blogin, silent_bell, caplog, capfd):
    silent_bell.clear()
    set_password(blogin)
    assert leaks(dump()) == set(), "on its way"
    assert leaks(json.dumps([list(Entry.objects.values_list("topic", "subject_id"))], default=str)) == set()
    blogin.target.faults = [Fault(500, {}, json.dumps({"detail": f"no {CANARY}"}).encode(), method="PATCH")]
    blogin.work()
    assert leaks(dump()) == set(), "failed for now, and echoed"
    Job.objects.update(next_at=timezone.now(), read_back=False)
    blogin.work()
    assert sent(blogin) == [CANARY, CANARY]
    assert leaks(dump()) == set(), "sent"
    assert leaks(str(silent_bell)) == set()
    assert leaks(caplog.text + "".join(capfd.readouterr())) == set()
    steps = [step for attempt in Attempt.objects.all() for step in attempt.steps]
    masked = [step for step in steps if step["method"] == "PATCH"]
    assert masked
    for step in masked:
        assert step["request"]["Operations"] == [{"op": "replace", "path": "password", "value": "[hidden]"}]
    # Negative control: the dump finds what does stand in a table.
    directory.update_user(blogin.mia, actor=blogin.actor, job_title="canary")
    assert "canary" in leaks(dump())


def test_it_is_sealed_to_its_row_and_shown_by_nothing(blogin):
    set_password(blogin)
    row = PasswordToSend.objects.get()
    assert row.password == CANARY
    (password,) = passwords.waiting(blogin.integration, [blogin.mia.pk]).values()
    assert leaks(repr(password) + str(row) + repr(row) + repr(vars(row))) == set()


def test_a_refused_password_is_told_without_the_applications_words_and_holds_nothing_up(blogin):
    blogin.target.faults = [
        Fault(400, {}, scim_error(400, f"{CANARY} is weak", "invalidValue"), method="PATCH")
    ]
    set_password(blogin)
    blogin.work()
    assert Job.objects.get(resource_id=blogin.mia.pk).state == "done"
    assert PasswordToSend.objects.count() == 0
    event = Event.objects.filter(type="user_update_provision", success=False).get()
    assert event.message_chain["response_code"] == "400"
    assert "did not take the password" in event.error_message
    assert leaks(dump()) == set()


@pytest.mark.parametrize("detail", [f"x {CANARY}", json.dumps(CANARY), "canary"])
def test_an_application_that_refuses_patch_is_told_by_put_and_its_echo_is_not_kept(blogin, detail):
    blogin.target.without = {"PATCH"}
    set_password(blogin)
    blogin.target.faults = [Fault(400, {}, scim_error(400, detail), method="PUT")]
    blogin.work()
    assert leaks(dump()) == set()
    set_password(blogin)
    blogin.target.faults = []
    blogin.work()
    assert blogin.target.named("mia")["password"] == CANARY
    assert leaks(dump()) == set()


def test_rolled_back_with_its_transaction(blogin):
    with pytest.raises(RuntimeError), transaction.atomic():
        set_password(blogin)
        raise RuntimeError
    blogin.work()
    assert PasswordToSend.objects.count() == 0
    assert sent(blogin) == []


def test_off_by_default_and_only_for_applications_that_take_it(staffed):
    company = staffed("blogin", {"subdomain": "acme"})
    set_password(company)
    company.work()
    assert PasswordToSend.objects.count() == 0
    assert sent(company) == []
    assert not company.integration.sync_passwords


@pytest.mark.parametrize(
    ("connector", "parameters"),
    [("custom_saml", {}), ("pulumi", {"organization": "acme"}), ("gitlab_saas", {"group_path": "acme"})],
)
def test_it_cannot_be_switched_on_where_it_is_not_taken(company, connector, parameters):
    company.application_of(connector, **parameters)
    with pytest.raises(IntegrationInvalid) as refused:
        actions.configure_integration(
            company.application, actor=company.actor, base_url=company.target.base_url, sync_passwords=True
        )
    assert set(refused.value.fields) == {"sync_passwords"}


def test_whoever_does_not_have_the_application_is_not_sent_there(blogin):
    noah = blogin.person("noah")
    directory.set_password(noah, CANARY, actor=blogin.actor, enforce_policy=False)
    assert PasswordToSend.objects.count() == 0
    set_password(blogin)
    directory.remove_member(blogin.engineering, blogin.mia, actor=blogin.actor)
    blogin.work()
    assert sent(blogin) == []
    with later(minutes=11):
        passwords.destroy_expired()
    assert PasswordToSend.objects.count() == 0


def test_the_last_of_two_wins(blogin):
    set_password(blogin, "the first one of them")
    set_password(blogin)
    blogin.work()
    assert sent(blogin) == [CANARY]


def test_after_ten_minutes_it_is_forgotten_and_that_is_told(blogin):
    blogin.target.faults = [Fault(503, {"Retry-After": "3000"}, method="PATCH", times=99)]
    set_password(blogin)
    blogin.work()
    assert PasswordToSend.objects.count() == 1
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=10, seconds=1)):
        assert passwords.waiting(blogin.integration, [blogin.mia.pk]) == {}
        passwords.sweep()
    assert PasswordToSend.objects.count() == 0
    assert "not sent within ten minutes" in Event.objects.order_by("-created_at").first().error_message


@pytest.mark.parametrize("how", ["off", "deactivated", "moved", "removed"])
def test_what_is_on_its_way_is_destroyed_where_the_way_ends(blogin, how):
    set_password(blogin)
    integration, url = blogin.integration, blogin.target.base_url
    if how == "off":
        actions.configure_integration(
            blogin.application, actor=blogin.actor, base_url=url, sync_passwords=False
        )
    elif how == "deactivated":
        actions.deactivate_integration(integration, actor=blogin.actor)
    elif how == "moved":
        actions.configure_integration(
            blogin.application, actor=blogin.actor, base_url=f"{url}/else", token=TOKEN
        )
    else:
        actions.remove_integration(integration, actor=blogin.actor)
    assert PasswordToSend.objects.count() == 0


def test_a_new_account_gets_it_after_it_is_made(company):
    company.application_of("blogin", subdomain="acme")
    company.mia = company.person("mia")
    company.group("Engineering", company.mia)
    company.activate(sync_passwords=True)
    set_password(company)
    company.work()
    assert sent(company) == [CANARY]
    posted = [asked.body for asked in company.target.journal if asked.method == "POST"]
    assert all("password" not in body for body in posted)
    assert Integration.objects.get().sync_passwords
    assert django_apps.get_model("provisioning", "RemoteUser").objects.get().sent.get("password") is None
