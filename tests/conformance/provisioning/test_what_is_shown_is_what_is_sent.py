"""The plan against the requests at the target, and a second synchronization against their absence."""

import json
from typing import Any

import pytest

from tests.conformance.provisioning.expectations import should_be
from tests.conformance.provisioning.kinds import Pair, every_pair
from tests.conformance.provisioning.limits import limit
from tests.conformance.provisioning.stage import Application, Findings, Stage, until
from tests.conformance.provisioning.tap import Asked


@pytest.fixture(scope="module")
def settled(stage: Stage) -> dict[Pair, list[Asked]]:
    """What every application was asked in a synchronization that had nothing to do."""
    mia = stage.person("nothing", "mia")
    group = stage.group("nothing", "Engineers", mia)
    found = stage.reached("nothing", lambda pair: should_be(pair, {mia: True}, {group: [mia]}))
    assert not any(found.values()), found
    asked = {}
    for pair, application in stage.applications.items():
        application.synchronize()
        application.tap.asked.clear()
        application.synchronize()
        asked[pair] = list(application.tap.asked)
    return asked


@every_pair
def test_a_second_synchronization_sends_nothing(
    settled: dict[Pair, list[Asked]], application: Application
) -> None:
    """Whom the application refused is tried again, and refused again."""
    asked = settled[application.pair]
    assert [each for each in asked if each.writes and each.status < 400] == []
    if not application.refused():
        assert asked == []


@every_pair
def test_one_who_is_new_is_asked_for_and_made(
    settled: dict[Pair, list[Asked]], late: dict[Pair, list[Asked]], pair: Pair
) -> None:
    """The negative control: what a synchronization sends does pass here."""
    users = [asked for asked in late[pair] if asked.path.startswith("/Users")]
    of_hers = [asked for asked in users if "nothing.late" in f"{asked.path} {asked.body}"]
    assert [asked.method for asked in of_hers] == ["GET", "POST"]


@pytest.fixture(scope="module")
def late(stage: Stage) -> dict[Pair, list[Asked]]:
    for application in stage.applications.values():
        application.tap.asked.clear()
    person = stage.person("nothing", "late")
    stage.group("nothing", "Others", person)
    for application in stage.applications.values():
        until(lambda application=application: application.tap.writes())  # type: ignore[misc]
        application.synchronize()
    return {pair: list(application.tap.asked) for pair, application in stage.applications.items()}


Shown = dict[str, Any]


@pytest.fixture(scope="module")
def planned(stage: Stage) -> tuple[dict[Pair, list[Shown]], dict[Pair, list[Asked]], Findings]:
    """The plan's rows, the writes that followed, and what came of them."""
    mia = stage.person("plan", "mia", job_title="Engineer")
    ben, cleo = stage.person("plan", "ben"), stage.person("plan", "cleo")
    group = stage.group("plan", "Engineers", mia, ben)
    first = mia
    stage.reached("plan", lambda pair: should_be(pair, {mia: True, ben: True}, {group: [mia, ben]}))
    for application in stage.applications.values():
        application.post("pause")
        application.tap.asked.clear()
    mia = stage.change(mia, last_name="Muster", job_title="Head")
    stage.leave(group, ben)
    others = stage.group("plan", "Others", cleo)
    rows = {pair: _rows(application) for pair, application in stage.applications.items()}
    for application in stage.applications.values():
        application.post("resumption")

    def expected(pair: Pair) -> Any:
        told = first if limit("update", pair) else mia
        people = {told: True, ben: False, cleo: True}
        return should_be(pair, people, {group: [told], others: [cleo]}, before={group: [told, ben]})

    found = stage.reached("plan", expected)
    sent = {pair: application.tap.writes() for pair, application in stage.applications.items()}
    return rows, sent, found


def _rows(application: Application) -> list[Shown]:
    """Of this story: what others left refused is owed still."""
    rows: list[Shown] = application.plan()["rows"]
    return [row for row in rows if row["name"].startswith("plan ") or row["name"].endswith(" of plan")]


@every_pair
def test_what_the_plan_shows_is_what_is_sent(
    planned: tuple[dict[Pair, list[Shown]], dict[Pair, list[Asked]], Findings], application: Application
) -> None:
    rows, sent, found = (each[application.pair] for each in planned)
    assert found == []
    shown = [_as_sent(row, application) for row in rows]
    # Whom the application refused in other stories is tried once more, since a group was bound.
    told = [_told(asked) for asked in sent if asked.status < 400 or _told(asked) in shown]
    assert [each for each in shown if each not in told] == []
    assert [each for each in told if each not in shown] == _not_shown(application.pair, told)


def _as_sent(row: Shown, application: Application) -> tuple[str, str]:
    """Kind and document. New accounts have no id yet when the plan is shown."""
    names = {user["id"]: str(user[application.target.key]) for user in application.target.all_of("Users")}
    text = json.dumps(row["document"], sort_keys=True)
    for resource_id, name in names.items():
        text = text.replace(f"new: {name.partition('@')[0]}", resource_id)
    return row["kind"], text


def _told(asked: Asked) -> tuple[str, str]:
    document = asked.body["Operations"] if asked.method == "PATCH" else asked.body
    return "user" if asked.path.startswith("/Users") else "group", json.dumps(document, sort_keys=True)


def _not_shown(pair: Pair, told: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """GitLab ignores members when a group is made, so they follow in a request of their own."""
    if not limit("plan", pair):
        return []
    return [each for each in told if each[0] == "group" and '"Add"' in each[1]]
