"""The storm that CI runs, small; `bin/chaos` is the large one. Each promise is a test, and so is the control that has to fail."""

from typing import Any

import pytest

from tests.chaos.conftest import NEEDS_SERVICES, report_of

pytestmark = [NEEDS_SERVICES, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def storm(tmp_path_factory) -> dict[str, Any]:
    return report_of(["--small"], tmp_path_factory.mktemp("storm"))


def test_it_was_a_storm(storm):
    """Otherwise the rest would prove nothing."""
    assert storm["committed"] + storm["rolled_back"] >= 2000
    assert storm["rolled_back"] > 50
    assert storm["raging"] > 500
    assert storm["faulty"] >= 0.3 * storm["raging"]
    assert storm["late"] > 0


def test_no_committed_change_is_lost(storm):
    assert (storm["R1"], storm["parked"]) == ([], [])


def test_nothing_that_was_rolled_back_is_sent(storm):
    assert storm["R2"] == []


def test_told_before_the_commit_it_is_sent(storm):
    """Its negative control, in the same storm: of some people a task tells another application while the transaction is open."""
    assert storm["hasty_seen"] > 0


def test_nobody_is_there_twice(storm):
    """Neither where a second account of the same name is refused, nor where it is not."""
    assert storm["R3"] == {"app0": 0, "app1": 0, "app2": 0}


def test_changes_arrive_in_their_order_and_one_at_a_time(storm):
    assert (storm["R4_backward"], storm["R4_at_once"]) == ([], 1)


def test_it_ends_within_the_bound(storm):
    assert storm["left"] == storm["compared_at_night"] == 0
    assert storm["seconds"] <= 2 * storm["bound"]


def test_a_database_that_crashed_has_every_committed_change(storm):
    assert storm["R12"] == []


def test_every_attempt_is_in_the_log_once_and_the_token_nowhere(storm):
    assert storm["attempts"] > 0
    assert (storm["R15"], storm["R15_token"]) == ([], [])


def test_one_task_for_each_change_does_not_survive_it(storm):
    """Negative control, in the same storm: another application that is told of every change by a task of its own."""
    assert storm["naive_wrong"] > 0
    assert storm["naive_backward"] > 0
