"""Files that are there when this process, or the machine, dies a moment later."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4


def append_line(path: Path, line: bytes) -> None:
    """One write, so that two processes' lines do not mix. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, line + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_whole(
    path: Path, write: Callable[[BinaryIO], None], *, judge: Callable[[Path], None] | None = None
) -> None:
    """All of it under its name, or nothing: beside it first, then on the disk, then renamed. What was there is replaced. Raises OSError,
    and whatever `judge` raises, who sees the file before it has its name.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Not by the process's id: in containers that share a folder two may have the same.
    unfinished = path.with_name(f".{path.name}.{uuid4().hex}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        if judge is not None:
            judge(unfinished)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the name as well
    finally:
        os.close(folder)
