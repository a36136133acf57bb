"""By event and mail, 30 and 7 days and 24 hours before, and at the end: each once, and only of the token that a source uses."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from apps.events.models import Event
from apps.mail import delivery
from apps.scim import token_expiry
from apps.scim.actions.sources import add_token
from apps.scim.models import ScimToken
from apps.tenants.context import in_tenant

NOW = timezone.now()


@pytest.fixture
def token(alice, okta):
    """It ends 60 days from NOW, and is in use."""
    with in_tenant(alice.tenant):
        ScimToken.objects.update(expires_at=NOW + timedelta(days=60), last_used_at=NOW)
        return ScimToken.objects.get()


def look(token, day):
    with in_tenant(token.tenant):
        return token_expiry.warn(NOW + timedelta(days=day))


def told(token):
    with in_tenant(token.tenant):
        events = Event.objects.filter(type__startswith="scim_token_expir").order_by("created_at")
        return [(event.type, event.details["threshold_days"], event.success) for event in events]


def test_there_is_nothing_to_tell_while_there_is_time(token):
    assert look(token, 29.9) == 0
    assert told(token) == []


def test_each_threshold_is_told_once_however_often_one_looks(token):
    assert [look(token, day) for day in (30, 31, 53, 54, 59, 59.5, 60, 61)] == [1, 0, 1, 0, 1, 0, 1, 0]
    soon = "scim_token_expiring"
    assert told(token) == [
        *((soon, 30, True), (soon, 7, True), (soon, 1, True)),
        ("scim_token_expired", 0, False),
    ]


def test_administrators_get_a_mail_that_leads_to_the_source(token, alice):
    look(token, 58)
    with in_tenant(token.tenant):
        delivery.deliver()
    [letter] = [letter for letter in mail.outbox if letter.to == [alice.user.email]]
    assert letter.subject == "Okta: the SCIM token expires in 2 days"
    assert f"/console/sources/{token.source_id}/" in letter.body


@pytest.mark.parametrize("state", [{"last_used_at": None}, {"revoked_at": NOW}, {"expires_at": None}])
def test_nothing_depends_on_a_token_that_nobody_uses_or_that_has_no_end(token, state):
    with in_tenant(token.tenant):
        ScimToken.objects.update(**state)
    assert look(token, 59) == 0


def test_once_the_successor_is_used_the_old_one_may_end(token, system):
    with in_tenant(token.tenant):
        successor, _secret = add_token(token.source, actor=system)
    assert look(token, 54) == 1  # it was generated, but nobody pasted it
    with in_tenant(token.tenant):
        ScimToken.objects.filter(pk=successor.pk).update(last_used_at=NOW + timedelta(minutes=1))
    assert look(token, 59) == 0


def test_beat_finds_whose_tokens_end(token, other_tenant):
    assert token_expiry.tenants_to_warn() == []
    with in_tenant(token.tenant):
        ScimToken.objects.update(expires_at=timezone.now() + timedelta(days=3))
    assert token_expiry.tenants_to_warn() == [str(token.tenant_id)]
