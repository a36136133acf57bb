"""Archiving waits for no endpoint; what one was owed and is in a file alone by then is counted, never sent, and told."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from apps.events import chain, checkpoints
from apps.events.archiving.actions import set_retention
from apps.events.archiving.work import archive_one
from apps.events.models import Event
from apps.events.types import EventType
from apps.webhooks import actions, replays
from apps.webhooks.models import Replay
from tests.api.conftest import script_of
from tests.webhooks.conftest import SYSTEM, Endpoint, happen, ids

pytestmark = pytest.mark.django_db


def ago(days):
    return time_machine.travel(timezone.now() - timedelta(days=days), tick=False)


def close():
    """What fixtures made is younger, and stays behind."""
    chain.seal(Event.objects.filter(seal=None, created_at__lte=timezone.now()).count())
    checkpoints.make_checkpoint()


def write_log():
    """Three wanted events and one that is not, with a checkpoint behind each of them. Returns the wanted ones."""
    wanted = []
    for days, kind in ((400, "user_create"), (350, "sso_auth"), (300, "user_create"), (1, "user_create")):
        with ago(days):
            wanted += happen(1, EventType(kind)) if kind == "user_create" else []
            if kind != "user_create":
                happen(1, EventType(kind))
            close()
    return wanted


def archive():
    set_retention(6, actor=SYSTEM)
    while archive_one():
        continue


@pytest.fixture
def away(inside, receiver):
    """Paused before anything of the log happened."""
    with ago(500):
        endpoint = Endpoint(receiver)
        actions.update_webhook(endpoint.row, actor=SYSTEM, active=False)
        close()
    return endpoint


def told_by_archives():
    return [
        line
        for each in Event.objects.filter(type="event_archive")
        for line in each.details.get("not_sent", [])
    ]


def test_what_was_owed_and_archived_is_counted_and_not_sent(away):
    wanted = write_log()
    archive()
    moment = wanted[1].created_at
    assert (away.now.archived, away.now.archived_until) == (2, moment)
    assert told_by_archives() == [{"webhook": str(away.row.pk), "name": "Warehouse", "events": 2}]
    actions.resume_webhook(away.row, actor=SYSTEM)
    while away.work():
        continue
    assert away.receiver.ids == ids(wanted[2:])
    assert away.now.archived == 2


def test_an_endpoint_that_got_everything_missed_nothing(inside, receiver):
    """The control: the same log, the same archive."""
    with ago(500):
        endpoint = Endpoint(receiver)
    wanted = write_log()
    while endpoint.work():
        continue
    archive()
    assert endpoint.receiver.ids == ids(wanted)
    assert (endpoint.now.archived, endpoint.now.archived_until, told_by_archives()) == (0, None, [])


def test_what_waits_as_a_row_already_is_sent_all_the_same(inside, receiver):
    with ago(500):
        endpoint = Endpoint(receiver)
    wanted = write_log()
    receiver.answers(503)
    endpoint.work()  # all of it is lined up
    archive()
    receiver.answers(200)
    actions.update_webhook(endpoint.row, actor=SYSTEM, active=False)
    actions.resume_webhook(endpoint.row, actor=SYSTEM)
    while endpoint.work():
        continue
    assert receiver.ids[1:] == ids(wanted)
    assert endpoint.now.archived == 0


def test_what_was_skipped_before_is_owed_to_nobody(away):
    write_log()
    actions.resume_webhook(away.row, actor=SYSTEM, skip=True)
    archive()
    assert away.now.archived == 0


def test_a_replay_that_was_held_says_what_it_could_not_send_again(inside, receiver):
    with ago(500):
        endpoint = Endpoint(receiver)
    wanted = write_log()
    while endpoint.work():
        continue
    since = wanted[0].created_at
    replays.start_replay(endpoint.row, actor=SYSTEM, since=since, until=timezone.now(), event_types=[])
    archive()
    while endpoint.work():
        continue
    replay = Replay.objects.get()
    assert (replay.state, replay.total, replay.delivered, replay.archived) == ("done", 3, 1, 2)
    assert endpoint.now.archived == 0  # it got them once
    assert receiver.ids == ids(wanted) + ids(wanted[2:])


def test_page_and_rest_api_say_how_many_and_up_to_when(alice, away):
    path = f"/console/settings/webhooks/{away.row.pk}/"
    assert "went to the event archive" not in alice.get(path).content.decode()
    wanted = write_log()
    archive()
    page = " ".join(alice.get(path).content.decode().split())
    assert "2 events that it was owed went to the event archive before they were sent" in page
    shown = script_of(alice)("GET", f"/webhooks/{away.row.pk}/").json()
    assert shown["archived"] == 2
    assert shown["archived_until"].startswith(wanted[1].created_at.strftime("%Y-%m-%dT%H:%M"))
