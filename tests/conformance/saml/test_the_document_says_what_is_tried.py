"""docs/conformance.md is no promise by hand: its table is compared with what runs here."""

import json

import pytest

from tests.architecture.source import ROOT
from tests.conformance.node_modules import NODE
from tests.conformance.programs import do_without
from tests.conformance.saml.kinds import ABILITIES, KINDS, those_that

PACKAGES = {"passport-saml": "@node-saml/passport-saml"}


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def rows(page: str) -> dict[str, list[str]]:
    """The table's rows by their first cell."""
    table = [cells(line) for line in page.splitlines() if line.startswith("|")]
    return {row[0]: row[1:] for row in table}


def locked() -> dict[str, str]:
    """Name to version, out of both locks."""
    lines = (ROOT / "requirements/dev.txt").read_text().splitlines()
    python = dict(line.split(" ")[0].split("==") for line in lines if "==" in line and line[:1].isalnum())
    node = json.loads((NODE / "package-lock.json").read_text())["packages"]
    return python | {
        name.removeprefix("node_modules/"): package["version"]
        for name, package in node.items()
        if name.startswith("node_modules/")
    }


PAGE = (ROOT / "docs/conformance.md").read_text()


def test_the_versions_are_those_that_are_installed() -> None:
    versions = locked()
    heads = [f"{kind.name} {versions[PACKAGES.get(kind.name, kind.name)]}" for kind in KINDS]
    assert rows(PAGE)["Service provider"] == heads


@pytest.mark.parametrize("ability", ABILITIES)
def test_what_a_library_cannot_do_is_said(ability: str) -> None:
    told = [cell.startswith("yes") for cell in rows(PAGE)[ABILITIES[ability]]]
    assert told == [ability in kind.can for kind in KINDS]


def test_a_test_of_an_ability_runs_where_it_is_there() -> None:
    assert [kind.name for kind in those_that("post").args[1]] == ["djangosaml2", "passport-saml", "samlify"]
    assert list(those_that().args[1]) == list(KINDS)


@pytest.mark.parametrize(("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_a_missing_program_is_a_skip_with_its_reason_and_under_ci_an_error(
    monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("CI", ci)
    reason = next(kind for kind in KINDS if kind.name == "samlify").missing()
    assert "apt-get install nodejs npm" in reason
    with pytest.raises(outcome, match="samlify needs node and npm"):
        do_without(reason)
