"""PostgreSQL, Redis, workers, beat and targets as processes of our own: started, killed by process id and started again."""

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from tests import services
from tests.processes import ROOT, Process, free_port

# A killed server loses nothing by these (the kernel has its writes), but commits must have been handed over: services.QUICK does not wait.
SURVIVES_A_CRASH = ["-c", "fsync=off", "-c", "synchronous_commit=on", "-c", "full_page_writes=on"]


class Postgres:
    def __init__(self, folder: Path) -> None:
        self.folder, self.password, self.port = folder, secrets.token_hex(16), free_port()
        user = services.unprivileged()
        services.make_cluster(folder, user, self.password)
        command = [*services.postgres_command(self.port), *SURVIVES_A_CRASH]
        self.process = Process(command, folder / "log", cwd=folder, user=user, farewell=signal.SIGQUIT)
        self.wait()
        services.add_portal_database(self.url("root", "postgres"), self.password)

    def url(self, role: str, database: str) -> str:
        return f"postgres://{role}:{self.password}@127.0.0.1:{self.port}/{database}"

    def wait(self) -> None:
        services.wait_for(
            lambda: psycopg.connect(self.url("root", "postgres")).close(),
            psycopg.OperationalError,
            self.folder,
        )

    def crash(self) -> None:
        """What `pg_ctl stop -m immediate` does: no checkpoint, no farewell; the log is replayed at the next start."""
        self.process.popen.send_signal(signal.SIGQUIT)
        self.process.popen.wait(timeout=30)
        self.process.start()
        self.wait()

    def stop(self) -> None:
        self.process.popen.send_signal(signal.SIGINT)
        self.process.popen.wait(timeout=30)


class Targets:
    """The process of tests/chaos/target.py: one command a line."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "tests.chaos.target"]
        pipe = subprocess.PIPE
        self.folder = folder
        self._lock = threading.Lock()
        self.process = Process(command, folder / "targets.log", stdin=pipe, stdout=pipe, env=_environment())

    def ask(self, **command: Any) -> Any:
        standing = self.process.popen
        assert standing.stdin is not None
        assert standing.stdout is not None
        with self._lock:
            standing.stdin.write(json.dumps(command).encode() + b"\n")
            standing.stdin.flush()
            return json.loads(standing.stdout.readline())

    def start(self, name: str, **options: Any) -> dict[str, str]:
        return self.ask(start=name, options=options)  # type: ignore[no-any-return]

    def set(self, name: str, **values: Any) -> None:
        self.ask(set=name, values=values)

    def dump(self, *names: str) -> dict[str, Any]:
        """Of all where none is named."""
        path = self.folder / f"dump-{secrets.token_hex(4)}.json"
        self.ask(dump=str(path), of=names)
        try:
            return json.loads(path.read_text())  # type: ignore[no-any-return]
        finally:
            path.unlink()


@dataclass
class Stage:
    """What a scenario stands on. `times` are environment variables of the workers (tests/chaos/worker.py)."""

    folder: Path
    postgres: Postgres
    redis_url: str
    targets: Targets
    times: dict[str, str]
    stack: ExitStack
    workers: list[Process] = field(default_factory=list)
    beat: Process = field(init=False)

    def environment(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self.postgres.url("gatehouse", "gatehouse"),
            "REDIS_URL": self.redis_url,
            "DATA_DIR": str(self.folder / "data"),
            "OUTBOUND_ALLOW": "127.0.0.1",
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "NIGHT_BEGINS": str((datetime.now(UTC).hour + 12) % 24),  # the nightly comparison lends no hand
        }

    def add_worker(self, *, concurrency: int = 2, queue: str = "celery") -> Process:
        options = [
            f"--concurrency={concurrency}",
            f"--queues={queue}",
            f"--hostname={queue}{len(self.workers)}@%h",
        ]
        worker = self._celery("worker", *options)
        self.workers.append(worker)
        return worker

    def add_beat(self) -> None:
        self.beat = self._celery("beat", "--schedule", str(self.folder / "beat"), "--pidfile=")

    def send_everybody_home(self) -> None:
        for process in (*self.workers, self.beat):
            process.end()
        self.workers.clear()

    def _celery(self, what: str, *options: str) -> Process:
        command = [sys.executable, "-m", "celery", "-A", "tests.chaos.worker", what, "--loglevel=warning"]
        environment = _environment() | self.environment() | self.times
        log = self.folder / f"{what}.log"
        process = Process([*command, *options], log, env=environment, farewell=signal.SIGQUIT)
        self.stack.callback(process.end)
        return process


def _environment() -> dict[str, str]:
    ours = ("DATABASE_URL", "REDIS_URL", "TEST_REDIS_URL", "DJANGO_SETTINGS_MODULE", "SETTLE_SECONDS")
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return kept | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


@contextmanager
def stage(times: dict[str, str]) -> Iterator[Stage]:
    """Servers, and Django set up on them in this process; everything is stopped and gone at the end."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are stopped
    with ExitStack() as stack:
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-"))) for _ in range(3)]
        postgres = Postgres(folders[0])
        stack.callback(postgres.stop)
        redis_url = stack.enter_context(services.redis_server(folders[1]))
        targets = Targets(folders[2])
        stack.callback(targets.process.end)
        standing = Stage(folders[2], postgres, redis_url, targets, times, stack)
        _set_up_django(standing)
        yield standing


def _set_up_django(standing: Stage) -> None:
    os.environ.update(standing.environment() | standing.times)
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
