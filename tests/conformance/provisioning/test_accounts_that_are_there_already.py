"""Somebody made them before: they are found by looking, or by being told 409, and are nobody else's."""

from typing import Any

import pytest

from tests.conformance.provisioning.connectors import WORK_EMAIL, Person
from tests.conformance.provisioning.expectations import all_hindered, should_be
from tests.conformance.provisioning.kinds import Pair, every_pair, pairs
from tests.conformance.provisioning.limits import limit
from tests.conformance.provisioning.stage import Application, Findings, Stage
from tests.conformance.provisioning.state import Account, State

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"


def put_there(application: Application, person: Person, email: str = "") -> dict[str, Any]:
    """An account that the person would be looked for by, under an older name."""
    tells = application.pair.connector.tells
    document: dict[str, Any] = {
        "schemas": [USER],
        "userName": tells["userName"](person),
        "active": True,
        "name": {"givenName": "Older", "familyName": "Name"},
        "emails": [{"type": "work", "primary": True, "value": email or person.email}],
    }
    if "externalId" in tells:
        document["externalId"] = tells["externalId"](person)
    if "name.formatted" in tells:
        document["name"]["formatted"] = "Older Name"
    return application.target.put_there("Users", document)


def older(pair: Pair, person: Person, email: str) -> dict[str, Account]:
    """As it was put there."""
    tells = pair.connector.tells
    values = {
        "name.givenName": "Older",
        "name.familyName": "Name",
        "name.formatted": "Older Name",
        "userName": tells["userName"](person),
        "externalId": tells["externalId"](person) if "externalId" in tells else "",
        WORK_EMAIL: email,
    }
    return {pair.name(person): Account({path: values.get(path, "") for path in pair.shows})}


def taken_over(pair: Pair, person: Person) -> dict[str, Account]:
    """GitLab takes no names but at the creation."""
    return older(pair, person, person.email) if limit("update", pair) else pair.account(person)


@pytest.fixture(scope="module")
def found(stage: Stage) -> Findings:
    mia, otto = stage.person("found", "mia"), stage.person("found", "otto")
    elsewhere = "somebody.else@elsewhere.example"
    for application in stage.applications.values():
        put_there(application, mia)
        put_there(application, otto, elsewhere)
    group = stage.group("found", "Engineers", mia, otto)
    words = "An account with this name exists there, but with another e-mail address."

    def expected(pair: Pair) -> State:
        accounts = taken_over(pair, mia) | older(pair, otto, elsewhere)
        return State(accounts, should_be(pair, {}, {group: [mia]}).groups, {otto.id: words})

    return stage.reached("found", expected)


@every_pair
def test_the_persons_own_is_taken_over_and_somebody_elses_left_alone(found: Findings, pair: Pair) -> None:
    assert found[pair] == []


def told_of_creations(application: Application) -> list[int]:
    return [
        asked.status for asked in application.tap.asked if (asked.method, asked.path) == ("POST", "/Users")
    ]


@pytest.fixture(scope="module")
def conflict(stage: Stage) -> Findings:
    """The look-up does not show what was made a moment ago, as with an index that lags."""
    mia = stage.person("conflict", "mia")
    for application in stage.applications.values():
        put_there(application, mia)
        application.tap.asked.clear()
    with all_hindered(stage, unseen="conflict.mia"):
        group = stage.group("conflict", "Engineers", mia)

        def expected(pair: Pair) -> State:
            return State(taken_over(pair, mia), should_be(pair, {}, {group: [mia]}).groups)

        return stage.reached("conflict", expected)


@every_pair
def test_whose_account_only_the_refusal_tells_of_has_it_and_no_second_one(
    conflict: Findings, pair: Pair, application: Application
) -> None:
    assert conflict[pair] == []
    said = 201 if pair.is_gitlab else 409  # GitLab says 201 again for an identity that is there
    # An attempt that was begun anew has looked twice, and the second look shows it: then nothing is sent to be refused.
    answers = told_of_creations(application)
    assert not answers or said in answers


def test_most_of_them_did_refuse(conflict: Findings, stage: Stage) -> None:
    refused = [pair for pair, each in stage.applications.items() if 409 in told_of_creations(each)]
    others = [pair for pair in stage.applications if not pair.is_gitlab]
    assert len(refused) > len(others) / 2


@pytest.fixture(scope="module")
def same(stage: Stage) -> Findings:
    mia = stage.person("same", "mia")
    stranger = Person("", "same.stranger", "same.stranger@example.com")
    name = "same Engineers"
    for pair, application in stage.applications.items():
        if not pair.connector.groups:
            continue
        theirs = put_there(application, stranger)
        made = application.target.put_there("Groups", {"schemas": [GROUP], "displayName": name})
        patch = {"op": "add", "path": "members", "value": [{"value": theirs["id"]}]}
        operations = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [patch]}
        assert application.target.ask("PATCH", f"/Groups/{made['id']}", operations).ok
    group = stage.group("same", "Engineers", mia)

    def expected(pair: Pair) -> State:
        if not pair.connector.groups:
            return should_be(pair, {mia: True})
        accounts = pair.account(mia) | older(pair, stranger, stranger.email)
        if stuck := limit("take over group", pair):
            return State(accounts, {name: frozenset({pair.name(stranger)})}, {group.id: stuck.words})
        return State(accounts, {name: frozenset({pair.name(mia)})})

    return stage.reached("same", expected)


@pairs(lambda pair: pair.connector.groups)
def test_a_group_of_the_same_name_is_taken_over_with_its_members(same: Findings, pair: Pair) -> None:
    assert same[pair] == []
