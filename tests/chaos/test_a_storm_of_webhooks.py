"""Webhooks against real processes that are killed, a Redis that is emptied and receivers at their worst; each promise beside its control."""

from typing import Any

import pytest

from tests.chaos.conftest import NEEDS_SERVICES, report_of

pytestmark = [NEEDS_SERVICES, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def storm(tmp_path_factory) -> dict[str, Any]:
    return report_of(["--webhooks"], tmp_path_factory.mktemp("webhooks"))


def test_it_was_a_storm(storm):
    """Otherwise the rest would prove nothing."""
    assert storm["committed"] > 80
    assert storm["rolled_back"] > 20
    assert storm["faults"]["flaky"] >= 6
    assert storm["faults"]["sick"] >= 3


def test_every_event_arrives_at_every_endpoint_that_wants_it(storm):
    assert set(storm["missing"].values()) == {0}
    assert storm["without"]["the sweeper"] > 0


def test_in_order_and_one_at_a_time(storm):
    assert set(storm["backward"].values()) == {0}
    assert set(storm["at_once"].values()) == {1}
    assert storm["without"]["order"] > 0
    assert storm["without"]["the turn"] > 1


def test_nothing_that_was_rolled_back_is_sent(storm):
    assert storm["rolled_back_seen"] == 0
    assert storm["without"]["the commit"] == storm["rolled_back"]


def test_no_request_is_sent_while_an_endpoint_has_asked_for_a_pause(storm):
    assert storm["told"] == 4
    assert storm["inside"] == 0
    assert storm["without"]["Retry-After"] > 0


def test_a_sick_endpoint_is_quarantined_comes_back_and_holds_nobody_else(storm):
    assert storm["sick"] == "quarantined"
    assert storm["held meanwhile"] > 10
    assert storm["others held meanwhile"] == 0
    assert storm["sick without quarantine"] == "active"
