"""Processes that tests start: the product's own, and programs that nobody here wrote."""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
OF_THE_SUITE = ("DATABASE_URL", "REDIS_URL", "TEST_REDIS_URL", "DJANGO_SETTINGS_MODULE")


def embedded_environment(**more: str) -> dict[str, str]:
    """For a process on the embedded defaults, also while the suite itself runs on PostgreSQL and Redis."""
    return {name: value for name, value in os.environ.items() if name not in OF_THE_SUITE} | more


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def ending_with_us(command: Sequence[str], farewell: signal.Signals = signal.SIGTERM) -> list[str]:
    """The same program and process id; the kernel sends it `farewell` when this process ends, even by kill -9.

    Where util-linux is not installed nobody does. Start it in the main thread: the kernel means the thread that did.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return list(command)
    return [setpriv, "--pdeathsig", farewell.name.removeprefix("SIG"), "--", *command]


class Process:
    """In a session of its own, so that a kill -9 takes the whole tree with it and nothing else; it ends with us, by `farewell`."""

    def __init__(
        self,
        command: list[str],
        log: Path,
        *,
        cwd: Path = ROOT,
        farewell: signal.Signals = signal.SIGTERM,
        **options: Any,
    ) -> None:
        self.command, self.log, self.cwd, self.options = command, log, cwd, options
        self.farewell = farewell
        self.start()

    @property
    def pid(self) -> int:
        return self.popen.pid

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.popen = subprocess.Popen(
                ending_with_us(self.command, self.farewell),
                cwd=self.cwd,
                stdout=self.options.get("stdout", log),
                stderr=log,
                start_new_session=True,
                **{name: value for name, value in self.options.items() if name != "stdout"},
            )

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        os.killpg(self.popen.pid, number)
        self.popen.wait(timeout=30)

    def kill_and_restart(self) -> None:
        self.kill()
        self.start()

    def stop(self) -> None:
        if self.popen.poll() is None:
            self.popen.terminate()
            try:
                self.popen.wait(timeout=15)
            except subprocess.TimeoutExpired:
                self.kill()

    def end(self) -> None:
        """Without a farewell, where nothing depends on one."""
        if self.popen.poll() is None:
            self.kill()
