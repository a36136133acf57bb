"""Fix: somebody's account is there under another name or address, and an administrator says which one it is."""

import pytest

from apps.directory import actions as directory
from apps.events.models import Event
from apps.provisioning import actions
from apps.provisioning.errors import ActivationRefused, IntegrationInvalid
from apps.provisioning.linking import find_account, is_fixable, link_account, owner_of
from apps.provisioning.models import JobState, RemoteUser
from tests.provisioning.conftest import joins

pytestmark = pytest.mark.django_db


@pytest.fixture
def taken(staffed):
    """Noah's username is there already, with another e-mail address: it may be somebody else's, so he waits."""
    company = staffed(manage_groups=True)
    company.there = company.target.add_user("noah", "old@example.com", displayName="Noah of old")
    (company.noah,) = joins(company, "noah")
    company.work()
    assert company.job(company.noah).state == JobState.PARKED
    return company


def test_it_is_found_by_its_name_or_its_id_by_reading_only(taken):
    taken.target.journal.clear()
    for text in ("noah", "NOAH ", taken.there["id"]):
        found = find_account(taken.integration, text)
        assert (found.remote_id, found.email, found.name) == (
            taken.there["id"],
            "old@example.com",
            "Noah of old",
        )
    assert {asked.method for asked in taken.target.journal} == {"GET"}


def test_from_then_on_it_is_theirs_and_kept_up_to_date(taken):
    assert is_fixable(taken.job(taken.noah))
    link_account(taken.integration, taken.noah, taken.there["id"], actor=taken.actor)
    taken.work()
    assert taken.job(taken.noah).state == JobState.DONE
    assert not is_fixable(taken.job(taken.noah))
    account = taken.target.named("noah")
    assert account["emails"][0]["value"] == "noah@example.com"
    assert len(taken.target.users) == 2
    assert taken.target.members_of("Engineering") == {"mia", "noah"}
    assert taken.remote(taken.noah).linked
    told = Event.objects.filter(type="idm_integration_update", details__linked=str(taken.noah.pk)).get()
    assert told.details["account"] == taken.there["id"]
    directory.remove_member(taken.engineering, taken.noah, actor=taken.actor)
    taken.work()
    assert taken.target.active_names() == {"mia"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nobody", "shows no such account"),
        ("", "Enter the account's username"),
        ("x" * 300, "Enter the account's"),
        ("no\u202eah", ""),
    ],
)
def test_what_is_not_there_is_said(taken, text, words):
    with pytest.raises(IntegrationInvalid) as refused:
        find_account(taken.integration, text)
    assert words in refused.value.fields["account"][0]


def test_somebody_elses_account_is_refused(taken):
    with pytest.raises(IntegrationInvalid, match="belongs to Mia Example") as refused:
        link_account(taken.integration, taken.noah, taken.remote(taken.mia).remote_id, actor=taken.actor)
    assert refused.value.fields.keys() == {"account"}
    assert RemoteUser.objects.count() == 1


def test_the_same_account_a_second_time_is_no_other_one(taken):
    link_account(taken.integration, taken.noah, taken.there["id"], actor=taken.actor)
    with pytest.raises(IntegrationInvalid, match="is linked to this account already"):
        link_account(taken.integration, taken.noah, taken.there["id"], actor=taken.actor)


def test_whose_account_was_found_is_known_before_it_is_linked(taken):
    assert owner_of(taken.integration, find_account(taken.integration, "mia")) == taken.mia
    assert owner_of(taken.integration, find_account(taken.integration, "noah")) is None


def test_whoever_has_one_gets_no_second(taken):
    with pytest.raises(IntegrationInvalid, match="already has another account"):
        link_account(taken.integration, taken.mia, taken.there["id"], actor=taken.actor)


def test_what_a_deleted_person_had_is_free(taken):
    (olga,) = joins(taken, "olga")
    taken.work()
    remote_id = taken.remote(olga).remote_id
    directory.remove_user(olga, actor=taken.actor)
    taken.work()
    link_account(taken.integration, taken.noah, remote_id, actor=taken.actor)
    taken.work()
    assert taken.remote(taken.noah).remote_id == remote_id


def test_nothing_is_linked_where_nothing_is_sent(taken):
    actions.deactivate_integration(taken.integration, actor=taken.actor)
    taken.target.journal.clear()
    with pytest.raises(ActivationRefused):
        link_account(taken.integration, taken.noah, taken.there["id"], actor=taken.actor)
    assert taken.target.journal == []
