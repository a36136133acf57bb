"""Retention by whole segments: the file, then the statement, then the rows; the log verifies at every moment between."""

import gzip
import json
from datetime import timedelta

import pytest
import time_machine
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.events import chain, checkpoints, verification
from apps.events.actions import record
from apps.events.archiving import actions, files, work
from apps.events.models import Event, EventCheckpoint, EventSeal
from apps.events.types import EventType
from apps.events.verification import verify
from apps.lib.durable_files import write_whole
from tests.events.archives import archive, archived_files, sequences, write_log
from tests.events.tampering import change, past_the_triggers

pytestmark = pytest.mark.django_db


@pytest.fixture
def log(inside, system):
    return write_log(system)


def test_without_a_choice_everything_is_kept(log, inside):
    archive()
    assert (len(sequences()), archived_files(inside)) == (20, [])


def test_what_is_older_goes_into_a_file_and_the_log_still_verifies(log, inside):
    actions.set_retention(12, actor=log)
    archive()
    assert sequences() == list(range(6, 21))
    [file] = archived_files(inside)
    assert files.verify_archive(file) == (5, [])
    result = verify()
    assert (result.archived, result.faults) == (5, [])
    told = Event.objects.get(type="event_archive")
    assert (told.details["events"], told.details["sha256"]) == (5, files.sha256_of(file))


def test_segments_follow_each_other_and_the_log_goes_on(log, inside):
    for months in (12, 6):
        actions.set_retention(months, actor=log)
        archive()
    assert [files.verify_archive(file) for file in archived_files(inside)] == [(5, []), (10, [])]
    chain.seal()
    checkpoints.make_checkpoint()
    assert verify().faults == []
    assert sequences()[0] == 16


def test_a_segment_ends_where_it_would_become_too_large(log, inside, monkeypatch):
    monkeypatch.setattr(work, "SEGMENT", 7)
    actions.set_retention(6, actor=log)
    archive()
    assert [file.name for file in archived_files(inside)] == [
        files.name_of(first, first + 4) for first in (1, 6, 11)
    ]


def test_a_log_of_which_everything_is_archived_goes_on(inside, log):
    actions.set_retention(3, actor=log)
    with time_machine.travel(timezone.now() + timedelta(days=400)):
        archive()
        chain.seal_all_of_them()
        checkpoints.make_checkpoint()
        archive()
        assert verify().faults == []
        record(EventType.USER_UPDATE, actor=log)
        chain.seal()
        assert verify().faults == []


def test_a_file_says_until_when_also_where_a_long_transaction_came_in_last(inside, system):
    """A replay begins behind it (apps/webhooks/replays.py): whatever it left out would be missed unseen."""
    long_ago = timezone.now() - timedelta(days=400)
    for late in (0, 20):
        with time_machine.travel(long_ago - timedelta(minutes=late), tick=False):
            record(EventType.USER_UPDATE, actor=system)
            chain.seal()
    with time_machine.travel(long_ago, tick=False):
        checkpoints.make_checkpoint()
    actions.set_retention(12, actor=system)
    archive()
    [archived] = EventCheckpoint.objects.exclude(archive={})
    times = [long_ago - timedelta(minutes=20), long_ago]
    assert [archived.archive[end] for end in ("from", "to")] == [each.isoformat() for each in times]


class Killed(BaseException):
    pass


def die(*_, **__):
    raise Killed


def while_writing(monkeypatch):
    monkeypatch.setattr("pathlib.Path.replace", die)


def before_the_statement(monkeypatch):
    monkeypatch.setattr(work, "state", die)


def in_the_statement(monkeypatch):
    monkeypatch.setattr(work, "record", die)


def before_any_row_is_removed(monkeypatch):
    monkeypatch.setattr(work, "removing", die)


def between_two_batches(monkeypatch):
    removing, times = work.removing, []

    def once(tenant_id):
        times.append(tenant_id)
        return removing(tenant_id) if len(times) == 1 else die()

    monkeypatch.setattr(work, "CHUNK", 2)
    monkeypatch.setattr(work, "removing", once)


@pytest.mark.parametrize(
    ("where", "left"),
    [
        (while_writing, 20),
        (before_the_statement, 20),
        (in_the_statement, 20),
        (before_any_row_is_removed, 20),
        (between_two_batches, 18),
    ],
)
def test_death_at_any_point_loses_nothing_and_the_next_run_goes_on(log, inside, monkeypatch, where, left):
    actions.set_retention(12, actor=log)
    with monkeypatch.context() as patched:
        where(patched)
        with pytest.raises(Killed):
            archive()
    assert len(sequences()) == left
    assert verify().faults == []
    archive()
    assert sequences() == list(range(6, 21))
    assert [files.verify_archive(file) for file in archived_files(inside)] == [(5, [])]
    assert verify().faults == []
    assert Event.objects.filter(type="event_archive").count() == 1
    assert [each.name for each in files.folder_of(inside.pk).iterdir()] == [files.name_of(1, 5)]


def test_what_is_archived_while_the_log_is_verified_is_not_missed(log, inside, monkeypatch):
    actions.set_retention(12, actor=log)
    of_copies = verification._of_copies

    def meanwhile(*told):
        archive()
        return of_copies(*told)

    monkeypatch.setattr(verification, "_of_copies", meanwhile)
    assert verify().faults == []
    assert verify().archived == 5


def test_a_log_that_was_changed_is_not_archived(log, inside):
    """Else the file would take over what somebody has changed, and the rows that show it would go."""
    with past_the_triggers():
        change(Event, EventSeal.objects.get(sequence=2).event_id, actor_name="Mallory")
    actions.set_retention(12, actor=log)
    with pytest.raises(work.ArchiveUnsound, match="2, event "):
        archive()
    assert len(sequences()) == 20


def test_rows_that_are_gone_without_a_statement_are_missed(log, inside):
    """The control: it is the statement that lets the chain begin later."""
    actions.set_retention(12, actor=log)
    archive()
    with past_the_triggers():
        EventCheckpoint.unscoped.exclude(archive={}).delete()
    assert verify().faults[0].sequence in {0, 1}


def rewritten(file, edit):
    lines = [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]
    edit(lines)
    file.write_bytes(gzip.compress(b"".join(json.dumps(line).encode() + b"\n" for line in lines)))


def without_the_first(lines):
    del lines[1]
    lines[0]["first"] += 1


@pytest.mark.parametrize(
    "edit",
    [
        lambda lines: lines[2]["event"].update(actor_name="Mallory"),
        lambda lines: lines[2]["event"].update(created_at="2020-01-01T00:00:00+00:00"),
        lambda lines: lines.pop(2),
        lambda lines: lines.insert(2, lines[3]),
        lambda lines: lines.pop(),
        lambda lines: lines.append(lines[-1]),
        lambda lines: lines[-1].update(sequence=4),
        lambda lines: lines[0].update(tenant="x"),
        without_the_first,
        lambda lines: lines.clear(),
    ],
)
def test_a_file_that_was_changed_is_told(log, inside, edit):
    actions.set_retention(12, actor=log)
    archive()
    [file] = archived_files(inside)
    rewritten(file, edit)
    assert files.verify_archive(file)[1]


def test_a_file_that_is_packed_anew_is_still_right(log, inside):
    """The control: only its contents count."""
    actions.set_retention(12, actor=log)
    archive()
    [file] = archived_files(inside)
    rewritten(file, lambda lines: None)
    assert files.verify_archive(file) == (5, [])


def test_the_command_verifies_files_and_names_the_first_bad_line(log, inside, capsys):
    actions.set_retention(12, actor=log)
    archive()
    [file] = archived_files(inside)
    call_command("verifyevents", "--archive", str(file))
    assert "5 events, intact" in capsys.readouterr().out
    rewritten(file, lambda lines: lines[3]["event"].update(actor_name="Mallory"))
    with pytest.raises(CommandError, match="1 of 1"):
        call_command("verifyevents", "--archive", str(file))
    assert capsys.readouterr().err.strip().startswith("3, event ")


def test_a_file_cut_short_is_told(log, inside):
    actions.set_retention(12, actor=log)
    archive()
    [file] = archived_files(inside)
    file.write_bytes(file.read_bytes()[:-20])
    assert files.verify_archive(file)[1]


@pytest.mark.parametrize("months", [0, 1, -3, 5])
def test_only_the_months_on_offer_are_taken(inside, system, months):
    with pytest.raises(ValueError, match="months"):
        actions.set_retention(months, actor=system)


def test_the_choice_is_an_event_and_can_be_taken_back(inside, system):
    for months in (12, 12, 6, None):
        actions.set_retention(months, actor=system)
    changes = Event.objects.filter(type="event_retention_update").order_by("created_at")
    assert [(event.changes[0]["from"], event.changes[0]["to"]) for event in changes] == [
        (None, 12),
        (12, 6),
        (6, None),
    ]
    assert actions.months_kept() is None


def test_a_file_with_a_flipped_bit_is_told(log, inside):
    actions.set_retention(12, actor=log)
    archive()
    [file] = archived_files(inside)
    whole = file.read_bytes()
    for place in range(10, len(whole)):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        assert files.verify_archive(file)[1]


def test_who_comes_too_late_does_not_replace_the_file(log, inside, monkeypatch):
    """Another worker has the same segment, and removes its rows between two statements of this one."""
    actions.set_retention(12, actor=log)
    write = files.write_archive

    def late(*args, **kwargs):
        monkeypatch.setattr(files, "write_archive", write)
        archive()
        return write(*args, **kwargs)

    monkeypatch.setattr(files, "write_archive", late)
    archive()
    [file] = archived_files(inside)
    assert files.verify_archive(file) == (5, [])
    assert Event.objects.filter(type="event_archive").count() == 1


def test_what_is_older_than_a_rotation_of_keys_is_archived(log, inside, settings):
    """The key of before may go once a checkpoint of the new one vouches for what it signed (docs/security.md)."""
    old = settings.ENCRYPTION_KEYS[0]
    new = Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [new, old]
    checkpoints.make_checkpoint()
    settings.ENCRYPTION_KEYS = [new]
    assert verify().faults == []
    actions.set_retention(12, actor=log)
    archive()
    assert sequences() == list(range(6, 21))


def test_a_checkpoint_that_nobody_vouches_for_ends_no_archive(log, inside, settings):
    """The control: an unknown key is not believed because it stands in the database."""
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    actions.set_retention(12, actor=log)
    with pytest.raises(work.ArchiveUnsound, match="not known here"):
        archive()
    assert len(sequences()) == 20


def test_two_machines_that_share_a_folder_do_not_write_into_one_file(tmp_path):
    """In containers their workers have the same process ids."""
    path = tmp_path / "archive"

    def write(file):
        file.write(b"slow")
        file.flush()
        write_whole(path, lambda other: other.write(b"whole"))
        file.write(b"er")

    def refuse(_file):
        raise work.ArchiveUnsound

    with pytest.raises(work.ArchiveUnsound):
        write_whole(path, write, judge=refuse)
    assert path.read_bytes() == b"whole"
    assert [each.name for each in tmp_path.iterdir()] == ["archive"]
