"""An organisation's folder of archives: one archiver at a time, and nothing half written stays for ever."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import structlog

from apps.events.archiving.files import folder_of

DAY_SECONDS = 86_400.0  # no segment takes that long to write
log = structlog.get_logger(__name__)


@contextmanager
def alone(tenant_id: UUID) -> Iterator[bool]:
    """False while another archiver of this organisation is at it. The kernel gives the lock back when that one ends, however it ends.

    Redis delivers a task again that runs for longer than a minute (CELERY_BROKER_TRANSPORT_OPTIONS). Where the file system knows no locks,
    or workers share no folder, there may be two, which costs work and harms nothing. Raises OSError for a folder that cannot be written to.
    """
    folder_of(tenant_id).mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(lock_of(tenant_id), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield _locked(descriptor)
    finally:
        os.close(descriptor)


def lock_of(tenant_id: UUID) -> Path:
    return folder_of(tenant_id) / ".lock"


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        log.warning("event_archives_not_locked", error=str(error))
    return True


def remove_unfinished(tenant_id: UUID) -> None:
    """What a worker was writing when it was killed (apps/lib/durable_files.py::write_whole), once nobody can be writing it any more."""
    before = time.time() - DAY_SECONDS
    for path in folder_of(tenant_id).glob(".*.jsonl.gz.*"):
        try:
            if path.stat().st_mtime < before:
                path.unlink()
        except FileNotFoundError:  # another worker was faster
            continue
