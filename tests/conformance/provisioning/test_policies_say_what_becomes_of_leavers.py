"""Keep, suspend or delete; suspend is the default and stands in the story of one person."""

from typing import Any

import pytest

from tests.conformance.provisioning.expectations import should_be
from tests.conformance.provisioning.kinds import Pair, every_pair, pairs
from tests.conformance.provisioning.limits import limit
from tests.conformance.provisioning.stage import Findings, Stage


@pytest.fixture(scope="module")
def kept(stage: Stage) -> dict[str, Findings]:
    mia, noah = stage.person("keep", "mia"), stage.person("keep", "noah")
    group = stage.group("keep", "Engineers", mia, noah)
    people = {mia: True, noah: True}
    stage.reached("keep", lambda pair: should_be(pair, people, {group: people}))
    for application in stage.applications.values():
        application.configure(deprovisioning="keep")
    stage.leave(group, noah)
    found = {}
    found["keep"] = stage.after_a_synchronization(
        "keep", lambda pair: should_be(pair, people, {group: [mia]}, before={group: people})
    )
    for application in stage.applications.values():
        application.configure(deprovisioning="suspend")
        application.synchronize()
    found["suspend"] = stage.reached(
        "keep",
        lambda pair: should_be(pair, {mia: True, noah: False}, {group: [mia]}, before={group: people}),
    )
    return found


@every_pair
def test_keep_leaves_the_account_active(kept: dict[str, Findings], pair: Pair) -> None:
    assert kept["keep"][pair] == []


@every_pair
def test_going_back_to_suspend_deactivates_it(kept: dict[str, Findings], pair: Pair) -> None:
    assert kept["suspend"][pair] == []


@pytest.fixture(scope="module")
def gone(stage: Stage) -> tuple[dict[Pair, Any], Findings]:
    """What the API said to the policy, and what came of it."""
    mia, noah = stage.person("gone", "mia"), stage.person("gone", "noah")
    group = stage.group("gone", "Engineers", mia, noah)
    people = {mia: True, noah: True}
    stage.reached("gone", lambda pair: should_be(pair, people, {group: people}))
    said = {}
    for pair, application in stage.applications.items():
        wanted = application.settings | {"deprovisioning": "delete", "delete_after_days": 0}
        path = f"{application.path}/identity-management/"
        said[pair] = application.api.ask("PUT", path, json=wanted)
    stage.leave(group, noah)
    found = stage.reached(
        "gone",
        lambda pair: should_be(
            pair,
            {mia: True, noah: False} if limit("delete", pair) else {mia: True},
            {group: [mia]},
            before={group: people},
        ),
    )
    for application in stage.applications.values():
        application.configure(deprovisioning="suspend")
    return said, found


@every_pair
def test_delete_deletes_and_is_refused_where_the_application_cannot(
    gone: tuple[dict[Pair, Any], Findings], pair: Pair
) -> None:
    said, found = gone
    cannot = limit("delete", pair)
    if cannot is not None:
        assert said[pair].status_code == 400
        assert cannot.words in str(said[pair].json()["errors"]["deprovisioning"])
    else:
        assert said[pair].status_code == 200
    assert found[pair] == []


def test_only_the_generic_connector_deletes() -> None:
    """So that the test above is about both."""
    assert pairs(lambda pair: not limit("delete", pair)).args[1] != []
