"""Each alert is written once, however often one looks, to whoever may do something about it, in the language of each."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from apps.accounts.actions import add_administrator
from apps.accounts.models import Role
from apps.applications.actions import add_application, assign_group
from apps.directory import actions as directory
from apps.insights import digest
from apps.mail.models import Letter
from apps.provisioning import notices
from apps.provisioning.models import Job, JobState
from apps.saml import expiry
from apps.saml.actions.settings import sso_of, update_sso
from apps.saml.models import KeyPair
from apps.scim import token_expiry
from apps.scim.actions.sources import add_scim_token
from apps.scim.models import ScimToken
from apps.webhooks.models import Webhook
from tests.fakes.receiver import Receiver, Reply
from tests.provisioning.conftest import _eager, company, silent_bell, staffed, target
from tests.provisioning.test_administrators_are_written_to import fall_ill
from tests.saml.conftest import ACS, SP
from tests.webhooks.conftest import Endpoint, happen, later

__all__ = ["_eager", "company", "silent_bell", "staffed", "target"]
pytestmark = pytest.mark.django_db
READERS = {"greta@example.com": ("de", Role.OWNER), "erik@example.com": ("en", Role.ADMINISTRATOR)}
NOBODY = {"rita": Role.READ_ONLY, "helen": Role.HELP_DESK, "gone": Role.ADMINISTRATOR, "anybody": None}


@pytest.fixture
def people(company):
    """Two who can act and read different languages, and four who cannot."""
    for address, (language, role) in READERS.items():
        reader = company.person(address.partition("@")[0])
        add_administrator(reader, role=role, actor=company.actor)
        directory.choose_language(reader, language, actor=company.actor)
    for name, role in NOBODY.items():
        person = company.person(name)
        if role:
            add_administrator(person, role=role, actor=company.actor)
        if name == "gone":
            directory.deactivate_user(person, actor=company.actor)
    return company


def an_application_refuses_the_token(company):
    fall_ill(company)
    for _ in range(3):
        company.work()


def removals_are_held(company):
    Job.objects.update(state=JobState.HELD)
    for _ in range(3):
        notices.tell_of_held_removals(company.integration)


def a_certificate_ends(company):
    wiki = add_application(actor=company.actor, connector="custom_saml", display_label="Wiki")
    update_sso(sso_of(wiki), actor=company.actor, sp_entity_id=SP, acs_urls=[ACS])
    assign_group(wiki, company.engineering, actor=company.actor)
    now = timezone.now()
    KeyPair.objects.filter(application=wiki).update(not_after=now + timedelta(days=20))
    for hours in range(3):
        expiry.warn(now + timedelta(hours=hours))


def a_token_of_a_source_ends(company):
    now = timezone.now()
    add_scim_token(actor=company.actor, name="Okta")
    ScimToken.objects.update(expires_at=now + timedelta(days=5), last_used_at=now)
    for hours in range(3):
        token_expiry.warn(now + timedelta(hours=hours))


def a_webhook_is_quarantined(company):
    receiver = Receiver()
    receiver.always = Reply(401)
    endpoint = Endpoint(receiver)
    happen()
    for minutes in (0, 1, 2, 3, 4, 5):
        with later(minutes=minutes):
            endpoint.work()
    assert Webhook.objects.get().state == "quarantined"
    receiver.stop()


def a_week_is_over(company):
    now = timezone.now()
    monday = (now + timedelta(days=7 - now.weekday())).replace(hour=9)
    for hours in range(3):
        with time_machine.travel(monday + timedelta(hours=hours), tick=False):
            digest.write(timezone.now())


ALERTS = {
    an_application_refuses_the_token: ("provisioning is paused", "Provisionierung"),
    removals_are_held: ("for your decision", "Entscheidung"),
    a_certificate_ends: ("expires in", "läuft"),
    a_token_of_a_source_ends: ("expires in", "läuft"),
    a_webhook_is_quarantined: ("quarantined", "Quarantäne"),
    a_week_is_over: ("week", "Woche"),
}


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.__name__)
def test_it_is_written_once_to_each_in_their_language(alert, people, staffed, monkeypatch):
    monkeypatch.setattr("apps.webhooks.tasks.ring", lambda *_: None)
    monkeypatch.setattr("apps.mail.tasks.ring", lambda tenant_id: None)
    company = staffed()
    Letter.objects.all().delete()
    alert(company)
    found = {letter.address: letter.subject for letter in Letter.objects.all()}
    assert found.keys() == READERS.keys()
    assert Letter.objects.count() == len(READERS)
    english, german = ALERTS[alert]
    assert english in found["erik@example.com"]
    assert german in found["greta@example.com"]
