"""Journey 5: what comes in by SCIM flows on by the same path, with no further code."""

import time
from typing import Any

import requests

from tests.installation import Demo
from tests.journeys.browser import eventually

USER = "urn:ietf:params:scim:schemas:core:2.0:User"


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
    """An application whose target is the very source that sends its people: it is told once, finds everything as it is, and falls silent."""
    scim = demo.facts["scim"]
    headers = {"Authorization": f"Bearer {scim['token']}", "Content-Type": "application/scim+json"}

    def api(method: str, path: str, body: Any = None) -> Any:
        keys = {"x-api-key": demo.facts["api_key"]}
        answer = requests.request(method, f"{demo.base}/api/v1/{path}", json=body, headers=keys, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    label = {"connector": "custom_saml", "display_label": "Echo", "slug": "echo"}
    application = f"applications/{api('POST', 'applications/', label)['id']}"
    group = api("POST", "groups/", {"name": "Echo"})["id"]
    api("POST", f"{application}/assignments/", {"group": group})
    target = {"base_url": scim["base_url"], "token": scim["token"]}
    api("PUT", f"{application}/identity-management/", target)
    api("POST", f"{application}/identity-management/activation/", {})
    person = {
        "schemas": [USER],
        "userName": "echo.push",
        "externalId": "okta-88",
        "emails": [{"value": "echo.push@acme.example"}],
    }
    made = requests.post(f"{scim['base_url']}Users", json=person, headers=headers, timeout=30).json()
    api("POST", f"groups/{group}/members/", {"user": made["id"]})

    def told() -> bool:
        accounts = api("GET", f"{application}/remote-users/")["results"]
        return [each["remote_id"] for each in accounts] == [made["id"]]

    def events() -> int:
        return len(api("GET", "events/?user=echo.push")["results"])

    eventually(told, seconds=30)
    eventually(lambda: events() > 0, seconds=10)
    heard = -1
    until = time.monotonic() + 30
    while heard != (heard := events()) and time.monotonic() < until:
        time.sleep(3)
    assert events() == heard < 20
    assert requests.get(f"{scim['base_url']}Users/{made['id']}", headers=headers, timeout=30).json()["active"]
