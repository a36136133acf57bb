"""A test run that is killed leaves no servers behind: the kernel ends them with it."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
import redis

from tests.processes import ROOT

pytestmark = pytest.mark.skipif(
    shutil.which("setpriv") is None, reason="needs setpriv: apt-get install util-linux"
)
PROCESS = """
import sys, time
from pathlib import Path
from tests.processes import Process
pid = Process(["sleep", "300"], Path(sys.argv[1]) / "log").pid
while Path(f"/proc/{pid}/comm").read_text().strip() != "sleep":  # it has become what it was started as
    time.sleep(0.01)
print(pid, flush=True)
time.sleep(300)
"""
SERVERS = """
import sys, time
from pathlib import Path
from tests import services
folders = [Path(each) for each in sys.argv[1:]]
with services.postgresql(folders[0]) as database, services.redis_server(folders[1]) as doorbell:
    print(database, doorbell, flush=True)
    time.sleep(300)
"""


def killed(program: str, *folders: Path | str, **environment: str) -> str:
    """What it said before the kill -9."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, *map(str, folders)],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    said = process.stdout.readline().strip()
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=30)
    process.stdout.close()
    return said


def is_alive(pid: int) -> bool:
    """A process that nobody has asked about yet is dead, too."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] not in "ZX"


def ends(pid: int, seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not is_alive(pid)


def test_a_process_ends_with_whoever_started_it(tmp_path: Path) -> None:
    assert ends(int(killed(PROCESS, tmp_path)))


def test_without_that_it_would_go_on(tmp_path: Path) -> None:
    """Negative control: without setpriv on the path."""
    for name in ("sleep", "python"):
        (tmp_path / name).symlink_to(shutil.which(name) or sys.executable)
    pid = int(killed(PROCESS, tmp_path, PATH=str(tmp_path)))
    try:
        assert not ends(pid, 2)
    finally:
        os.kill(pid, signal.SIGKILL)


@pytest.mark.skipif(
    "TEST_REDIS_URL" not in os.environ, reason="needs PostgreSQL and Redis: bin/test --services"
)
def test_the_servers_of_the_tests_do() -> None:
    with (
        TemporaryDirectory() as one,
        TemporaryDirectory() as other,
    ):  # where PostgreSQL gets to as somebody else
        database, doorbell = killed(SERVERS, one, other).split()
        deadline = time.monotonic() + 30
        while _serves(database, doorbell) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert _serves(database, doorbell) == []


def _serves(database: str, doorbell: str) -> list[str]:
    up = []
    try:
        psycopg.connect(database).close()
        up.append("PostgreSQL")
    except psycopg.OperationalError:
        assert "postgres" in database
    try:
        redis.Redis.from_url(doorbell).ping()
        up.append("Redis")
    except redis.ConnectionError:
        assert "redis" in doorbell
    return up
