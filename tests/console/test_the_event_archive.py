"""How long events are kept, and the files of those that are not: for administrators, and each download is an event."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from apps.events import chain, checkpoints
from apps.events.archiving import files, work
from apps.events.models import Event, EventCheckpoint, EventRetention
from apps.tenants.context import in_tenant
from tests.conftest import signed_in

pytestmark = pytest.mark.django_db
PAGE = "/console/events/archive/"


@pytest.fixture
def archived(tenant, alice):
    assert alice.post(PAGE, {"months": "12"}).status_code == 302
    with in_tenant(tenant), time_machine.travel(timezone.now() + timedelta(days=1)):
        chain.seal_all_of_them()
        checkpoints.make_checkpoint()
    with in_tenant(tenant), time_machine.travel(timezone.now() + timedelta(days=500)):
        assert work.archive_one()
        return EventCheckpoint.objects.exclude(archive={}).get()


def test_the_help_desk_does_not_see_it(dora, archived):
    assert dora.get(PAGE).status_code == 403
    assert dora.get(f"{PAGE}{archived.pk}/").status_code == 403


def test_a_period_that_is_not_on_offer_is_refused(alice, tenant):
    assert alice.post(PAGE, {"months": "1"}).status_code == 422
    with in_tenant(tenant):
        assert not EventRetention.objects.exists()


def test_a_screen_left_open_changes_nothing(alice, tenant):
    signed_in(alice.client, timezone.now() - timedelta(hours=1))
    alice.post(PAGE, {"months": "12"})
    with in_tenant(tenant):
        assert not EventRetention.objects.exists()


def test_a_checkpoint_without_a_file_is_nothing_to_download(alice, archived, tenant):
    with in_tenant(tenant):
        plain = EventCheckpoint.objects.filter(archive={}).first()
    assert alice.get(f"{PAGE}{plain.pk}/").status_code == 404


def test_a_file_that_lies_elsewhere_is_told(alice, archived):
    files.path_of(archived).unlink()
    assert "Not on this machine" in alice.get(PAGE).content.decode()
    assert alice.get(f"{PAGE}{archived.pk}/").status_code == 404


def test_a_file_is_downloaded_and_that_is_an_event(alice, archived, tenant):
    assert archived.archive["sha256"][:20] in alice.get(PAGE).content.decode()
    answer = alice.get(f"{PAGE}{archived.pk}/")
    assert b"".join(answer.streaming_content) == files.path_of(archived).read_bytes()
    with in_tenant(tenant):
        event = Event.objects.get(type="event_archive_download")
    assert (event.actor_name, event.details) == ("alice", {"sha256": archived.archive["sha256"]})


def test_for_ever_is_chosen_again(alice, tenant):
    for months in ("12", ""):
        assert alice.post(PAGE, {"months": months}).status_code == 302
    with in_tenant(tenant):
        assert not EventRetention.objects.exists()


def test_the_period_always_has_a_value_and_is_not_called_optional(alice):
    page = alice.get(PAGE).content.decode()
    assert 'name="months"' in page
    assert "(optional)" not in page
