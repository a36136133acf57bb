"""Identity Management through the API, against a SCIM service provider on a real socket; the worker comes by when the test says so."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from apps.lib import event_loop
from apps.outbox import relay
from apps.provisioning import engine, tasks
from apps.provisioning.models import Comparison, Integration, Job
from apps.tenants.context import in_tenant
from tests.api.conftest import Script
from tests.fakes.scim_target import TOKEN, Fault, ScimTarget


@pytest.fixture
def target() -> Iterator[ScimTarget]:
    running = ScimTarget()
    yield running
    event_loop.close()  # keep-alive connections first: the server's threads wait for them
    running.stop()


@pytest.fixture(autouse=True)
def _silent_bell(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(tasks, "ring", lambda *ids: None)
    monkeypatch.setattr("apps.outbox.publish.ring", lambda tenant_id: None)
    settings.SETTLE_SECONDS = 0


@pytest.fixture
def path(api: Script) -> str:
    """Of an application that mia's group opens."""
    application = api.post("/applications/", {"connector": "custom_saml", "display_label": "Wiki"})
    mia = api.post(
        "/users/", {"username": "mia", "email": "mia@acme.example", "first_name": "Mia", "last_name": "Stone"}
    )
    group = api.post("/groups/", {"name": "Engineering"})
    api.post(f"/groups/{group['id']}/members/", {"user": mia["id"]})
    api.post(f"/applications/{application['id']}/assignments/", {"group": group["id"]})
    return f"/applications/{application['id']}/"


def work(api: Script) -> None:
    with in_tenant(api.tenant):
        while relay.drain():
            continue
        while engine.work(Integration.objects.get().pk):
            continue


def configured(api: Script, path: str, target: ScimTarget, **more: Any) -> Any:
    answer = api("PUT", f"{path}identity-management/", {"base_url": target.base_url, "token": TOKEN} | more)
    assert answer.status_code == 200, answer.content
    return answer.json()


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, "base_url"), ({"base_url": "nonsense"}, "base_url"), ({"base_url": "http://10.0.0.1/scim"}, "base_url"), ({"base_url": None}, "base_url"),
        ({"base_url": "https://x.example/scim", "token": "two words"}, "token"), ({"base_url": "https://x.example/scim", "deprovisioning": "burn"}, "deprovisioning"),
        ({"base_url": "https://x.example/scim", "delete_after_days": -1}, "delete_after_days"),
        ({"base_url": "https://x.example/scim", "delete_after_days": "9" * 5000}, "delete_after_days"),
        ({"base_url": "https://x.example/scim", "state": "active"}, "state"),
    ],
)  # fmt: skip
def test_what_cannot_be_configured_is_refused_by_name(
    api: Script, path: str, body: dict[str, Any], wrong: str
) -> None:
    assert api.refused("PUT", f"{path}identity-management/", body).keys() == {wrong}
    assert api("GET", f"{path}identity-management/").status_code == 404


@pytest.mark.parametrize("end", ["activation/", "synchronizations/"])
def test_nothing_can_be_started_before_it_is_configured(api: Script, path: str, end: str) -> None:
    assert api("POST", f"{path}identity-management/{end}").status_code == 404


def test_a_refused_token_is_a_problem_of_its_field_and_an_event(
    api: Script, path: str, target: ScimTarget
) -> None:
    configured(api, path, target, token="wrong-token-0000")
    assert api.refused("POST", f"{path}identity-management/activation/").keys() == {"token"}
    assert api.get(f"{path}identity-management/")["state"] == "configured"
    events = api.get("/events/?event_type=idm_integration_activate&success=false")["results"]
    assert events[0]["message_chain"]["response_code"] == "401"


def test_the_token_never_comes_back(api: Script, path: str, target: ScimTarget) -> None:
    shown = configured(api, path, target)
    assert (shown["token_set"], shown["token_hint"]) == (True, TOKEN[-4:])
    api("POST", f"{path}identity-management/activation/")
    work(api)
    ends = [
        "",
        "identity-management/",
        "identity-management/plan/",
        "identity-management/synchronizations/",
        "remote-users/",
        "remote-groups/",
        "jobs/",
    ]
    job = api.get(f"{path}jobs/")["results"][0]["id"]
    told = b"".join(api("GET", f"{path}{end}").content for end in [*ends, f"jobs/{job}/"])
    told += api("GET", "/events/?limit=200").content + api("GET", "/events/export/").getvalue()
    assert TOKEN.encode() not in told
    assert target.journal, "the control: it was sent to the application"
    assert {asked.token for asked in target.journal} == {TOKEN}


def test_a_plan_is_shown_before_anything_is_sent(api: Script, path: str, target: ScimTarget) -> None:
    configured(api, path, target)
    target.journal.clear()
    plan = api.get(f"{path}identity-management/plan/")
    assert plan["users"] == {"create": 1}
    assert (plan["rows"][0]["name"], plan["rows"][0]["operation"]) == ("Mia Stone", "create")
    assert plan["rows"][0]["document"]["userName"]
    assert (plan["held"], plan["more"]) == (False, 0)
    assert target.journal == []


def test_activating_brings_people_in_and_deactivating_leaves_them(
    api: Script, path: str, target: ScimTarget
) -> None:
    configured(api, path, target)
    answer = api("POST", f"{path}identity-management/activation/")
    assert (answer.status_code, answer.json()["state"]) == (200, "active")
    assert answer.json()["last_verification"]
    work(api)
    (remote,) = api.get(f"{path}remote-users/")["results"]
    assert (remote["name"], remote["active"], remote["state"], remote["linked"]) == (
        "Mia Stone",
        True,
        "done",
        False,
    )
    assert remote["remote_id"] in target.users
    assert api.get(f"{path}identity-management/")["health"] == {
        "accounts": 1,
        "in_sync": 1,
        "pending": 0,
        "failing": 0,
        "held": 0,
        "kept": 0,
    }
    assert api.get(f"{path}identity-management/plan/")["rows"] == []
    assert api("DELETE", f"{path}identity-management/activation/").status_code == 204
    assert api.get(f"{path}identity-management/")["state"] == "configured"
    assert list(target.users) == [remote["remote_id"]]


def test_what_the_nightly_comparison_found_is_told(api: Script, path: str, target: ScimTarget) -> None:
    configured(api, path, target)
    assert api.get(f"{path}identity-management/")["comparison"] is None
    with in_tenant(api.tenant):
        Comparison.objects.create(
            integration=Integration.objects.get(),
            next_at=datetime(2026, 3, 2, 1, 30, tzinfo=UTC),
            last_ended_at=datetime(2026, 3, 1, 1, 30, tzinfo=UTC),
            last_compared=10000,
            last_differed=3,
        )
    assert api.get(f"{path}identity-management/")["comparison"] == {
        "ended_at": "2026-03-01T01:30:00Z",
        "compared": 10000,
        "differed": 3,
        "waiting": 0,
        "next_at": "2026-03-02T01:30:00Z",
    }


def test_a_synchronisation_is_asked_for_and_remembered(api: Script, path: str, target: ScimTarget) -> None:
    configured(api, path, target)
    syncs = f"{path}identity-management/synchronizations/"
    assert api("POST", syncs).status_code == 400, "not active yet"
    api("POST", f"{path}identity-management/activation/")
    assert [each["cause"] for each in api.get(syncs)["results"]] == ["activation"]
    assert api("POST", syncs).status_code == 409, "one is under way"
    work(api)
    assert api("POST", syncs, {"plan": "another"}).status_code == 409
    plan = api.get(f"{path}identity-management/plan/")["digest"]
    answer = api("POST", syncs, {"plan": plan})
    assert (answer.status_code, answer.json()["state"]) == (202, "running")
    assert [each["actor_name"] for each in api.get(syncs)["results"]] == ["Script (alice)"] * 2


def test_a_synchronisation_tells_how_far_it_is_and_is_cancelled(
    api: Script, path: str, target: ScimTarget
) -> None:
    configured(api, path, target)
    api("POST", f"{path}identity-management/activation/")
    syncs = f"{path}identity-management/synchronizations/"
    (begun,) = api.get(syncs)["results"]
    assert begun["progress"] == {"total": None, "done": 0, "failed": 0, "held": 0}
    assert api.refused("PATCH", f"{syncs}{begun['id']}/", {"state": "done"}).keys() == {"state"}
    work(api)
    ended = api.get(f"{syncs}{begun['id']}/")
    assert (ended["state"], ended["progress"]["total"], ended["progress"]["done"]) == ("done", 1, 1)
    running = api("POST", syncs).json()
    cancelled = api("PATCH", f"{syncs}{running['id']}/", {"state": "cancelled"}).json()
    assert cancelled["state"] == "cancelled"


def test_a_connection_is_paused_and_resumed(api: Script, path: str, target: ScimTarget) -> None:
    configured(api, path, target)
    assert api("POST", f"{path}identity-management/pause/").status_code == 400, "not active yet"
    api("POST", f"{path}identity-management/activation/")
    assert api("POST", f"{path}identity-management/pause/").json()["state"] == "paused"
    target.journal.clear()
    work(api)
    assert target.journal == []
    assert api("POST", f"{path}identity-management/resumption/").json()["state"] == "active"
    work(api)
    assert len(target.users) == 1


def test_a_job_shows_its_tries_and_is_retried(api: Script, path: str, target: ScimTarget) -> None:
    configured(api, path, target)
    api("POST", f"{path}identity-management/activation/")
    target.faults.append(Fault(400, body=b'{"detail": "No such plan"}', method="POST"))
    work(api)
    (job,) = api.get(f"{path}jobs/?state=parked")["results"]
    assert (job["name"], job["kind"], job["last_status"], job["last_error"]) == (
        "Mia Stone",
        "user",
        400,
        "No such plan",
    )
    assert api.get(f"{path}jobs/?state=done")["results"] == []
    assert api.refused("GET", f"{path}jobs/?state=lost").keys() == {"state"}
    shown = api.get(f"{path}jobs/{job['id']}/")
    assert (shown["tries"][0]["outcome"], shown["tries"][0]["method"], shown["tries"][0]["status"]) == (
        "permanent",
        "POST",
        400,
    )
    assert api("POST", f"{path}jobs/{job['id']}/retries/").status_code == 202
    work(api)
    assert api.get(f"{path}jobs/{job['id']}/")["state"] == "done"
    assert len(target.users) == 1


def test_a_job_belongs_to_its_application(api: Script, path: str, target: ScimTarget) -> None:
    configured(api, path, target)
    api("POST", f"{path}identity-management/activation/")
    work(api)
    job = api.get(f"{path}jobs/")["results"][0]["id"]
    other = api.post("/applications/", {"connector": "custom_saml", "display_label": "Other"})["id"]
    api("PUT", f"/applications/{other}/identity-management/", {"base_url": target.base_url})
    assert api("GET", f"/applications/{other}/jobs/{job}/").status_code == 404
    assert api("POST", f"/applications/{other}/jobs/{job}/retries/").status_code == 404


def test_groups_are_told_where_they_are_managed(api: Script, path: str, target: ScimTarget) -> None:
    configured(api, path, target, manage_groups=True)
    api("POST", f"{path}identity-management/activation/")
    work(api)
    (group,) = api.get(f"{path}remote-groups/")["results"]
    assert (group["name"], group["managed"], group["state"]) == ("Engineering", True, "done")
    assert group["remote_id"] in target.groups


def test_a_quarantine_tells_its_reason_and_is_ended(api: Script, path: str, target: ScimTarget) -> None:
    configured(api, path, target)
    api("POST", f"{path}identity-management/activation/")
    with in_tenant(api.tenant):
        Integration.objects.update(state="quarantined", quarantine_reason="failures")
    shown = api.get(f"{path}identity-management/")
    assert (shown["state"], shown["quarantine_reason"]) == ("quarantined", "failures")
    target.token = "rotated"
    assert api.refused("POST", f"{path}identity-management/resumption/").keys() == {"token"}
    target.token = TOKEN
    resumed = api("POST", f"{path}identity-management/resumption/").json()
    assert (resumed["state"], resumed["quarantine_reason"], resumed["next_at"]) == ("active", "", None)


@pytest.mark.parametrize(("end", "state"), [("approval/", "pending"), ("rejection/", "kept")])
def test_held_removals_are_decided_about(
    api: Script, path: str, target: ScimTarget, end: str, state: str
) -> None:
    configured(api, path, target)
    api("POST", f"{path}identity-management/activation/")
    work(api)
    with in_tenant(api.tenant):
        Job.objects.update(state="held")
    assert api("POST", f"{path}identity-management/{end}", {"held": 0}).status_code == 409
    assert api("POST", f"{path}identity-management/{end}", {"held": 1}).status_code == 200
    (job,) = api.get(f"{path}jobs/")["results"]
    assert job["state"] == state


# --- attribute mapping


def rows_of(api: Script, path: str, **changes: Any) -> list[dict[str, Any]]:
    """What GET gives, as PUT takes it; `changes` by SCIM path."""
    taken = ("scim", "source", "constant", "enabled")
    rows = api.get(f"{path}identity-management/mapping/")["attributes"]
    return [{name: row[name] for name in taken} | changes.get(row["scim"], {}) for row in rows]


def test_the_mapping_is_read_with_a_persons_values_changed_and_put_back(
    api: Script, path: str, target: ScimTarget
) -> None:
    configured(api, path, target)
    mia = api.get("/users/?username=mia")["results"][0]
    address = f"{path}identity-management/mapping/"
    shown = {row["scim"]: row for row in api.get(f"{address}?user={mia['id']}")["attributes"]}
    assert shown["userName"] == {
        "scim": "userName", "source": "username", "constant": "", "enabled": True, "application_value": "userName",
        "required": True, "fixed": False, "changed": False, "value": "mia",
    }  # fmt: skip
    assert shown["active"]["fixed"]
    assert api.get(address)["attributes"][0]["value"] is None
    rows = rows_of(api, path, title={"source": "username"})
    plan = api("POST", f"{address}plan/", {"attributes": rows}).json()
    assert plan["rows"][0]["document"]["title"] == "mia"
    assert rows_of(api, path, title={"source": "username"}) != rows_of(api, path)
    answer = api("PUT", address, {"attributes": rows})
    assert answer.status_code == 200
    assert {row["scim"] for row in answer.json()["attributes"] if row["changed"]} == {"title"}
    assert api.get(f"{path}identity-management/plan/")["rows"] == plan["rows"]
    assert not [row for row in api("DELETE", address).json()["attributes"] if row["changed"]]


def test_a_mapping_that_cannot_be_is_a_problem_of_its_field(
    api: Script, path: str, target: ScimTarget
) -> None:
    configured(api, path, target)
    address = f"{path}identity-management/mapping/"
    for body, wrong in (
        ({}, "attributes"),
        ({"attributes": []}, "attributes"),
        ({"attributes": [{"source": "email"}]}, "attributes.0.scim"),
        ({"attributes": rows_of(api, path, userName={"source": ""})}, "attributes"),
        ({"attributes": rows_of(api, path), "value": 1}, "value"),
    ):
        assert wrong in api.refused("PUT", address, body)
        assert wrong in api.refused("POST", f"{address}plan/", body)
    assert api("GET", f"{address}?user=nobody").status_code == 400


def test_other_names_for_accounts_have_to_be_meant(api: Script, path: str, target: ScimTarget) -> None:
    configured(api, path, target)
    api("POST", f"{path}identity-management/activation/")
    work(api)
    address, body = (
        f"{path}identity-management/mapping/",
        {"attributes": rows_of(api, path, userName={"source": "email"})},
    )
    assert api.refused("PUT", address, body).keys() == {"renaming"}
    assert api("PUT", address, body | {"renaming": True}).status_code == 200
    work(api)
    assert target.active_names() == {"mia@acme.example"}


def test_a_write_test_answers_with_its_steps(api: Script, path: str, target: ScimTarget) -> None:
    address = f"{path}identity-management/write-tests/"
    assert api("POST", address, {"email": "test@acme.example"}).status_code == 404
    configured(api, path, target)
    document = api("POST", address, {"email": "test@acme.example"}).json()
    assert document["succeeded"]
    assert document["left"] == "Nothing is left there."
    assert [step["name"] for step in document["steps"]] == [
        "look_up",
        "create",
        "update",
        "deactivate",
        "delete",
    ]
    assert document["steps"][1]["requests"][0]["status"] == 201
    assert not target.users
    assert api.refused("POST", address, {"email": "mia@acme.example"}).keys() == {"email"}


def test_one_person_is_provisioned_now(api: Script, path: str, target: ScimTarget) -> None:
    configured(api, path, target)
    api("POST", f"{path}identity-management/activation/")
    work(api)
    users = {user["username"]: user["id"] for user in api.get("/users/")["results"]}
    target.journal.clear()
    answer = api("POST", f"{path}identity-management/provision/", {"user": users["mia"]})
    assert answer.status_code == 202, answer.content
    assert answer.json()["resource"] == users["mia"]
    missing = {"user": "00000000-0000-4000-8000-000000000000"}
    assert api("POST", f"{path}identity-management/provision/", missing).status_code == 404
    api.refused("POST", f"{path}identity-management/provision/", {})
