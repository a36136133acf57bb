"""A task that is delivered again while it runs begins no second archiver, a dead one hinders nobody, and what it left half written goes."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from apps.events import chain, checkpoints
from apps.events.actions import record
from apps.events.actors import Target
from apps.events.archiving import actions, files, housekeeping, tasks, work
from apps.events.models import EventSeal
from apps.events.types import EventType

pytestmark = pytest.mark.django_db

HOLDER = """
import fcntl, os, sys, time
fcntl.flock(os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600), fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def log(inside, system):
    """Five old events, and a folder."""
    with time_machine.travel(timezone.now() - timedelta(days=400)):
        for number in range(5):
            record(EventType.USER_UPDATE, actor=system, target=Target("user", str(number), "User"))
        chain.seal()
        checkpoints.make_checkpoint()
    actions.set_retention(12, actor=system)
    files.folder_of(inside.pk).mkdir(parents=True)
    return inside


def archive(tenant):
    tasks.archive_tenant(str(tenant.pk))


def old_ones():
    return EventSeal.objects.filter(sequence__lte=5).count()


def test_a_second_delivery_of_the_task_does_nothing_while_the_first_runs(log, monkeypatch):
    write, written = files.write_archive, []

    def meanwhile(*args, **kwargs):
        written.append(1)
        if len(written) == 1:
            archive(log)
        return write(*args, **kwargs)

    monkeypatch.setattr(files, "write_archive", meanwhile)
    archive(log)
    assert (len(written), old_ones()) == (1, 0)


def test_an_archiver_that_is_killed_hinders_nobody(log):
    command = [sys.executable, "-c", HOLDER, str(housekeeping.lock_of(log.pk))]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as other:
        try:
            assert other.stdout.readline() == b"held\n"
            archive(log)
            assert old_ones() == 5
        finally:
            other.kill()
    archive(log)
    assert old_ones() == 0


def test_where_no_file_can_be_locked_it_archives_all_the_same(log, monkeypatch):
    """Two at once are harmless: some network file systems know no locks."""

    def refuse(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("fcntl.flock", refuse)
    archive(log)
    assert old_ones() == 0


def test_what_a_killed_archiver_left_half_written_goes_after_a_day(log):
    folder = files.folder_of(log.pk)
    old, young = (folder / f".{files.name_of(1, 5)}.{name}" for name in ("aaaa", "bbbb"))
    foreign = folder / ".of-somebody-else"
    for path in (old, young, foreign):
        path.write_bytes(b"half")
    two_days_ago = (timezone.now() - timedelta(days=2)).timestamp()
    for path in (old, foreign):
        os.utime(path, (two_days_ago, two_days_ago))
    archive(log)
    assert (old.exists(), young.exists(), foreign.exists()) == (False, True, True)
    assert files.verify_archive(folder / files.name_of(1, 5)) == (5, [])


def test_another_organisations_archiver_is_no_hindrance(log, other_tenant):
    with housekeeping.alone(other_tenant.pk) as mine:
        assert mine
        archive(log)
    assert old_ones() == 0


def test_work_alone_is_what_the_task_does(log):
    """The control: without the lock two go side by side, and neither harms the other."""
    with housekeeping.alone(log.pk):
        while work.archive_one():
            continue
    assert old_ones() == 0
