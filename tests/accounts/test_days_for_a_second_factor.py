"""Whoever must have a second factor and has none signs in without for some days, and is reminded on every page."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Authenticator
from apps.tenants.context import in_tenant
from tests.accounts.test_a_second_factor_is_asked_for import (
    CODE,
    LOGIN,
    NOON,
    SET_UP,
    enrolled,
    halfway,
    require,
    signed_in,
)
from tests.conftest import PASSWORD

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


# Sessions that were open when the rule changed


def me(client):
    return client.get("/t/acme/me/")


def test_an_open_session_sees_the_reminder_on_its_next_page_and_is_asked_when_the_days_are_over(bob, tenant):
    with time_machine.travel(NOON, tick=False) as clock:
        client = halfway("bob")
        assert BANNER not in me(client).content.decode()
        require("everybody", tenant, days=1)
        clock.shift(timedelta(hours=1))
        assert "2 Mar 2026, 13:00" in me(client).content.decode()  # the day begins when he hears of it
        clock.shift(timedelta(hours=11))
        assert "2 Mar 2026, 13:00" in me(halfway("bob")).content.decode()  # in another session no new one
        assert me(client).status_code == 200
        require("everybody", tenant, days=0)
        to_sign_in = me(client)
        assert to_sign_in.url == f"{LOGIN}?next=/t/acme/me/"
        assert "The days for it are over." in client.get(to_sign_in.url).content.decode()
        client.post(to_sign_in.url, {"username": "bob", "password": PASSWORD})
        assert client.get(CODE).url == SET_UP
        assert me(client).status_code == 302  # still nobody


def test_the_days_end_in_the_middle_of_a_session(bob, tenant):
    with time_machine.travel(NOON, tick=False) as clock:
        require("everybody", tenant, days=1)
        assert signed_in(halfway("bob"))
        clock.shift(timedelta(hours=23))
        client = halfway("bob")
        assert BANNER in me(client).content.decode()
        clock.shift(timedelta(hours=1))
        assert me(client).status_code == 302


def test_whoever_set_one_up_meanwhile_is_not_asked(bob, alice, tenant):
    with time_machine.travel(NOON, tick=False) as clock:
        client = halfway("bob")
        enrolled(bob)
        require("everybody", tenant, days=0)
        clock.shift(timedelta(minutes=1))
        assert me(client).status_code == 200
        assert BANNER not in me(client).content.decode()


def test_a_rule_that_is_loosened_takes_the_reminder_away(alice, tenant):
    client = halfway("alice")
    assert BANNER in me(client).content.decode()
    require("optional", tenant)
    assert BANNER not in me(client).content.decode()


def test_an_open_session_asks_nothing_of_the_database_until_the_rule_changes(bob, tenant):
    client = halfway("bob")
    me(client)
    counts = []
    for change in (None, "everybody", None):
        if change:
            require(change, tenant, days=7)
        with CaptureQueriesContext(connection) as caught:
            me(client)
        counts.append(
            sum("second_factor" in query["sql"] or "authenticator" in query["sql"] for query in caught)
        )
    before, changed, after = counts
    # The reminder itself looks whether it is still true; the rule is not read again.
    assert before < after < changed
