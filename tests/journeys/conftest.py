"""The product as a stranger starts it: one process on a free port with its own data, asked over HTTP only."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.browser import Browser

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "a password for the demo"


@dataclass
class Demo:
    facts: dict[str, Any]
    data: Path

    @property
    def base(self) -> str:
        return f"{self.facts['base_url']}/t/{self.facts['tenant']}"

    def browser(self, who: str = "") -> Browser:
        browser = Browser(self.base)
        if who:
            page = browser.sign_in(self.facts[who])
            assert page.status == 200, page.text
        return browser


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(data: Path, port: int) -> tuple[subprocess.Popen[bytes], dict[str, Any]]:
    """Returns when DIR/demo.json is there, which is when scripts may begin."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATA_DIR", "DJANGO_SETTINGS_MODULE"}
    }
    environment |= {"DEMO_PASSWORD": PASSWORD, "PYTHONPATH": str(ROOT), "SETTLE_SECONDS": "2"}
    log = data.parent / f"{data.name}.log"
    arguments = ["--port", str(port), "--data", str(data)]
    with log.open("ab") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "portal.demo", *arguments],
            cwd=ROOT,
            env=environment,
            stdout=file,
            stderr=file,
        )
    note = data / "demo.json"
    end = time.monotonic() + 90
    while not note.exists():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.1)
    return process, json.loads(note.read_text())


def stop(process: subprocess.Popen[bytes]) -> int:
    process.send_signal(signal.SIGINT)
    return process.wait(timeout=20)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    data = tmp_path_factory.mktemp("demo") / "data"
    data.mkdir()
    process, facts = start(data, free_port())
    yield Demo(facts, data)
    assert stop(process) == 0, "Ctrl-C must end the demo with status 0"
