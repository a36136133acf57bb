"""A manual import reads every account of every target, more than fit on one page; and says so where a target does not page."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.programs import do_without
from tests.conformance.provisioning.conftest import TOKEN, add_application, scimmy
from tests.conformance.provisioning.connectors import Person
from tests.conformance.provisioning.kinds import PAIRS, SCIMMY, Pair, every_pair
from tests.conformance.provisioning.stage import Application, Stage, until
from tests.conformance.provisioning.state import Target
from tests.conformance.provisioning.tap import Tap
from tests.conformance.provisioning.test_accounts_that_are_there_already import put_there

MORE_THAN_A_PAGE = {"gitlab_saas": 21, "gitlab_self_managed": 21}  # of 20; all others of 100


def fill(application: Application, count: int) -> None:
    for number in range(count):
        name = f"import.{number:03}"
        put_there(application, Person("", name, f"{name}@example.com"))


def read(application: Application) -> dict[str, Any]:
    """The import when it has been read, with its rows."""
    run = application.api.call("POST", f"{application.path}/imports/", json={})
    path = f"{application.path}/imports/{run['id']}/"
    until(lambda: application.api.call("GET", path)["state"] not in {"reading", "queued"})
    return application.api.call("GET", path) | {"rows": application.api.everything(f"{path}rows/")}


@pytest.fixture(scope="module")
def imported(stage: Stage) -> dict[Pair, dict[str, Any]]:
    with ThreadPoolExecutor(8) as threads:
        list(
            threads.map(
                lambda each: fill(each, MORE_THAN_A_PAGE.get(each.pair.connector.key, 101)),
                stage.applications.values(),
            )
        )
    for application in stage.applications.values():
        application.tap.asked.clear()
    return {pair: read(application) for pair, application in stage.applications.items()}


@every_pair
def test_every_account_is_read(imported: dict[Pair, dict[str, Any]], application: Application) -> None:
    run = imported[application.pair]
    there = {str(user["id"]) for user in application.target.all_of("Users")}
    assert {row["remote_id"] for row in run["rows"]} == there
    assert (run["state"], run["problem"], run["read"]) == ("ready", "", len(there))
    pages = [asked for asked in application.tap.asked if asked.path.startswith("/Users?startIndex")]
    assert len(pages) > 1, "one page held them all: this shows nothing"
    assert application.tap.writes() == []


def test_what_is_not_paged_is_said(stage: Stage, tmp_path: Path) -> None:
    """scimmy-routers under Express 5 answers every page with the first."""
    if reason := SCIMMY.unavailable():
        do_without(reason)
    pair = next(pair for pair in PAIRS if pair.kind is SCIMMY and pair.connector.reads_config)
    with scimmy(tmp_path, "express5") as address:
        tap = Tap(f"{address}/pages/v2")
        application = add_application(stage.api, pair, tap, Target(tap.base_url, TOKEN), "not-paged")
        application.post("activation")
        fill(application, 25)
        run = read(application)
        application.api.call("DELETE", f"{application.path}/identity-management/activation/")
        tap.close()
    assert (run["state"], len(run["rows"])) == ("ready", 20)
    assert run["problem"] == "The application says that it has 25 accounts, but listed only 20."
