"""One person from the first day to the return, everywhere at once."""

import dataclasses

import pytest

from tests.conformance.provisioning.connectors import Person
from tests.conformance.provisioning.expectations import should_be
from tests.conformance.provisioning.kinds import Pair, every_pair
from tests.conformance.provisioning.limits import limit
from tests.conformance.provisioning.stage import Findings, Stage
from tests.conformance.provisioning.state import State

FIRST = {
    "first_name": "Mía",
    "last_name": "O'Brien",
    "display_name": 'Mía "the \\ tester" Ünïcode',
    "job_title": "Engineer",
    "work_phone": "+44 20 7946 0000",
    "timezone": "Europe/London",
}
SECOND = {
    "first_name": "Maria",
    "last_name": "Muster",
    "display_name": "Maria M.",
    "job_title": "Head of 🤖 & <b>Firmware</b>",
    "work_phone": "+49 30 1234",
    "timezone": "Europe/Berlin",
}
WITHOUT = {"job_title": "", "work_phone": "", "timezone": ""}
RENAMED = {"username": "life.maria", "email": "life.maria@example.org"}


def told(pair: Pair, person: Person, first: Person) -> Person:
    """What the application has been told of the person: GitLab nothing since the account was made, Pulumi no other user name."""
    if limit("update", pair):
        return first
    return dataclasses.replace(person, username=first.username) if limit("rename", pair) else person


@pytest.fixture(scope="module")
def life(stage: Stage) -> dict[str, Findings]:
    first = mia = stage.person("life", "mia", **FIRST)
    noah = stage.person("life", "noah", first_name="Noah", last_name="Stays")
    group = stage.group("life", "Engineers", mia, noah)
    found: dict[str, Findings] = {}

    def look(step: str, *, active: bool = True, leaves: bool = False) -> None:
        def expected(pair: Pair) -> State:
            people = {told(pair, mia, first): active, noah: True}
            before = {group: people} if leaves else {}
            members = [person for person, there in people.items() if there]
            return should_be(pair, people, {group: members}, before=before)

        found[step] = stage.reached("life", expected)

    look("created")
    mia = stage.change(mia, **SECOND)
    look("changed")
    mia = stage.change(mia, **WITHOUT)
    look("emptied")
    mia = stage.change(mia, **RENAMED)
    look("renamed")
    mia = stage.change(mia, last_name="Later")
    look("changed after that")
    stage.suspend(mia)
    look("suspended", active=False, leaves=True)
    stage.reactivate(mia)
    look("reactivated")
    stage.leave(group, mia)
    look("left", active=False, leaves=True)
    stage.join(group, mia)
    look("returned")
    return found


@every_pair
def test_a_new_member_has_an_account_with_every_mapped_attribute(
    life: dict[str, Findings], pair: Pair
) -> None:
    assert life["created"][pair] == []


@every_pair
def test_every_changed_attribute_follows(life: dict[str, Findings], pair: Pair) -> None:
    assert life["changed"][pair] == []


@every_pair
def test_what_became_empty_is_removed_there(life: dict[str, Findings], pair: Pair) -> None:
    assert life["emptied"][pair] == []


@every_pair
def test_another_user_name_and_e_mail_address_follow(life: dict[str, Findings], pair: Pair) -> None:
    assert life["renamed"][pair] == []


@every_pair
def test_a_name_that_cannot_change_is_in_the_way_of_nothing(life: dict[str, Findings], pair: Pair) -> None:
    assert life["changed after that"][pair] == []


@every_pair
def test_whoever_is_suspended_is_inactive_there_and_in_no_group(
    life: dict[str, Findings], pair: Pair
) -> None:
    assert life["suspended"][pair] == []


@every_pair
def test_whoever_is_reactivated_is_active_there(life: dict[str, Findings], pair: Pair) -> None:
    assert life["reactivated"][pair] == []


@every_pair
def test_whoever_leaves_the_last_group_is_inactive_there(life: dict[str, Findings], pair: Pair) -> None:
    assert life["left"][pair] == []


@every_pair
def test_whoever_returns_has_the_same_account_again(life: dict[str, Findings], pair: Pair) -> None:
    assert life["returned"][pair] == []
