"""Journey 5: what comes in by SCIM flows on by the same path, with no further code."""

import time
from collections.abc import Callable
from typing import Any

import requests

from tests.installation import Demo
from tests.journeys.browser import eventually

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def scim(demo: Demo, method: str, path: str, body: Any = None) -> Any:
    """As the identity provider."""
    facts = demo.facts["scim"]
    headers = {"Authorization": f"Bearer {facts['token']}", "Content-Type": "application/scim+json"}
    answer = requests.request(method, f"{facts['base_url']}{path}", json=body, headers=headers, timeout=30)
    assert answer.ok, answer.text
    return answer.json() if answer.content else None


def api(demo: Demo, method: str, path: str, body: Any = None) -> Any:
    """As the administrator."""
    keys = {"x-api-key": demo.facts["api_key"]}
    answer = requests.request(method, f"{demo.base}/api/v1/{path}", json=body, headers=keys, timeout=30)
    assert answer.ok, answer.text
    return answer.json()


def falls_silent(events: Callable[[], int], *, most: int) -> bool:
    """Nothing is told in three seconds, and what was told before is no storm."""
    heard = -1
    until = time.monotonic() + 30
    while heard != (heard := events()) and time.monotonic() < until:
        time.sleep(3)
    return events() == heard < most


def test_a_wrong_token_is_a_scim_error(demo: Demo) -> None:
    answer = requests.get(
        f"{demo.facts['scim']['base_url']}Users", headers={"Authorization": "Bearer wrong"}, timeout=10
    )
    assert answer.status_code == 401
    assert answer.json()["status"] == "401"


def test_a_person_who_is_pushed_in_appears_in_the_application_once_a_group_opens_it(demo: Demo) -> None:
    headers = {
        "Authorization": f"Bearer {demo.facts['scim']['token']}",
        "Content-Type": "application/scim+json",
    }
    person = {
        "schemas": [USER],
        "userName": "nora.push",
        "externalId": "okta-77",
        "name": {"givenName": "Nora", "familyName": "Push"},
        "emails": [{"type": "work", "primary": True, "value": "nora.push@acme.example"}],
        "active": True,
    }
    made = requests.post(f"{demo.facts['scim']['base_url']}Users", json=person, headers=headers, timeout=10)
    assert made.status_code == 201, made.text
    assert made.json()["externalId"] == "okta-77"

    mira = demo.browser("administrator")
    members = f"{mira.open('console/groups/').link('Engineering')}members/"
    found = mira.open(f"{members}?find=nora")
    assert mira.submit(found, to="/members/", having="users", users=[made.json()["id"]]).status == 200
    eventually(
        lambda: "nora.push@acme.example" in mira.open("sandbox/targets/gitlab/accounts/").text, seconds=10
    )


def test_an_echo_stops_by_itself(demo: Demo) -> None:
    """An application whose target is the very source that sends its people and groups: it is told once, finds everything as it is, and falls silent."""
    label = {"connector": "custom_saml", "display_label": "Echo", "slug": "echo"}
    application = f"applications/{api(demo, 'POST', 'applications/', label)['id']}"
    target = {
        "base_url": demo.facts["scim"]["base_url"],
        "token": demo.facts["scim"]["token"],
        "manage_groups": True,
    }
    person = {
        "schemas": [USER],
        "userName": "echo.push",
        "externalId": "okta-88",
        "emails": [{"value": "echo.push@acme.example"}],
    }
    made = scim(demo, "POST", "Users", person)
    pushed = {"schemas": [GROUP], "displayName": "Echo", "members": [{"value": made["id"]}]}
    group = scim(demo, "POST", "Groups", pushed)["id"]
    api(demo, "POST", f"{application}/assignments/", {"group": group})
    api(demo, "PUT", f"{application}/identity-management/", target)
    api(demo, "POST", f"{application}/identity-management/activation/", {})

    def told() -> bool:
        accounts = api(demo, "GET", f"{application}/remote-users/")["results"]
        return [each["remote_id"] for each in accounts] == [made["id"]]

    def events() -> int:
        about = ("user=echo.push", f"application={application.rpartition('/')[2]}")
        return sum(api(demo, "GET", f"events/count/?{each}")["count"] for each in about)

    eventually(told, seconds=30)
    eventually(lambda: events() > 0, seconds=10)
    assert falls_silent(events, most=30)
    assert scim(demo, "GET", f"Users/{made['id']}")["active"]
    shown = scim(demo, "GET", f"Groups/{group}")
    assert [each["value"] for each in shown["members"]] == [made["id"]]


def test_a_group_that_is_pushed_in_opens_the_application_for_its_members(demo: Demo) -> None:
    """Nobody touches the console but once, to bind the group."""
    people = {}
    for name in ("olga.push", "pia.push"):
        email = f"{name}@acme.example"
        sent = {"schemas": [USER], "userName": name, "externalId": name, "emails": [{"value": email}]}
        people[name] = scim(demo, "POST", "Users", sent)["id"]
    pushed = {"schemas": [GROUP], "displayName": "Pushed", "externalId": "okta-g1"}
    group = scim(demo, "POST", "Groups", pushed | {"members": [{"value": people["olga.push"]}]})["id"]
    applications = api(demo, "GET", "applications/")["results"]
    gitlab = next(each["id"] for each in applications if each["connector"] == "gitlab_saas")
    api(demo, "POST", f"applications/{gitlab}/assignments/", {"group": group})
    mira = demo.browser("administrator")

    def account(name: str) -> str:
        page = mira.open("sandbox/targets/gitlab/accounts/")
        rows = page.html.xpath(f"//tr[contains(., '{name}@acme.example')]")
        return " ".join(rows[0].text_content().split()) if rows else ""

    def change(op: str, name: str) -> None:
        operation = {"op": op, "path": "members", "value": [{"value": people[name]}]}
        scim(demo, "PATCH", f"Groups/{group}", {"schemas": [PATCH_OP], "Operations": [operation]})

    eventually(lambda: "Active" in account("olga.push"), seconds=30)
    assert account("pia.push") == ""  # the control: pushed in, and in no group
    change("add", "pia.push")
    eventually(lambda: "Active" in account("pia.push"), seconds=30)
    change("remove", "olga.push")
    eventually(lambda: "Active" not in account("olga.push"), seconds=30)
    assert "olga.push" in account("olga.push")  # the account itself stays
    assert "Active" in account("pia.push")
    scim(demo, "DELETE", f"Groups/{group}")
    eventually(lambda: "Active" not in account("pia.push"), seconds=30)
    assert falls_silent(lambda: int(api(demo, "GET", "events/count/?user=pia.push")["count"]), most=20)
