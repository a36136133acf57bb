"""What the page of the installation's health says, and when it says that something is wrong."""

import datetime as dt
from collections import namedtuple
from typing import Any

import pytest
from django.utils import timezone

from apps.outbox import tasks
from apps.outbox.models import Entry, SignOfLife, Topic
from apps.outbox.publish import publish
from apps.platform import health as module
from apps.platform.health import health
from apps.tenants.context import in_tenant

pytestmark = pytest.mark.django_db
LINES = {"Database", "Queue", "Workers", "Changes to hand on", "Accounts to write", "Mails to send"}
LINES |= {"Connections to applications", "Certificates", "Disk of the data directory"}


def line(name: str) -> Any:
    return {one.name: one for one in health()}[name]


def test_everything_works(olivia: Any) -> None:
    tasks.sweep.apply()
    lines = {one.name: one.state for one in health()}
    assert lines == dict.fromkeys(LINES, "active")
    assert "Everything works." in olivia.get("/health/").content.decode()


def test_workers_that_are_silent_are_told() -> None:
    assert line("Workers").text == "None was at work within a day."
    tasks.sweep.apply()
    assert line("Workers").state == "active"
    SignOfLife.objects.update(seen_at=timezone.now() - dt.timedelta(minutes=3))
    assert (line("Workers").state, "3" in line("Workers").text) == ("failing", True)
    SignOfLife.objects.update(seen_at=timezone.now() - dt.timedelta(days=2))
    tasks.sweep.apply()
    assert SignOfLife.objects.count() == 1  # whoever is long gone is forgotten


def test_what_waits_too_long_is_told_but_not_of_the_suspended(tenant: Any) -> None:
    with in_tenant(tenant):
        publish(Topic.USER_CHANGED, tenant.pk)
    assert line("Changes to hand on").state == "active"
    with in_tenant(tenant):
        Entry.objects.update(created_at=timezone.now() - dt.timedelta(minutes=10))
    late = line("Changes to hand on")
    assert late.state == "failing"
    assert late.text.startswith("1 wait, the oldest since 10")
    tenant.active = False
    tenant.save()
    assert line("Changes to hand on").text == "Nothing waits."


def test_a_broker_that_is_away_is_told(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    def away(*_: Any, **__: Any) -> Any:
        raise ConnectionRefusedError

    monkeypatch.setattr(module.current_app, "connection_for_write", away)
    assert line("Queue").state == "failing"
    assert "Nothing is lost" in line("Queue").text


def test_a_full_disk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(module.shutil, "disk_usage", lambda _: usage(100 * 2**30, 95 * 2**30, 5 * 2**30))
    assert (line("Disk of the data directory").state, line("Disk of the data directory").text) == (
        "failing",
        "5.0 of 100.0 GiB are free.",
    )


def test_the_page_names_no_organisation(olivia: Any, alice: Any) -> None:
    page = olivia.get("/health/").content.decode()
    assert "Acme" not in page
    assert "need" in page  # no worker yet: it says so
