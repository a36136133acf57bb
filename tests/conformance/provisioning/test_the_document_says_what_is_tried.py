"""docs/conformance.md is no promise by hand: its table of connectors is compared with what runs here."""

import importlib

import pytest

from tests.architecture.source import ROOT
from tests.conformance.provisioning.connectors import CONNECTORS, Connector
from tests.conformance.provisioning.kinds import KINDS, SANDBOX, Pair
from tests.conformance.provisioning.limits import LIMITS, SCENARIOS, limit
from tests.conformance.saml.test_the_document_says_what_is_tried import locked, rows

PAGE = (ROOT / "docs/conformance.md").read_text()
SIGNS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
TESTS = {
    "activate": "test_applications_are_activated::test_activating_reads_and_shows_the_request",
    "create": "test_people_have_the_accounts_they_should::test_a_new_member_has_an_account_with_every_mapped_attribute",
    "take over": "test_accounts_that_are_there_already::test_the_persons_own_is_taken_over_and_somebody_elses_left_alone",
    "conflict": "test_accounts_that_are_there_already::test_whose_account_only_the_refusal_tells_of_has_it_and_no_second_one",
    "update": "test_people_have_the_accounts_they_should::test_every_changed_attribute_follows",
    "rename": "test_people_have_the_accounts_they_should::test_another_user_name_and_e_mail_address_follow",
    "deactivate": "test_people_have_the_accounts_they_should::test_whoever_is_suspended_is_inactive_there_and_in_no_group",
    "keep": "test_policies_say_what_becomes_of_leavers::test_keep_leaves_the_account_active",
    "delete": "test_policies_say_what_becomes_of_leavers::test_delete_deletes_and_is_refused_where_the_application_cannot",
    "groups": "test_groups_are_what_they_are_here::test_a_group_comes_with_its_members_and_an_empty_one_not_at_all",
    "leave group": "test_groups_are_what_they_are_here::test_whoever_leaves_a_group_leaves_it_there_and_keeps_the_account",
    "take over group": "test_accounts_that_are_there_already::test_a_group_of_the_same_name_is_taken_over_with_its_members",
    "unbind": "test_groups_are_what_they_are_here::test_an_unbound_group_stays_as_it_is_and_whom_no_other_group_covers_is_inactive",
    "token": "test_applications_are_activated::test_a_token_that_ends_quarantines_the_application",
    "no patch": "test_targets_that_lack_something::test_without_patch_the_same_is_put_there",
    "filters ignored": "test_targets_that_lack_something::test_filters_that_are_ignored_let_nobody_be_mistaken",
    "no filters": "test_targets_that_lack_something::test_without_filters_everybody_is_read_where_the_configuration_says_so",
    "import": "test_whoever_is_there_is_imported::test_every_account_is_read",
    "nothing": "test_what_is_shown_is_what_is_sent::test_a_second_synchronization_sends_nothing",
    "plan": "test_what_is_shown_is_what_is_sent::test_what_the_plan_shows_is_what_is_sent",
}


def cell(scenario: str, connector: Connector) -> str:
    found = {kind: limit(scenario, Pair(connector, kind)) for kind in KINDS}
    notes = {each.note for each in found.values() if each}
    if not notes:
        return "yes"
    signs = "".join(SIGNS[note] for note in sorted(notes))
    cannot = [kind.name for kind, each in found.items() if each]
    return f"no {signs}" if len(cannot) == len(KINDS) else f"not at {' and '.join(cannot)} {signs}"


def test_the_columns_are_the_connectors() -> None:
    assert rows(PAGE)["Connector"] == [connector.name for connector in CONNECTORS]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_what_a_pair_cannot_do_is_said(scenario: str) -> None:
    assert rows(PAGE)[SCENARIOS[scenario]] == [cell(scenario, connector) for connector in CONNECTORS]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_row_is_a_test_of_every_pair_that_can_be_tried(scenario: str) -> None:
    module, _, name = TESTS[scenario].partition("::")
    test = getattr(importlib.import_module(f"tests.conformance.provisioning.{module}"), name)
    (mark,) = [mark for mark in test.pytestmark if mark.name == "parametrize"]
    untried = {connector.key for connector in CONNECTORS} - {pair.connector.key for pair in mark.args[1]}
    assert untried <= {"gitlab_saas"}, "only what has no groups is spared the tests of groups"
    assert all(limit(scenario, Pair(CONNECTORS[0], kind)) for kind in KINDS if untried)


def test_every_note_is_there_once_and_used() -> None:
    section = PAGE.partition("## Provisioning")[2]
    assert [line.split(".")[0] for line in section.splitlines() if line[:1].isdigit()] == [
        str(note) for note in sorted(each.note for each in LIMITS)
    ]
    for each in LIMITS:
        assert any(
            limit(scenario, Pair(connector, kind)) is each
            for scenario in SCENARIOS
            for connector in CONNECTORS
            for kind in KINDS
        )


def test_the_versions_are_those_that_are_installed() -> None:
    versions = locked()
    for kind in KINDS:
        if kind is not SANDBOX:
            assert f"{kind.name} {versions[kind.name]}" in PAGE
    assert f"Express {versions['express']}" in PAGE
    assert f"Express {versions['express5']}" in PAGE
