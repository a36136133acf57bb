"""A storm is a process of its own with servers of its own: it crashes the database and empties Redis."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.processes import ROOT

NEEDS_SERVICES = pytest.mark.skipif(
    "TEST_REDIS_URL" not in os.environ,
    reason="a storm needs PostgreSQL and Redis: bin/test --services tests/chaos, or bin/chaos",
)


def report_of(options: list[str], folder: Path) -> dict[str, Any]:
    """What `bin/chaos` with these options found; its log is shown where a test fails."""
    report = folder / "report.json"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "tests.chaos", *options, "--report", str(report)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    print(ended.stdout, ended.stderr)
    assert report.exists(), ended.stderr
    found: dict[str, Any] = json.loads(report.read_text())
    return found
