"""The weekly digest: on Monday morning, once, to administrators, of what happened and of what waits; and nothing of an empty week."""

import datetime as dt
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.utils import timezone

from apps.applications.actions import add_application
from apps.directory import actions as directory
from apps.events.models import Event
from apps.events.types import EventType
from apps.insights import digest, tasks, week
from apps.insights.actions import set_digest
from apps.mail.models import Letter
from apps.provisioning.models import Job
from apps.saml.actions.settings import sso_of
from apps.saml.models import KeyPair
from apps.scim.actions.sources import add_scim_token, add_token
from apps.scim.models import ScimToken, Source
from apps.tenants.context import in_tenant
from apps.tenants.models import Tenant
from tests.provisioning.conftest import joins

NOW = dt.datetime.now(dt.UTC)
# Two weeks from now at least: whoever a fixture makes belongs to no week that is written about.
MONDAY = (NOW + dt.timedelta(days=21 - NOW.weekday())).replace(hour=8, minute=0)


@pytest.fixture(autouse=True)
def _utc(settings):
    settings.TIME_ZONE = "UTC"
    timezone.get_default_timezone.cache_clear()
    yield
    timezone.get_default_timezone.cache_clear()


@pytest.fixture
def acme(alice, system):
    """Last Wednesday Carol joined."""
    with in_tenant(alice.tenant), time_machine.travel(MONDAY - dt.timedelta(days=5), tick=False):
        directory.add_user(actor=system, username="carol", email="carol@acme.example")
    return alice.tenant


def letters(tenant):
    with in_tenant(tenant):
        return [(letter.address, letter.text) for letter in Letter.objects.all()]


def write(tenant, now=MONDAY):
    with in_tenant(tenant):
        return digest.write(now)


def test_administrators_are_told_once(acme, alice):
    assert [write(acme) for _twice in range(2)] == [1, 0]
    [(address, text)] = letters(acme)
    assert address == alice.user.email
    assert "1 person joined." in text
    [link] = [line.strip() for line in text.splitlines() if "?type=user_create&result=success" in line]
    # Not "the last seven days": somebody may follow it on Thursday.
    week = {
        "since": f"{MONDAY - dt.timedelta(days=7):%Y-%m-%d}T00:00:00Z",
        "until": f"{MONDAY:%Y-%m-%d}T00:00:00Z",
    }
    assert {name: parse_qs(urlsplit(link).query)[name] for name in week} == {
        name: [moment] for name, moment in week.items()
    }
    assert "carol" in alice.get(link.partition(alice.url(""))[2]).content.decode()
    first, last = (MONDAY - dt.timedelta(days=days) for days in (7, 1))
    assert text.startswith(f"From {first.day} {first:%b %Y} to {last.day} {last:%b %Y}.")


def test_not_before_monday_morning(acme):
    assert write(acme, MONDAY.replace(hour=6)) == 0
    assert digest.due_tenant_ids(MONDAY.replace(hour=6)) == []
    assert str(acme.pk) in digest.due_tenant_ids(MONDAY)
    assert write(acme, MONDAY + dt.timedelta(days=3)) == 1  # nobody was there on Monday


def test_monday_morning_is_where_the_organisation_is(acme):
    Tenant.objects.filter(pk=acme.pk).update(timezone="America/Los_Angeles")
    assert str(acme.pk) not in digest.due_tenant_ids(MONDAY)
    assert write(acme) == 0
    assert str(acme.pk) in digest.due_tenant_ids(MONDAY.replace(hour=16))
    assert write(acme, MONDAY.replace(hour=16)) == 1


def test_an_empty_week_is_not_written_about(acme):
    assert write(acme, MONDAY + dt.timedelta(days=14)) == 0
    assert letters(acme) == []
    assert str(acme.pk) not in digest.due_tenant_ids(MONDAY + dt.timedelta(days=14))


def test_what_waits_is_written_about_in_a_week_without_events(staffed, alice):
    staffed()
    Job.objects.update(state="held")
    assert digest.write(MONDAY + dt.timedelta(days=28)) == 1
    assert "1 removal waits for your approval." in letters(alice.tenant)[0][1]


def test_who_left_and_is_not_gone_is_named_first(staffed, alice):
    company = staffed()
    with time_machine.travel(MONDAY - dt.timedelta(days=1)):
        directory.deactivate_user(company.mia, actor=company.actor)
    digest.write(MONDAY)
    text = letters(alice.tenant)[0][1]
    assert "1 person who left is not gone from every application yet." in text
    assert "1 person was deactivated." in text


def test_who_was_deactivated_and_then_deleted_is_one_person(staffed, alice):
    company = staffed()
    with time_machine.travel(MONDAY - dt.timedelta(days=2)):
        directory.deactivate_user(company.mia, actor=company.actor)
    with time_machine.travel(MONDAY - dt.timedelta(days=1)):
        directory.remove_user(company.mia, actor=company.actor)
    digest.write(MONDAY)
    assert "1 person who left is not gone from every application yet." in letters(alice.tenant)[0][1]


def test_everybody_who_is_not_gone_is_counted_however_many_left(staffed, monkeypatch):
    """Looked at page by page."""
    company = staffed()
    monkeypatch.setattr(week, "RECEIPTS_AT_ONCE", 2)
    people = [company.mia, *joins(company, "noa", "ola", "pia", "quy")]
    company.work()
    for days, person in enumerate(people):
        with time_machine.travel(MONDAY - dt.timedelta(days=6 - days)):
            directory.deactivate_user(person, actor=company.actor)
    counted = {line.name: line.count for line in week.what_waits(MONDAY - dt.timedelta(days=7))}
    assert counted["offboardings_outstanding"] == 5


def test_certificates_that_ended_are_told_apart_from_those_that_end(alice, give_certificates):
    with in_tenant(alice.tenant), time_machine.travel(MONDAY, tick=False):
        give_certificates(
            dt.timedelta(days=-1), dt.timedelta(0), dt.timedelta(days=30), dt.timedelta(days=31)
        )
        lines = week.what_waits(MONDAY - dt.timedelta(days=7))
    assert [(line.name, line.count, line.text) for line in lines] == [
        ("certificates_expired", 2, "2 certificates have expired."),
        ("certificates_ending", 1, "1 certificate ends within 30 days."),
    ]


def test_only_a_token_that_its_source_uses_is_told_when_it_has_ended(alice, system):
    """Not what was followed by another, what nobody ever pasted, and what was revoked."""
    ago, ahead = MONDAY - dt.timedelta(days=1), MONDAY + dt.timedelta(days=365)
    with in_tenant(alice.tenant), time_machine.travel(MONDAY, tick=False):
        for name, ends, used, revoked in (
            ("Okta", ago, ago, None),
            ("Entra", ahead, ago, None),
            ("OneLogin", ago, None, None),
            ("JumpCloud", ago, ago, ago),
        ):
            token, _secret = add_scim_token(actor=system, name=name)
            ScimToken.objects.filter(pk=token.pk).update(
                expires_at=ends, last_used_at=used, revoked_at=revoked
            )
        before = add_token(Source.objects.get(name="Entra"), actor=system)[0]
        ScimToken.objects.filter(pk=before.pk).update(expires_at=ago, last_used_at=ago - dt.timedelta(days=9))
        lines = week.what_waits(MONDAY - dt.timedelta(days=7))
    assert [(line.name, line.count, line.text) for line in lines] == [
        ("tokens_expired", 1, "The token of 1 identity source has expired: its requests are refused.")
    ]


@pytest.fixture
def give_certificates(system):
    """Of an application each; takes how long each has left."""

    def give(*left):
        for number, span in enumerate(left):
            application = add_application(
                actor=system, connector="custom_saml", display_label=f"Wiki {number}"
            )
            sso_of(application)
            KeyPair.objects.filter(application=application).update(not_after=timezone.now() + span)

    return give


def test_whoever_switches_it_off_gets_none(acme, alice, system):
    with in_tenant(acme):
        set_digest(acme, enabled=False, actor=system)
        set_digest(acme, enabled=False, actor=system)
        [told] = Event.objects.filter(type=EventType.ORGANIZATION_UPDATE)
    assert told.changes == [{"field": "weekly_digest", "from": True, "to": False}]
    assert str(acme.pk) not in digest.due_tenant_ids(MONDAY)
    assert write(acme) == 0


def test_the_page_of_mail_switches_it(alice):
    assert "Switch it off" in alice.get("/console/settings/mail/").content.decode()
    alice.post("/console/settings/mail/", {"digest": "off"})
    assert "Switch it on" in alice.get("/console/settings/mail/").content.decode()


def test_a_german_administrator_reads_german(acme, alice, system):
    with in_tenant(acme):
        directory.choose_language(alice.user, "de", actor=system)
    write(acme)
    assert "1 Person ist dazugekommen." in letters(acme)[0][1]


def test_beat_asks_for_everybody_it_is_due_for(acme, monkeypatch, settings):
    asked = []
    monkeypatch.setattr(tasks.write_digest, "delay", asked.append)
    with time_machine.travel(MONDAY):
        tasks.write_digests.run()
    assert asked == digest.due_tenant_ids(MONDAY) != []
    assert settings.CELERY_BEAT_SCHEDULE["write digests"]["task"] == tasks.write_digests.name
