"""One promise at a time, against real processes, and beside each the mechanism switched off: then it has to break."""

from typing import Any

import pytest

from tests.chaos.conftest import NEEDS_SERVICES, report_of

pytestmark = [NEEDS_SERVICES, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def scenarios(tmp_path_factory) -> dict[str, Any]:
    return report_of(["--scenarios"], tmp_path_factory.mktemp("scenarios"))


def test_nobody_is_there_twice(scenarios):
    found = scenarios["duplicates"]
    for kind, kept in found["kept"].items():
        assert kept["faults"] > 4, kind  # or nothing was in doubt
        assert (kept["duplicates"], kept["accounts"], kept["parked"]) == (0, 12, 0), kind
    broken = found["never looks first"]
    assert broken["allows"]["duplicates"] > 0
    assert broken["refuses"]["parked"] > 0  # refused as taken, and never found


def test_changes_arrive_in_their_order_and_one_at_a_time(scenarios):
    kept = scenarios["order"]["kept"]
    assert kept["late"] >= 8
    assert (kept["wrong"], kept["backward"], kept["at_once"]) == ([], [], 1)
    broken = scenarios["order"]["no settle window"]
    assert broken["at_once"] > 1
    assert broken["backward"]
    assert broken["wrong"]


def test_it_ends_whoever_was_killed(scenarios):
    found = scenarios["disaster"]["kept"]["convergence"]
    assert found["owed"] > 0
    assert (found["left"]["kept"], found["accounts"]) == (0, 40)
    assert found["seconds"] <= found["bound"]
    assert found["left"]["nobody sweeps"] > 0
    assert found["left"]["leases never end"] > 0


def test_a_large_customer_does_not_starve_a_small_one(scenarios):
    kept = scenarios["fairness"]["kept"]
    assert kept["still_owed"] > 500  # or there was nothing to wait behind
    assert kept["behind"] <= max(3 * kept["idle"], 1.0)  # below a second the machine's own noise counts
    assert kept["behind_slowest"] <= kept["idle_slowest"] + 5
    broken = scenarios["one-queue"]["kept"]
    assert broken["behind"] > 3 * broken["idle"]
    assert broken["behind"] > 5


def test_losing_access_overtakes_a_backlog_of_creations(scenarios):
    kept = scenarios["deactivation"]["kept"]
    assert kept["still_owed"] > 500
    assert kept["arrived"] == 20
    assert kept["slowest"] <= 60
    broken = scenarios["deactivation"]["in order of arrival"]
    assert broken["still_owed"] > 500
    assert broken["arrived"] < 10  # who was about to be compared anyway is not late


def test_nobody_is_removed_in_masses_before_an_administrator_agrees(scenarios):
    kept = scenarios["mass-removal"]["kept"]
    assert (kept["held"], kept["gone_before"], kept["gone_while_held"]) == (30, 0, 0)
    assert (kept["gone_after_giving_back"], kept["changed_before"]) == (0, 0)
    assert (kept["approved"], kept["gone_after"]) == (30, 30)
    assert scenarios["mass-removal"]["no guard"]["gone_before"] == 30


def test_an_application_that_refuses_the_token_is_left_alone_and_comes_back(scenarios):
    kept = scenarios["sick-target"]["kept"]
    assert kept["state"] == "quarantined"
    assert kept["wrong"] == []
    broken = scenarios["sick-target"]["neither quarantine nor pauses"]
    assert 0 < kept["and_then"] <= kept["allowed"]
    assert broken["state"] == "active"
    assert broken["and_then"] > 2 * broken["allowed"]


def test_no_request_is_sent_while_an_application_has_asked_for_a_pause(scenarios):
    kept = scenarios["retry-after"]["kept"]
    assert kept["told"] > 2
    assert (kept["inside"], kept["states"]) == (0, {"done": 61})
    assert scenarios["retry-after"]["deaf to Retry-After"]["inside"] > 0


def test_one_record_that_is_refused_for_good_hurts_only_itself(scenarios):
    kept = scenarios["poison"]["kept"]
    assert (kept["created"], kept["tries"], kept["states"]["parked"]) == (99, 1, 1)
    assert kept["writes_for_others"] == 99  # not one more than without it
    assert scenarios["poison"]["never gives up"]["tries"] > 1


def test_a_database_that_crashed_has_every_committed_change_and_what_is_owed(scenarios):
    found = scenarios["disaster"]["kept"]
    kept = found["crash"]
    assert (kept["committed"], kept["lost"], kept["wrong"]) == (60, [], [])
    assert kept["naively_wrong"] > kept["naively_wrong_before"] == 0  # what is owed stood in Redis
    assert found["commits that do not wait"]["lost"]


def test_every_attempt_is_in_the_log_once_and_the_token_nowhere(scenarios):
    kept = scenarios["log"]["kept"]
    assert kept["attempts"] > 15
    assert kept["repeated"] > 0  # the token, by the application
    assert (kept["unexplained"], kept["token"]) == ([], [])
    assert scenarios["log"]["forgets the event"]["unexplained"]
    assert scenarios["log"]["repeats what it was told"]["token"] == ["database"]


def test_a_changed_a_copied_and_a_removed_event_are_found(scenarios):
    """The searches themselves: what they are silent about is not there."""
    found = scenarios["log"]["kept"]["found"]
    assert any("was changed" in fault for fault in found["changed"])
    assert found["put_right"] == []
    assert any(": 2 events" in fault for fault in found["copied"])
    assert any(": 0 events" in fault for fault in found["removed"])
    assert any("missing" in fault for fault in found["removed"])
    assert found["planted"] == ["planted.log"]
