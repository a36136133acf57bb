"""Journey 5: what comes in by SCIM flows on by the same path, with no further code."""

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
