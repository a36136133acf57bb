"""What shares an installation is on one worker: two of them would start two."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import pytest_xdist_auto_num_workers
from tests.processes import ROOT, embedded_environment
from tests.scheduling import TOGETHER, scope_of

PLUGIN = """
from tests.scheduling import ByFolder
import pytest

@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return ByFolder(config, log)
"""
TEST = "import pytest\n\n\n@pytest.mark.parametrize('n', range(4))\ndef test(n, worker_id, record_property):\n    print(worker_id)\n"


@pytest.mark.parametrize("place", TOGETHER)
def test_a_folder_or_file_is_one_piece_and_exists(place: str) -> None:
    assert (ROOT / place).exists()
    test = "::test_a" if place.endswith(".py") else "test_a.py::test_b"
    assert scope_of(f"{place}{test}") == place


def test_everywhere_else_each_test_is_given_out_alone() -> None:
    assert scope_of("tests/saml/test_a.py::test_b[c]") == "tests/saml/test_a.py::test_b[c]"


@pytest.mark.parametrize(("chosen", "workers"), [(None, 5), ("4", 4)])
def test_there_is_one_worker_more_than_processors_unless_somebody_chose(
    chosen: str | None, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_XDIST_AUTO_NUM_WORKERS", raising=False)
    if chosen:
        monkeypatch.setenv("PYTEST_XDIST_AUTO_NUM_WORKERS", chosen)
    asking = pytest_xdist_auto_num_workers()
    next(asking)
    with pytest.raises(StopIteration) as end:
        asking.send(4)
    assert end.value.value == workers


def test_the_schedule_is_the_suites_own() -> None:
    """pytest asks tests/conftest.py for it."""
    assert "ByFolder(config, log)" in (ROOT / "tests/conftest.py").read_text()


@pytest.mark.parametrize(("folder", "workers"), [("tests/journeys", 1), ("tests/elsewhere", 2)])
def test_two_workers_share_out_what_is_not_of_one_folder(folder: str, workers: int, tmp_path: Path) -> None:
    """Where nothing is grouped (the second case) both have something: the first could fail."""
    place = tmp_path / folder
    place.mkdir(parents=True)
    (tmp_path / "pytest.ini").touch()
    (tmp_path / "conftest.py").write_text(PLUGIN)
    for name in "ab":
        (place / f"test_{name}.py").write_text(TEST)
    command = [sys.executable, "-m", "pytest", "-n", "2", "-rP", "-p", "no:cacheprovider", str(place)]
    environment = embedded_environment(PYTHONPATH=str(ROOT))
    ended = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=100, check=False
    )
    assert "8 passed" in ended.stdout, ended.stdout
    assert len({line for line in ended.stdout.splitlines() if line in {"gw0", "gw1"}}) == workers
