"""Programs that nobody here wrote: what they need, how they are started, and what becomes of a test where they cannot be."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

from tests.conformance import node_modules
from tests.processes import ROOT, embedded_environment, ending_with_us


@dataclass(frozen=True, kw_only=True)
class Program:
    """`command` says on the first line of its standard output that it serves; `programs` have to be installed."""

    name: str
    command: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()

    def missing(self) -> str:
        """Why it cannot run here; "" when it can."""
        absent = [program for program in self.programs if shutil.which(program) is None]
        packages = " ".join("nodejs" if program == "node" else program for program in absent)
        needs = f"{self.name} needs {' and '.join(absent)} (on Debian and Ubuntu: apt-get install {packages})"
        return needs if absent else ""

    def unavailable(self) -> str:
        """The same, with the packages of Node installed where it needs them."""
        return self.missing() or (node_modules.problem() if "npm" in self.programs else "")


def do_without(reason: str) -> NoReturn:
    """A developer's machine may lack a program; CI may not."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def running(name: str, command: tuple[str, ...], log: Path, **environment: str) -> Iterator[str]:
    """Yields the first line of its standard output, which it writes once it serves; everything else goes to `log`."""
    surroundings = embedded_environment(PYTHONPATH=str(ROOT), **environment)
    with log.open("wb") as errors:
        process = subprocess.Popen(
            ending_with_us(command),
            cwd=ROOT,
            env=surroundings,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    assert process.stdout
    try:
        said = process.stdout.readline().strip()
        assert said, f"{name} did not start: {log.read_text()}"
        yield said
    finally:
        process.terminate()
        process.wait(timeout=20)
        process.stdout.close()
