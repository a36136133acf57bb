"""What an organisation tells everybody on their launcher: by administrators alone, as plain text, until its day is over or it is closed."""

import datetime as dt

import pytest
import time_machine
from django.utils import timezone

from apps.accounts.announcement_models import Announcement, ClosedAnnouncement
from apps.events.models import Event
from apps.tenants.context import in_tenant
from tests.conftest import person

pytestmark = pytest.mark.django_db
WORDS = "On Friday the office is shut."


def announce(who, text=WORDS, until=""):
    return who.post(
        "/console/settings/announcement/", {"announcement-text": text, "announcement-until": until}
    )


def told(who):
    return WORDS in who.get("/").content.decode()


def current(who):
    with in_tenant(who.tenant):
        return Announcement.objects.get()


def close(who, pk=None):
    return who.post(f"/announcements/{pk or current(who).pk}/closing/")


@pytest.mark.parametrize("who", ["bob", "dora"])
def test_nobody_but_administrators_announces(request, alice, who):
    assert announce(request.getfixturevalue(who)).status_code == 403
    assert not told(alice)


def test_it_is_text_and_never_markup(alice, bob):
    announce(alice, "<b>Now</b> & here")
    assert "&lt;b&gt;Now&lt;/b&gt; &amp; here" in bob.get("/").content.decode()


@pytest.mark.parametrize(("text", "until"), [("x" * 301, ""), ("Ac\u202eme", ""), (WORDS, "tomorrow")])
def test_what_cannot_be_told_comes_back(alice, bob, text, until):
    assert announce(alice, text, until).status_code == 422
    assert not told(bob)


def test_everybody_of_the_organisation_is_told_and_nobody_else(alice, bob, charlie):
    assert announce(alice).status_code == 302
    assert told(alice)
    assert told(bob)
    assert not told(charlie)


def test_whoever_closes_it_is_not_told_again_and_the_others_are(alice, bob):
    announce(alice)
    assert close(bob).status_code == 302
    assert close(bob).status_code == 302  # twice, from another window
    assert not told(bob)
    assert told(alice)
    with in_tenant(bob.tenant):
        assert ClosedAnnouncement.objects.count() == 1


def test_another_text_is_told_to_those_who_closed_the_last_and_another_day_is_not(alice, bob):
    announce(alice)
    close(bob)
    announce(alice, until=(timezone.localdate() + dt.timedelta(days=3)).isoformat())
    assert not told(bob)
    announce(alice, "Something else.")
    announce(alice)
    assert told(bob)


def test_it_ends_with_its_last_day(alice, bob):
    today = timezone.localdate()
    announce(alice, until=today.isoformat())
    assert told(bob)
    with time_machine.travel(timezone.now() + dt.timedelta(days=1), tick=False):
        again = person(bob.tenant, "bea")
        assert not told(again)


def test_an_empty_one_takes_it_away_and_the_log_tells_of_both(alice, bob):
    announce(alice)
    announce(alice)  # the same once more is no change
    announce(alice, "")
    assert not told(bob)
    with in_tenant(alice.tenant):
        events = Event.objects.filter(type="organization_update").order_by("created_at")
        changes = [event.changes for event in events]
    assert changes == [
        [{"field": "announcement", "from": "", "to": WORDS}],
        [{"field": "announcement", "from": WORDS, "to": ""}],
    ]


def test_the_announcement_of_another_organisation_cannot_be_closed(alice, charlie):
    announce(charlie)
    assert close(alice, current(charlie).pk).status_code == 404
