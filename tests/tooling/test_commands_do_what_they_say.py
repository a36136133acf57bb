import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.tooling.conftest import ROOT, Copy


def test_manage_refuses_data_without_a_directory(clone: Copy) -> None:
    result = clone.run("bin/manage", "--data")
    assert result.returncode != 0
    assert result.stderr == "--data needs a directory: bin/manage --data DIR COMMAND\n"


@pytest.mark.parametrize("spelling", [["--data", "my data"], ["--data=my data"]])
def test_manage_takes_a_directory_from_where_it_was_typed(clone: Copy, spelling: list[str]) -> None:
    out = clone.run("bin/manage", *spelling, "createtenant", "a b", "--data", "x").stdout
    assert f"ran: {clone.root}/manage.py createtenant a b --data x\n" in out
    assert f"DATA_DIR={clone.world}/my data\n" in out


def test_manage_leaves_an_absolute_directory_and_no_directory_alone(clone: Copy) -> None:
    assert "DATA_DIR=/srv/portal\n" in clone.run("bin/manage", "--data", "/srv/portal", "migrate").stdout
    assert "DATA_DIR=\n" in clone.run("bin/manage", "migrate").stdout


def test_manage_speaks_of_the_address_that_the_demo_serves(clone: Copy) -> None:
    data = clone.world / "data"
    data.mkdir()
    assert "PUBLIC_URL=\n" in clone.run("bin/manage", "--data", "data", "migrate").stdout
    (data / "demo.json").write_text(
        '{\n  "base_url": "http://127.0.0.1:8310",\n  "scim": {"base_url": "http://127.0.0.1:8310/t/acme/scim/v2/"}\n}'
    )
    assert "PUBLIC_URL=http://127.0.0.1:8310\n" in clone.run("bin/manage", "--data", "data", "migrate").stdout


def test_demo_and_dev_pass_everything_on_and_find_the_project_from_anywhere(clone: Copy) -> None:
    out = clone.run("bin/demo", "--port", "9000").stdout
    assert "ran: -m portal.demo --port 9000\n" in out
    assert f"PYTHONPATH={clone.root}\n" in out
    assert "ran: -m portal.demo --dev --port 9000\n" in clone.run("bin/dev", "--port", "9000").stdout


def test_a_command_may_be_called_through_a_link(clone: Copy) -> None:
    (clone.path / "gatehouse").symlink_to(clone.root / "bin/demo")
    process = subprocess.run(
        [clone.path / "gatehouse"],
        env=clone.environment(),
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"PYTHONPATH={clone.root}\n" in process.stdout


def test_test_hands_back_the_status_of_pytest(clone: Copy) -> None:
    assert clone.run("bin/test", "-k", "x").stdout.startswith("ran: -m pytest -n auto -k x\n")
    clone.say("fails", "-m pytest -n auto\n")
    assert clone.run("bin/test").returncode == 1


def test_test_with_services_starts_them_and_passes_the_rest_on(clone: Copy) -> None:
    assert clone.run("bin/test", "--services", "-k", "x").stdout.startswith("ran: -m tests.services -k x\n")
    clone.say("fails", "-m tests.services\n")
    assert clone.run("bin/test", "--services").returncode == 1


def test_check_runs_every_step_and_names_those_that_failed(clone: Copy) -> None:
    assert clone.run("bin/check").stdout.endswith("All checks passed.\n")
    clone.say("fails", "-m ruff check\n-m mypy\n")
    result = clone.run("bin/check")
    assert result.returncode != 0
    assert result.stderr.endswith("Failed: lint, types.\n")
    assert "ran: manage.py check --fail-level WARNING\n" in result.stdout


def test_lock_fails_when_an_address_slipped_in(clone: Copy) -> None:
    assert clone.run("bin/lock").returncode == 0
    clone.say("address", "--find-links /packages\n")
    result = clone.run("bin/lock")
    assert result.returncode != 0
    assert result.stderr.endswith(
        "A lock names an address (above): packages are found by name and hash alone.\n"
    )


@pytest.mark.parametrize(("check", "test", "status"), [(0, 0, 0), (1, 0, 1), (0, 1, 1), (2, 5, 1)])
def test_ci_runs_every_command_and_fails_when_one_does(
    tmp_path: Path, check: int, test: int, status: int
) -> None:
    (tmp_path / ".ci").mkdir()
    (tmp_path / "bin").mkdir()
    shutil.copy(ROOT / ".ci/run", tmp_path / ".ci/run")
    for name, code in (
        ("bin/check", check),
        ("bin/test", test),
        ("path/chromium", 0),
        ("path/shellcheck", 0),
        ("path/postgres", 0),
        ("path/redis-server", 0),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(
            f'#!/bin/sh\necho {name} "$@" CI=$CI$PYTHONDONTWRITEBYTECODE\nexit {code}\n'
        )
        (tmp_path / name).chmod(0o755)
    environment = {"PATH": f"{tmp_path / 'path'}:{os.environ['PATH']}", "PYTHONDONTWRITEBYTECODE": "1"}
    result = subprocess.run(
        ["bash", tmp_path / ".ci/run"], cwd="/", env=environment, capture_output=True, text=True, check=False
    )
    read, seen = "tests/architecture", "tests/browser/test_pages_are_accessible_and_quiet.py"
    once = f"bin/check CI=true\nbin/test --ignore={read} CI=true\n"
    assert result.stdout == f"{once}bin/test --services --ignore={read} --ignore={seen} CI=true\n"
    assert result.returncode == status
    assert (ROOT / read).is_dir()
    assert (ROOT / seen).is_file()
