"""A storm is a process of its own with servers of its own: it crashes the database and empties Redis."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.processes import ROOT, Process

NEEDS_SERVICES = pytest.mark.skipif(
    "TEST_REDIS_URL" not in os.environ,
    reason="a storm needs PostgreSQL and Redis: bin/test --services tests/chaos, or bin/chaos",
)


def report_of(options: list[str], folder: Path) -> dict[str, Any]:
    """What `bin/chaos` with these options found; its log is shown where a test fails."""
    report, log = folder / "report.json", folder / "log"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "tests.chaos", *options, "--report", str(report)]
    chaos = Process(command, log, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        chaos.popen.wait()
    finally:  # also when a time limit ends the test: it stops its servers before it goes
        chaos.popen.terminate()
        chaos.popen.wait(timeout=60)
        print(log.read_text())
    assert report.exists()
    found: dict[str, Any] = json.loads(report.read_text())
    return found
