"""
The demo tenant as a stranger finds it, asked over HTTP only: in one process on the embedded defaults, as bin/demo serves it, or, under
bin/test --services, as the Procfile has it, with web, worker and beat in processes of their own over PostgreSQL and Redis.
"""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import requests

from tests import services
from tests.journeys.browser import Browser
from tests.processes import ROOT, Process, embedded_environment, ending_with_us, free_port

PASSWORD = "a password for the demo"
TIMES = {"SETTLE_SECONDS": "2"}
PATIENCE = 180.0  # seconds until it serves


def on_services() -> bool:
    """Whether bin/test --services has started this."""
    return "TEST_REDIS_URL" in os.environ


@dataclass
class Demo:
    """`processes` by their names in the Procfile; none where all of it is one process."""

    facts: dict[str, Any]
    data: Path
    processes: dict[str, Process] = field(default_factory=dict)
    redis_url: str = ""

    @property
    def base(self) -> str:
        return f"{self.facts['base_url']}/t/{self.facts['tenant']}"

    def browser(self, who: str = "") -> Browser:
        browser = Browser(self.base)
        if who:
            page = browser.sign_in(self.facts[who])
            assert page.status == 200, page.text
        return browser


@contextmanager
def serving(folder: Path) -> Iterator[Demo]:
    """`folder` takes its data and its logs."""
    with _as_the_procfile_has_it(folder) if on_services() else _embedded(folder) as demo:
        yield demo


# --- one process


@contextmanager
def _embedded(folder: Path) -> Iterator[Demo]:
    data = folder / "data"
    data.mkdir()
    process, facts = start(data, free_port())
    try:
        yield Demo(facts, data)
    finally:
        status = stop(process)
    assert status == 0, "Ctrl-C must end the demo with status 0"


def start(data: Path, port: int) -> tuple[subprocess.Popen[bytes], dict[str, Any]]:
    """`bin/demo` on its embedded defaults. Returns when DIR/demo.json is there, which is when scripts may begin."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATA_DIR", "DJANGO_SETTINGS_MODULE"}
    }
    environment |= TIMES | {"DEMO_PASSWORD": PASSWORD, "PYTHONPATH": str(ROOT)}
    log = data.parent / f"{data.name}.log"
    arguments = ["--port", str(port), "--data", str(data)]
    with log.open("ab") as file:
        process = subprocess.Popen(
            ending_with_us([sys.executable, "-m", "portal.demo", *arguments], signal.SIGINT),
            cwd=ROOT,
            env=environment,
            stdout=file,
            stderr=file,
        )
    note = data / "demo.json"
    end = time.monotonic() + PATIENCE
    while not note.exists():
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            process.wait()
            raise AssertionError(f"The demo did not start:\n{log.read_text()}")
        time.sleep(0.1)
    return process, json.loads(note.read_text())


def stop(process: subprocess.Popen[bytes]) -> int:
    process.send_signal(signal.SIGINT)
    return process.wait(timeout=20)


# --- web, worker and beat


@contextmanager
def _as_the_procfile_has_it(folder: Path) -> Iterator[Demo]:
    """With a database and a Redis of its own: what other tests ring for is not for this worker."""
    data, port = folder / "data", free_port()
    data.mkdir(mode=0o700)
    with ExitStack() as stack:
        redis_url = stack.enter_context(services.redis_server(folder))
        environment = embedded_environment(
            **TIMES,
            DATABASE_URL=stack.enter_context(_own_database()),
            REDIS_URL=redis_url,
            DATA_DIR=str(data),
            PORT=str(port),
            PUBLIC_URL=f"http://127.0.0.1:{port}",
            OUTBOUND_ALLOW="127.0.0.1,localhost",
            DEMO_PASSWORD=PASSWORD,
            PATH=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            PYTHONPATH=str(ROOT),
        )
        lines = procfile()
        _ends_well(lines.pop("release"), folder / "release.log", environment)
        processes = {}
        for name, line in lines.items():
            processes[name] = Process(
                _shell(line), folder / f"{name}.log", env=environment, farewell=signal.SIGQUIT
            )
            stack.callback(processes[name].stop)
        _wait_until_ready(f"http://127.0.0.1:{port}/readyz", processes["web"])
        _ends_well(f"{sys.executable} -m tests.seeding", folder / "seeding.log", environment)
        yield Demo(json.loads((data / "demo.json").read_text()), data, processes, redis_url)


def procfile() -> dict[str, str]:
    """Its lines by name; on the loopback interface instead of on all of them."""
    lines = (ROOT / "Procfile").read_text().replace("0.0.0.0", "127.0.0.1").splitlines()
    return {name: command.strip() for name, _, command in (line.partition(":") for line in lines)}


def _shell(line: str) -> list[str]:
    """The shell reads the variables and makes way: the process id is the program's."""
    return ["bash", "-c", f"exec {line}"]


def _ends_well(line: str, log: Path, environment: dict[str, str]) -> None:
    process = Process(_shell(line), log, env=environment)
    try:
        assert process.popen.wait(timeout=PATIENCE) == 0, log.read_text()
    finally:
        process.stop()


def _wait_until_ready(address: str, web: Process) -> None:
    end = time.monotonic() + PATIENCE
    while not _answers(address):
        assert web.popen.poll() is None, web.log.read_text()
        assert time.monotonic() < end, web.log.read_text()
        time.sleep(0.1)


def _answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=5).ok
    except requests.RequestException:  # not there yet, or still reading its code
        return False


@contextmanager
def _own_database() -> Iterator[str]:
    """On the suite's PostgreSQL, as the portal's own role."""
    suite = os.environ["DATABASE_URL"]
    name = f"installation_{secrets.token_hex(6)}"
    with psycopg.connect(suite, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield f"{suite.rpartition('/')[0]}/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
