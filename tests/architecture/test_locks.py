"""Both locks name packages by version and hash, and never a place to fetch them from."""

import re
from pathlib import Path

import pytest

from tests.architecture.source import text

LOCKS = {name: Path(f"requirements/{name}.txt") for name in ("base", "dev")}
PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[\w,-]+\])?==(\S+)")


def requirements(lock: str) -> list[str]:
    """Each requirement on one line, comments left out."""
    lines = [line for line in lock.splitlines() if line.strip() and not line.strip().startswith("#")]
    return [one.strip() for one in "\n".join(lines).replace("\\\n", " ").splitlines()]


def unsealed(lock: str) -> list[str]:
    """Requirements without an exact version or a hash, and anything that is an option or an address."""
    return [
        one
        for one in requirements(lock)
        if not PIN.match(one) or " --hash=sha256:" not in one or "://" in one
    ]


def pins(lock: str) -> set[tuple[str, str]]:
    """Name and version with its marker: a package may be locked twice, for different Pythons."""
    return {(one.split("==")[0], one.split("==")[1].split("--hash")[0].strip()) for one in requirements(lock)}


GOOD = "one==1.0 ; python_full_version < '3.12' \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\n    # via two\n"


def test_a_requirement_without_hash_or_with_an_address_is_found() -> None:
    assert not unsealed(GOOD)
    assert unsealed(GOOD + "two==2.0\n    # via three\n") == ["two==2.0"]
    assert unsealed("two>=2.0 \\\n    --hash=sha256:00\n")
    assert unsealed("--index-url https://packages.example/simple\n" + GOOD)
    assert unsealed("two @ https://packages.example/two.whl \\\n    --hash=sha256:00\n")


@pytest.mark.parametrize("name", LOCKS)
def test_every_line_is_sealed(name: str) -> None:
    assert requirements(text(LOCKS[name]))
    assert unsealed(text(LOCKS[name])) == []


def test_the_development_lock_is_the_base_lock_and_more() -> None:
    """bin/_environment installs one of them and marks both."""
    assert pins(GOOD) == {("one", "1.0 ; python_full_version < '3.12'")}
    assert pins(text(LOCKS["base"])) < pins(text(LOCKS["dev"]))
