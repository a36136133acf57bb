"""A copy of bin/ in a folder with a space in its name, and a PATH with nothing on it but a python that installs nothing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = [
    "bash",
    "cat",
    "cp",
    "dirname",
    "env",
    "grep",
    "mkdir",
    "mktemp",
    "mv",
    "perl",
    "readlink",
    "rm",
    "sha256sum",
    "shasum",
    "sleep",
]

# Does what bin/ asks of a python; $WORLD is where tests say what goes wrong and read what was asked.
PYTHON = f"""#!/usr/bin/env bash
printf '%s\\n' "$*" >>"$WORLD/asked"
name=${{0##*/}}
case $* in
  -V) cat "$WORLD/version" ;;
  "-c import sys; print(sys.executable)"*) [[ ! -e $WORLD/$name-is-old ]] && printf '%s' "$0" ;;
  "-c import ensurepip"*) [[ ! -e $WORLD/$name-has-no-ensurepip ]] ;;
  "-c import fcntl"*) exec '{sys.executable}' "$@" ;;
  "-m venv "*) [[ ! -e $WORLD/venv-fails ]] && mkdir -p "$3/bin" && cp "$0" "$3/bin/python" && cp "$0" "$3/bin/pip" ;;
  "-m pip "*) sleep "$(cat "$WORLD/seconds")" && [[ ! -e $WORLD/pip-fails ]] ;;
  "-m uv "*) for output; do :; done; cat "$WORLD/address" >>"$output" ;;
  *)
    if grep -qxF -- "$*" "$WORLD/fails"; then exit 1; fi
    printf 'ran: %s\\nDATA_DIR=%s\\nPYTHONPATH=%s\\nPUBLIC_URL=%s\\n' "$*" "${{DATA_DIR-}}" "$PYTHONPATH" "${{PUBLIC_URL-}}"
    ;;
esac
"""
UV = """#!/usr/bin/env bash
printf 'uv %s\\n' "$*" >>"$WORLD/asked"
case $* in
  "venv "*) for last; do :; done; mkdir -p "$last/bin"; cp "$WORLD/python" "$last/bin/python" ;;
  "python install"*) exit 1 ;;
esac
"""


def write_program(place: Path, source: str) -> None:
    place.write_text(source)
    place.chmod(0o755)


class Copy:
    """The project's commands as somebody has them who just cloned it."""

    def __init__(self, folder: Path) -> None:
        self.root, self.world, self.path = folder / "gate house", folder / "world", folder / "path"
        for made in (self.root / "requirements", self.world, self.path):
            made.mkdir(parents=True)
        shutil.copytree(ROOT / "bin", self.root / "bin")
        for name in ("base", "dev"):
            (self.root / f"requirements/{name}.txt").write_text(f"{name}==1 --hash=sha256:00\n")
        for program in PROGRAMS:
            if found := shutil.which(program):
                (self.path / program).symlink_to(found)
        self.say("version", "Python 3.11.9")
        self.say("seconds", "0")
        self.say("address")
        self.say("fails")

    def say(self, name: str, content: str = "") -> None:
        (self.world / name).write_text(content)

    def unsay(self, name: str) -> None:
        (self.world / name).unlink()

    def add_python(self, name: str) -> None:
        write_program(self.path / name, PYTHON)

    def add_uv(self) -> None:
        write_program(self.path / "uv", UV)
        write_program(self.world / "python", PYTHON)

    def environment(self) -> dict[str, str]:
        return {
            "PATH": str(self.path),
            "WORLD": str(self.world),
            "HOME": str(self.world),
            "LC_ALL": "C.UTF-8",
        }

    def start(self, *command: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self.root / command[0], *command[1:]],
            cwd=self.world, env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*command)
        out, err = process.communicate(timeout=30)
        return subprocess.CompletedProcess(command, process.returncode, out, err)

    def asked(self, beginning: str) -> list[str]:
        """What python and uv were asked, from the beginning or the last forget()."""
        file = self.world / "asked"
        lines = file.read_text().splitlines() if file.exists() else []
        return [line for line in lines if line.startswith(beginning)]

    def forget(self) -> None:
        (self.world / "asked").unlink(missing_ok=True)


@pytest.fixture
def bare(tmp_path: Path) -> Copy:
    """No python at all."""
    assert os.name == "posix"
    return Copy(tmp_path)


@pytest.fixture
def clone(bare: Copy) -> Copy:
    bare.add_python("python3")
    return bare
