"""Groups from their creation to their end, where the application has them; and nothing about groups where it has none."""

import pytest

from tests.conformance.provisioning.expectations import should_be
from tests.conformance.provisioning.kinds import Pair, every_pair, pairs, with_groups
from tests.conformance.provisioning.stage import Application, Findings, Stage


@pytest.fixture(scope="module")
def team(stage: Stage) -> dict[str, Findings]:
    """Everybody stays in another group, so nobody loses an account."""
    ann, ben, cleo = (stage.person("team", name) for name in ("ann", "ben", "cleo"))
    people = dict.fromkeys((ann, ben, cleo), True)
    others = stage.group("team", "Others", *people)
    engineers = stage.group("team", "Engineers", ann, ben)
    empty = stage.group("team", "nobody")
    found = {}
    found["created"] = stage.reached(
        "team", lambda pair: should_be(pair, people, {others: people, engineers: [ann, ben]})
    )
    stage.join(engineers, cleo)
    found["joined"] = stage.reached(
        "team", lambda pair: should_be(pair, people, {others: people, engineers: people})
    )
    platform = stage.rename(engineers, "team Platform")
    found["renamed"] = stage.reached(
        "team", lambda pair: should_be(pair, people, {others: people, platform: people})
    )
    stage.remove_group(platform)
    stage.remove_group(empty)
    found["removed"] = stage.reached("team", lambda pair: should_be(pair, people, {others: people}))
    return found


@with_groups
def test_a_group_comes_with_its_members_and_an_empty_one_not_at_all(
    team: dict[str, Findings], pair: Pair
) -> None:
    assert team["created"][pair] == []


@with_groups
def test_whoever_joins_is_added(team: dict[str, Findings], pair: Pair) -> None:
    assert team["joined"][pair] == []


@with_groups
def test_a_new_name_follows_and_the_members_stay(team: dict[str, Findings], pair: Pair) -> None:
    assert team["renamed"][pair] == []


@with_groups
def test_a_group_that_is_deleted_here_is_deleted_there_and_its_people_stay(
    team: dict[str, Findings], pair: Pair
) -> None:
    assert team["removed"][pair] == []


@pairs(lambda pair: not pair.connector.groups)
def test_an_application_without_groups_is_never_asked_about_any(
    team: dict[str, Findings], application: Application
) -> None:
    assert team["removed"][application.pair] == []
    assert [asked for asked in application.tap.asked if asked.path.startswith("/Groups")] == []


@pytest.fixture(scope="module")
def leaver(stage: Stage) -> Findings:
    ann, ben = stage.person("leaver", "ann"), stage.person("leaver", "ben")
    people = {ann: True, ben: True}
    others = stage.group("leaver", "Others", ann, ben)
    group = stage.group("leaver", "Engineers", ann, ben)
    stage.reached("leaver", lambda pair: should_be(pair, people, {others: people, group: people}))
    stage.leave(group, ben)
    return stage.reached(
        "leaver",
        lambda pair: should_be(pair, people, {others: people, group: [ann]}, before={group: people}),
    )


@every_pair
def test_whoever_leaves_a_group_leaves_it_there_and_keeps_the_account(leaver: Findings, pair: Pair) -> None:
    assert leaver[pair] == []


@pytest.fixture(scope="module")
def unbound(stage: Stage) -> Findings:
    ann, ben = stage.person("unbound", "ann"), stage.person("unbound", "ben")
    others = stage.group("unbound", "Others", ann)
    group = stage.group("unbound", "Engineers", ann, ben)
    groups = {others: [ann], group: [ann, ben]}
    stage.reached("unbound", lambda pair: should_be(pair, {ann: True, ben: True}, groups))
    stage.unbind(group)
    stage.reached("unbound", lambda pair: should_be(pair, {ann: True, ben: False}, groups))
    stage.rename(group, "unbound Platform")  # no business of theirs any more
    return stage.after_a_synchronization(
        "unbound", lambda pair: should_be(pair, {ann: True, ben: False}, groups)
    )


@every_pair
def test_an_unbound_group_stays_as_it_is_and_whom_no_other_group_covers_is_inactive(
    unbound: Findings, pair: Pair
) -> None:
    assert unbound[pair] == []
