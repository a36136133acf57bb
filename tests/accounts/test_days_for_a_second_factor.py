"""Whoever must have a second factor and has none signs in without for some days, and is reminded on every page."""

from datetime import timedelta

import pytest
import time_machine

from apps.accounts.models import Authenticator
from apps.tenants.context import in_tenant
from tests.accounts.test_a_second_factor_is_asked_for import (
    CODE,
    NOON,
    SET_UP,
    enrolled,
    halfway,
    require,
    signed_in,
)

pytestmark = pytest.mark.django_db
BANNER = "Your account needs a second factor."


def test_owners_of_a_new_organisation_have_a_week_from_their_first_sign_in(alice, bob, tenant):
    """So that a script signs in with the password that `createtenant` was given."""
    with time_machine.travel(NOON, tick=False) as clock:
        client = halfway("alice")
        assert BANNER in client.get("/t/acme/console/").content.decode()
        assert "8 Mar 2026, 12:00" in client.get("/t/acme/me/security/").content.decode()
        assert BANNER not in bob_at_home(halfway("bob"))  # nobody asks it of him
        clock.shift(timedelta(days=7, seconds=-1))
        assert signed_in(halfway("alice"))
        clock.shift(timedelta(seconds=1))
        assert halfway("alice").get(CODE).url == SET_UP
        assert signed_in(halfway("bob"))
        require("optional", tenant)
        assert signed_in(halfway("alice"))


def bob_at_home(client):
    return client.get("/t/acme/me/").content.decode()


def test_the_days_are_counted_for_each_from_when_it_was_asked_of_them(alice, bob, tenant):
    with time_machine.travel(NOON, tick=False) as clock:
        assert signed_in(halfway("alice"))
        clock.shift(timedelta(days=3))
        require("everybody", tenant, days=5)
        assert signed_in(halfway("bob"))
        clock.shift(timedelta(days=2))
        found = [name for name in ("alice", "bob") if not signed_in(halfway(name))]
        assert found == ["alice"]
        clock.shift(timedelta(days=3))
        assert not signed_in(halfway("bob"))


def test_the_reminder_goes_once_it_is_set_up_in_whichever_session(alice):
    client = halfway("alice")
    assert BANNER in client.get("/t/acme/me/").content.decode()
    enrolled(alice)
    assert BANNER not in client.get("/t/acme/me/").content.decode()
    assert "second_factor_due" not in client.session


def test_who_takes_it_off_after_the_week_is_asked_at_once(alice):
    with time_machine.travel(NOON, tick=False) as clock:
        assert signed_in(halfway("alice"))
        enrolled(alice)
        clock.shift(timedelta(days=8))
        with in_tenant(alice.tenant):
            Authenticator.objects.all().delete()
        assert halfway("alice").get(CODE).url == SET_UP
