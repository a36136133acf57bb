"""Manual import through the API; the worker comes by when the test says so."""

import csv
import io
import json
from typing import Any

import pytest

from apps.provisioning.imports import tasks as import_tasks
from apps.provisioning.imports import work as import_work
from apps.provisioning.models import Import
from apps.tenants.context import in_tenant
from tests.api.conftest import Script
from tests.api.test_identity_management import _silent_bell, configured, path, target

__all__ = ["_silent_bell", "path", "target"]


@pytest.fixture
def imports(api: Script, path: str, target: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of imports of an application with noah, who is new, and a stranger without an address."""
    monkeypatch.setattr(import_tasks, "ring", lambda *ids: None)
    target.add_user("noah", "noah@acme.example", displayName="Noah Rae")
    target.add_user("nobody", "")
    configured(api, path, target)
    assert api("POST", f"{path}identity-management/activation/").status_code == 200
    return f"{path}imports/"


def work(api: Script) -> None:
    with in_tenant(api.tenant):
        while import_work.work(Import.objects.first().pk):
            continue


def started(api: Script, imports: str) -> str:
    answer = api("POST", imports)
    assert answer.status_code == 202, answer.content
    assert answer.json()["state"] == "reading"
    work(api)
    return f"{imports}{answer.json()['id']}/"


def test_an_import_is_started_looked_at_and_chosen_from(api, imports):
    run = started(api, imports)
    assert api.get(run) | {"id": "", "created_at": "", "read_at": ""} == {
        "id": "", "state": "ready", "read": 2, "total": 2, "selected": 0, "created": 0, "linked": 0, "refused": 0,
        "problem": "", "not_before": None, "read_at": "", "imported_at": None, "created_at": "",
    }  # fmt: skip
    noah, nobody = api.get(f"{run}rows/")["results"]
    assert (noah["user_name"], noah["state"], noah["problem"], noah["user"]) == ("noah", "new", "", None)
    assert (nobody["state"], nobody["problem"]) == ("refused", "The account has no e-mail address there.")
    answer = api("POST", f"{run}selection/", {"rows": [noah["id"]]})
    assert (answer.status_code, answer.json()["selected"]) == (202, 1)
    work(api)
    assert api.get(run)["created"] == 1
    (row,) = api.get(f"{run}rows/?state=imported&q=noah")["results"]
    assert row["user"]["name"] == "Noah Rae"
    assert [one["id"] for one in api.get(imports)["results"]] == [run.split("/")[-2]]


def test_whoever_would_be_linked_is_named(api, imports):
    api.post(
        "/users/", {"username": "nr", "email": "noah@acme.example", "first_name": "Noah", "last_name": "R"}
    )
    run = started(api, imports)
    noah = api.get(f"{run}rows/?state=new")["results"][0]
    assert noah["match"]["name"] == "Noah R"
    api("POST", f"{run}selection/", {"all": True})
    work(api)
    assert (api.get(run)["created"], api.get(run)["linked"]) == (0, 1)


def test_what_cannot_be_chosen_is_a_problem(api, imports):
    run = started(api, imports)
    assert "rows" in api.refused("POST", f"{run}selection/", {})
    assert "rows" in api.refused("POST", f"{run}selection/", {"rows": [], "all": False})
    nobody = api.get(f"{run}rows/?state=refused")["results"][0]["id"]
    assert "rows" in api.refused("POST", f"{run}selection/", {"rows": [nobody]})
    assert "everything" in api.refused("POST", f"{run}selection/", {"everything": True})
    assert api("GET", f"{run}rows/?state=odd").status_code == 400


def test_one_at_a_time_and_it_can_be_stopped(api, imports):
    first = api("POST", imports).json()
    assert api("POST", imports).status_code == 400
    assert api("DELETE", f"{imports}{first['id']}/").status_code == 204
    assert api.get(f"{imports}{first['id']}/")["state"] == "ready"
    assert api("POST", f"{imports}{first['id']}/resumptions/").status_code == 202


def test_without_an_active_integration_there_is_nothing_to_import(api, path, target):
    assert api("POST", f"{path}imports/").status_code == 404
    configured(api, path, target)
    assert api("POST", f"{path}imports/").status_code == 400


def test_the_results_are_exported_with_what_became_of_each(api, imports):
    run = started(api, imports)
    api("POST", f"{run}selection/", {"all": True})
    work(api)
    answer = api("GET", f"{run}rows/export/")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    noah, nobody = csv.DictReader(io.StringIO(answer.getvalue().decode()))
    assert (noah["user_name"], noah["status"], noah["person"]) == ("noah", "imported", "noah")
    assert (nobody["status"], nobody["problem"]) == ("refused", "The account has no e-mail address there.")
    answer = api("GET", f"{run}rows/export/?format=jsonl&state=imported")
    (line,) = answer.getvalue().splitlines()
    assert json.loads(line) | {"id_there": ""} == {
        "name": "Noah Rae", "user_name": "noah", "email": "noah@acme.example", "active": True, "id_there": "",
        "status": "imported", "person": "noah", "problem": "",
    }  # fmt: skip
    assert api("GET", f"{run}rows/export/?format=xlsx").status_code == 400
    assert api("GET", f"{run}rows/export/?stat=new").status_code == 400
