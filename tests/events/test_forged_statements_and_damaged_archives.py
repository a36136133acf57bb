"""What somebody put into the database or into a file is not taken at its word: no row goes for it, and no reader of it ends with a traceback."""

import gzip
import json

import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.events import checkpoints
from apps.events.archiving import actions, work
from apps.events.models import EventCheckpoint
from tests.events.archives import archive, archived_files, sequences, write_log

pytestmark = pytest.mark.django_db


@pytest.fixture
def log(inside, system):
    return write_log(system)


def forged(tenant, signed_by=None):
    """A statement that all there is lies in a file, as whoever has the database can insert one."""
    last = EventCheckpoint.objects.order_by("-number").first()
    about = {"first": 1, "from": last.made_at.isoformat(), "to": last.made_at.isoformat(), "sha256": "0" * 64}
    row = EventCheckpoint(number=last.number + 1, sequence=last.sequence, digest=last.digest, count=last.sequence, made_at=timezone.now(),
                          previous=checkpoints.digest_of_statement(checkpoints.as_document(last)), archive=about, key=last.key)  # fmt: skip
    row.take_tenant()
    row.key, row.signature = signed_by(row) if signed_by else (last.key, last.signature)
    row.save(force_insert=True)


def with_a_key_of_their_own(row):
    private = Ed25519PrivateKey.generate()
    row.key = private.public_key().public_bytes_raw().hex()
    return row.key, private.sign(checkpoints._message(checkpoints.statement(row))).hex()


@pytest.mark.parametrize("signed_by", [None, with_a_key_of_their_own])
def test_rows_do_not_go_because_a_forged_statement_says_so(log, inside, signed_by):
    forged(inside, signed_by)
    with pytest.raises(work.ArchiveUnsound, match=r"not what was signed|not known here"):
        archive()
    assert len(sequences()) == 20


def test_a_statement_of_before_a_rotation_still_lets_rows_go(log, inside, settings, monkeypatch):
    """The control: its key is gone, and a later checkpoint vouches for it."""
    actions.set_retention(12, actor=log)
    with monkeypatch.context() as patched:
        patched.setattr(work, "remove_archived", lambda: None)
        work.archive_one()
    assert sequences()[0] == 1  # the statement is there, and every row still
    new = Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [new, settings.ENCRYPTION_KEYS[0]]
    checkpoints.make_checkpoint()
    settings.ENCRYPTION_KEYS = [new]
    archive()
    assert sequences()[0] == 6


def nested(depth):
    return b'{"sequence": 1, "digest": "", "event": {"details": ' + b"[" * depth + b"]" * depth + b"}}\n"


@pytest.mark.parametrize("line", [0, 1, 6])
def test_a_file_with_something_nested_too_deeply_is_told(log, inside, line, capsys):
    actions.set_retention(12, actor=log)
    archive()
    [file] = archived_files(inside)
    lines = gzip.decompress(file.read_bytes()).splitlines(keepends=True)
    file.write_bytes(gzip.compress(b"".join([*lines[:line], nested(200_000), *lines[line:]])))
    with pytest.raises(CommandError, match="1 of 1"):
        call_command("verifyevents", "--archive", str(file))
    assert "not a whole archive" in capsys.readouterr().err


def test_a_log_with_something_nested_too_deeply_is_read_for_its_checkpoints(log, tmp_path):
    [first, *_] = EventCheckpoint.objects.order_by("number")
    file = tmp_path / "log"
    file.write_bytes(nested(200_000) + json.dumps(checkpoints.as_document(first)).encode() + b"\n")
    assert [each["id"] for each in checkpoints.read_documents(file)] == [str(first.pk)]
