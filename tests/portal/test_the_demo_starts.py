"""bin/demo where something is in the way, and where an earlier start was cut short."""

import fcntl
import os
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from portal.demo import __main__ as demo
from tests.installation import start, stop
from tests.processes import ROOT, Process, embedded_environment, free_port


def attempt(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "portal.demo", *arguments],
        cwd=ROOT,
        env=embedded_environment(PYTHONPATH=str(ROOT), **environment),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("port", ["80000", "0", "-1", "abc"])
def test_what_is_no_port_is_refused_in_a_sentence(port: str, tmp_path: Path) -> None:
    for refused in (attempt(f"--port={port}"), attempt("--data", str(tmp_path), PORT=port)):
        assert (refused.returncode, refused.stdout) == (2, "")
        assert f"{port} is no port: a number from 1 to 65535" in refused.stderr
        assert "Traceback" not in refused.stderr


def test_a_port_in_use_is_named_in_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        refused = attempt("--port", str(other.getsockname()[1]), "--data", str(tmp_path / "data"))
    assert refused.returncode == 1
    assert "is in use; try bin/demo --port" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("place", ["a file", "a file/below", "/proc"])
def test_data_that_cannot_be_written_is_refused_in_one_sentence(place: str, tmp_path: Path) -> None:
    (tmp_path / "a file").touch()
    if place == "/proc" and not Path(place).is_dir():
        pytest.skip("this system has no /proc")
    refused = attempt("--port", str(free_port()), "--data", str(tmp_path / place))
    assert refused.returncode == 1
    assert "cannot hold the demo's data" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_data_that_another_demo_serves_is_named_in_one_sentence(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused = attempt("--port", str(free_port()), "--data", str(tmp_path))
    assert refused.returncode == 1
    assert refused.stderr == f"Another demo serves the data in {tmp_path}; try bin/demo --data DIR.\n"


@pytest.mark.parametrize(("asked", "written"), [({}, "0"), ({"EVENT_CHECKPOINTS_TO_LOG": "1"}, "1")])
def test_its_console_shows_lines_for_programs_only_to_who_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: dict[str, str], written: str
) -> None:
    monkeypatch.setattr(os, "environ", asked)
    demo._environment(8000, tmp_path, debug=False)
    assert os.environ["EVENT_CHECKPOINTS_TO_LOG"] == written


@pytest.mark.timeout(600)  # two first starts
def test_a_first_start_that_was_killed_is_finished_by_the_next(tmp_path: Path) -> None:
    data, port = tmp_path / "data", free_port()
    data.mkdir(mode=0o755)
    first = Process(
        [sys.executable, "-m", "portal.demo", "--port", str(port), "--data", str(data)],
        tmp_path / "log",
        env=embedded_environment(PYTHONPATH=str(ROOT), PYTHONWARNINGS="default"),
    )
    try:
        while not _applications(data):
            assert first.popen.poll() is None, (tmp_path / "log").read_text()
            time.sleep(0.01)
    finally:
        first.end()
    assert _applications(data) < 6  # or it was not cut short, and this proves nothing

    process, _ = start(data, port)
    assert stop(process) == 0
    assert _applications(data) == 6
    assert _count(data, "provisioning_integration WHERE state = 'active'") == 4
    assert _count(data, "sandbox_sandboxaccount") == 3 + 2 + 4 + 10
    assert not (data / "first-start").exists()
    for path in data.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, f"{path.name} can be read by others"


def _applications(data: Path) -> int:
    return _count(data, "applications_application")


def _count(data: Path, table: str) -> int:
    database = data / "gatehouse.sqlite3"
    if not database.exists():
        return 0
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
    except sqlite3.OperationalError:  # not migrated yet
        return 0
    finally:
        connection.close()
