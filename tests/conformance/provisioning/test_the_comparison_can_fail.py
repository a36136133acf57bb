"""The negative controls: a target that only says that it did something, and every kind of difference by itself."""

import dataclasses

import pytest

from tests.conformance.provisioning.connectors import CONNECTORS, Person
from tests.conformance.provisioning.expectations import all_hindered, should_be
from tests.conformance.provisioning.kinds import Pair, every_pair
from tests.conformance.provisioning.stage import Findings, Stage, until
from tests.conformance.provisioning.state import Account, State, differences, value_at
from tests.conformance.provisioning.tap import Tap

THERE = State(
    {"mia": Account({"title": "Engineer"}), "noah": Account({"title": ""}, active=False)},
    {"Engineers": frozenset({"mia"})},
    {"u1": "it is poison"},
)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"accounts": {"mia": THERE.accounts["mia"]}}, "account noah should not be there"),
        ({"accounts": {**THERE.accounts, "olga": Account({})}}, "account olga is missing"),
        ({"accounts": {**THERE.accounts, "noah": Account({})}}, "noah is inactive"),
        (
            {"accounts": {**THERE.accounts, "mia": Account({"title": "Head"})}},
            "mia has title “Engineer” instead of “Head”",
        ),
        ({"groups": {}}, "group Engineers should not be there"),
        ({"groups": {"Engineers": frozenset()}}, "Engineers has the members ['mia'] instead of []"),
        ({"refused": {}}, "refusal u1 should not be there"),
        ({"refused": {"u1": "wine"}}, "it said “it is poison” instead of “wine”"),
    ],
)
def test_each_difference_is_told(wanted: dict[str, object], words: str) -> None:
    assert differences(dataclasses.replace(THERE, **wanted), THERE) == [words]


def test_what_is_the_same_has_no_difference() -> None:
    assert differences(dataclasses.replace(THERE, refused={"u1": "poison"}), THERE) == []


@pytest.mark.parametrize(
    ("resource", "path", "value"),
    [
        ({"name.formatted": "Mia"}, "name.formatted", "Mia"),
        ({"name": {"formatted": "Mia"}}, "name.formatted", "Mia"),
        ({"emails": [{"type": "home", "value": "h"}, {"type": "work", "value": "w"}]}, 'emails[type eq "work"].value', "w"),
        ({"emails": [{"type": "home", "value": "h"}]}, 'emails[type eq "work"].value', ""),
        ({}, "title", ""),
    ],
)  # fmt: skip
def test_values_are_read_as_they_stand(resource: dict[str, object], path: str, value: str) -> None:
    assert value_at(resource, path) == value


def test_no_two_connectors_tell_the_same() -> None:
    person = Person("1", "mia", "mia@example.com", "Mia", "Muster", "M", "Head", "+44", "Europe/Paris")
    told = [{path: tell(person) for path, tell in connector.tells.items()} for connector in CONNECTORS]
    assert told[0] == told[1]
    assert len({str(sorted(each.items())) for each in told}) == 3


@pytest.fixture(scope="module")
def deaf(stage: Stage) -> Findings:
    """Every target says 204 to what it is told after the account was made, and does nothing of it."""
    mia = stage.person("control", "mia")
    group = stage.group("control", "Engineers", mia)
    stage.reached("control", lambda pair: should_be(pair, {mia: True}, {group: [mia]}))
    with all_hindered(stage, deaf=frozenset({"PATCH", "PUT"})):
        for application in stage.applications.values():
            application.tap.asked.clear()
        stage.suspend(mia)
        for application in stage.applications.values():
            until(lambda tap=application.tap: _told(tap))  # type: ignore[misc]
        return {
            pair: differences(State(pair.account(mia, active=False)), application.state("control", set()))
            for pair, application in stage.applications.items()
        }


def _told(tap: Tap) -> bool:
    return any(asked.method == "PATCH" and asked.path.startswith("/Users") for asked in tap.asked)


@every_pair
def test_a_target_that_only_says_so_is_found_out(deaf: Findings, pair: Pair) -> None:
    (name,) = pair.account(Person("", "control.mia", "control.mia@example.com"))
    assert f"{name} is active" in deaf[pair]
