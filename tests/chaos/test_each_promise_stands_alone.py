"""One promise at a time, against real processes, and beside each the mechanism switched off: then it has to break."""

import pytest

from tests.chaos.conftest import NEEDS_SERVICES, report_of

pytestmark = [
    NEEDS_SERVICES,
    pytest.mark.usefixtures("asked_for"),
    pytest.mark.timeout(600),
]


@pytest.fixture
def scenario(tmp_path):
    def ran(name: str, *options: str) -> dict:
        return report_of(["--scenario", name, *options], tmp_path)

    return ran


def test_a_large_customer_does_not_starve_a_small_one(scenario):
    kept = scenario("fairness", "--scale", "3000")
    assert kept["still_owed"] > 1000  # or there was nothing to wait behind
    assert kept["behind"] <= max(3 * kept["idle"], 1.0)  # below a second the machine's own noise counts
    assert kept["behind_p95"] <= kept["idle_p95"] + 5
    broken = scenario("fairness", "--scale", "1500", "--control")
    assert broken["behind"] > 3 * broken["idle"]
    assert broken["behind"] > 5


def test_losing_access_overtakes_a_backlog_of_creations(scenario):
    kept = scenario("deactivation", "--scale", "3000")
    assert kept["still_owed"] > 1000
    assert kept["arrived"] == 20
    assert kept["slowest"] <= 60
    broken = scenario("deactivation", "--scale", "3000", "--control")
    assert broken["still_owed"] > 1000
    assert broken["arrived"] < 10  # who was about to be compared anyway is not late


def test_nobody_is_removed_in_masses_before_an_administrator_agrees(scenario):
    kept = scenario("mass-removal")
    assert (kept["held"], kept["gone_before"], kept["gone_after_giving_back"]) == (30, 0, 0)
    assert (kept["approved"], kept["gone_after"]) == (30, 30)
    broken = scenario("mass-removal", "--control")
    assert broken["gone_before"] == 30


def test_an_application_that_refuses_the_token_is_left_alone_and_comes_back(scenario):
    kept = scenario("sick-target")
    assert kept["state"] == "quarantined"
    assert kept["wrong"] == []
    broken = scenario("sick-target", "--control")
    assert broken["state"] == "active"
    assert broken["refused"] > 2 * kept["refused"]


def test_no_request_is_sent_while_an_application_has_asked_for_a_pause(scenario):
    kept = scenario("retry-after")
    assert kept["told"] > 2
    assert kept["inside"] == 0
    broken = scenario("retry-after", "--control")
    assert broken["inside"] > 0


def test_one_record_that_is_refused_for_good_hurts_only_itself(scenario):
    kept = scenario("poison", "--scale", "300")
    assert (kept["created"], kept["tries"], kept["states"]["parked"]) == (299, 1, 1)
    assert kept["requests_for_others"] == 2 * 299  # looked up and created: not one more than without it
    broken = scenario("poison", "--scale", "300", "--control")
    assert broken["tries"] > 1
