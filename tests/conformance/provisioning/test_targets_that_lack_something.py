"""Real targets that have, for the moment, no PATCH, or no filters, or some that they ignore."""

from typing import Any

import pytest

from tests.conformance.provisioning.connectors import Group, Person
from tests.conformance.provisioning.expectations import all_hindered, should_be
from tests.conformance.provisioning.kinds import Pair, every_pair
from tests.conformance.provisioning.limits import limit
from tests.conformance.provisioning.stage import Application, Findings, Stage
from tests.conformance.provisioning.state import State
from tests.conformance.provisioning.test_accounts_that_are_there_already import older, put_there, taken_over


def activate_anew(application: Application) -> Any:
    """The answer, which may be a refusal."""
    path = f"{application.path}/identity-management/activation/"
    application.api.call("DELETE", path)
    return application.api.ask("POST", path, json={})


@pytest.fixture(scope="module")
def without_patch(stage: Stage) -> dict[str, Any]:
    """The findings, and by which methods they came about."""
    first = mia = stage.person("patch", "mia", job_title="Engineer", work_phone="+44 1")
    noah, olga = stage.person("patch", "noah"), stage.person("patch", "olga")
    group = stage.group("patch", "Engineers", mia, noah)
    stage.reached("patch", lambda pair: should_be(pair, {mia: True, noah: True}, {group: [mia, noah]}))
    found: dict[str, Any] = {}
    with all_hindered(stage, without=frozenset({"PATCH"})):
        for application in stage.applications.values():
            application.tap.asked.clear()
        mia = stage.change(mia, last_name="Muster", job_title="", timezone="Europe/Paris")
        stage.join(group, olga)
        stage.suspend(noah)

        def expected(pair: Pair) -> State:
            told = first if limit("update", pair) else mia
            return _with_put(pair, {told: True, olga: True, noah: False}, {group: [told, olga]})

        found["changed"] = stage.reached("patch", expected)
        found["used"] = {
            pair: {asked.method for asked in application.tap.writes() if asked.status < 300}
            for pair, application in stage.applications.items()
        }
    for application in stage.applications.values():
        application.tap.asked.clear()
        answer = activate_anew(application)
        assert answer.status_code == 200, answer.text

    def caught_up(pair: Pair) -> State:
        told = first if limit("update", pair) else mia
        return should_be(pair, {told: True, olga: True, noah: False}, {group: [told, olga]})

    # Whoever came back before that may never have been deactivated where PUT does not do it.
    found["caught up"] = stage.reached("patch", caught_up)
    stage.reactivate(noah)
    people = [mia, olga, noah]

    def afterwards(pair: Pair) -> State:
        told = [first if limit("update", pair) and each is mia else each for each in people]
        return should_be(pair, dict.fromkeys(told, True), {group: told})

    found["afterwards"] = stage.reached("patch", afterwards)
    found["used afterwards"] = {
        pair: {asked.method for asked in application.tap.writes()}
        for pair, application in stage.applications.items()
    }
    return found


def _with_put(pair: Pair, people: dict[Person, bool], groups: dict[Group, list[Person]]) -> State:
    stuck = limit("no patch", pair)
    if stuck is None:
        return should_be(pair, people, groups)
    wanted = should_be(pair, dict.fromkeys(people, True), groups)
    leavers = {person.id: stuck.words for person, active in people.items() if not active}
    return State(wanted.accounts, wanted.groups, leavers)


@every_pair
def test_without_patch_the_same_is_put_there(without_patch: dict[str, Any], pair: Pair) -> None:
    assert without_patch["changed"][pair] == []
    assert "PATCH" not in without_patch["used"][pair]
    if not limit("no patch", pair) and not limit("deactivate", pair):
        assert "PUT" in without_patch["used"][pair]


@every_pair
def test_when_it_has_learnt_patch_it_is_asked_by_patch_again(
    without_patch: dict[str, Any], pair: Pair
) -> None:
    assert without_patch["caught up"][pair] == []
    assert without_patch["afterwards"][pair] == []
    assert without_patch["used afterwards"][pair] == {"PATCH"}


@pytest.fixture(scope="module")
def ignored(stage: Stage) -> Findings:
    mia, noah = stage.person("ignored", "mia"), stage.person("ignored", "noah")
    for application in stage.applications.values():
        put_there(application, mia)
    with all_hindered(stage, filters="ignored"):
        group = stage.group("ignored", "Engineers", mia, noah)

        def expected(pair: Pair) -> State:
            groups = should_be(pair, {}, {group: [mia, noah]}).groups
            return State(taken_over(pair, mia) | pair.account(noah), groups)

        return stage.reached("ignored", expected)


@every_pair
def test_filters_that_are_ignored_let_nobody_be_mistaken(ignored: Findings, pair: Pair) -> None:
    assert ignored[pair] == []


@pytest.fixture(scope="module")
def without_filters(stage: Stage) -> dict[str, Any]:
    """What the activation answered, and what was found then where it was let in."""
    mia, noah = stage.person("without", "mia"), stage.person("without", "noah")
    said: dict[Pair, Any] = {}
    config = {"filter": {"supported": False, "maxResults": 0}}
    for application in stage.applications.values():
        put_there(application, mia)
    with all_hindered(stage, filters="refused", config=config):
        for pair, application in stage.applications.items():
            said[pair] = activate_anew(application)
        group = stage.group("without", "Engineers", mia, noah)

        def expected(pair: Pair) -> State:
            if limit("no filters", pair):  # it was not let in: nothing is told
                return State(older(pair, mia, mia.email))
            groups = should_be(pair, {}, {group: [mia, noah]}).groups
            return State(taken_over(pair, mia) | pair.account(noah), groups)

        found = stage.reached("without", expected)
    for application in stage.applications.values():
        answer = activate_anew(application)
        assert answer.status_code == 200, answer.text
    return {"said": said, "found": found}


@every_pair
def test_without_filters_everybody_is_read_where_the_configuration_says_so(
    without_filters: dict[str, Any], pair: Pair
) -> None:
    cannot, said = limit("no filters", pair), without_filters["said"][pair]
    if cannot is not None:
        assert said.status_code == 400
        assert cannot.words in str(said.json()["errors"]["base_url"])
    else:
        assert said.status_code == 200
        assert said.json()["capabilities"]["filter"] is False
    assert without_filters["found"][pair] == []
