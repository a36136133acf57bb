"""S5, A9: what is small on the wire and large inside is refused before it unfolds. Measured in a process of its own."""

import json
import subprocess
import sys

import pytest

from tests.processes import ROOT, embedded_environment


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    environment = embedded_environment(DATA_DIR=str(tmp_path_factory.mktemp("bombs")))
    run = subprocess.run(
        [sys.executable, "-m", "tests.security.saml.bombs"],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_bombs_of_a_kilobyte_to_a_megabyte_are_refused_everywhere(measured):
    assert len(measured["outcomes"]) == 30
    assert "taken" not in measured["outcomes"]


def test_they_cost_no_more_than_8_mebibytes(measured):
    assert measured["guarded"] <= 8 * 1024


def test_without_the_cap_one_costs_a_multiple(measured):
    """Negative control: the measure sees what unfolds."""
    assert measured["inflated"] > 50_000_000
    assert measured["naive"] > 2 * 8 * 1024
