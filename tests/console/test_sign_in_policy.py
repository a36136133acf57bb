import pytest

from apps.accounts.actions import add_administrator
from apps.directory.policies import policy_of_tenant
from apps.tenants.context import in_tenant

pytestmark = pytest.mark.django_db
PAGE = "/console/settings/sign-in/"
TYPED = {
    "minimum_length": 12,
    "history": 5,
    "maximum_age_days": 90,
    "second_factor": "optional",
    "second_factor_days": 3,
}


def policy(who):
    with in_tenant(who.tenant):
        return policy_of_tenant()


def test_what_is_out_of_bounds_is_told_and_nothing_is_saved(alice):
    for typed in (
        {"minimum_length": 7},
        {"history": -1},
        {"maximum_age_days": "x"},
        {"second_factor": "y"},
        {"second_factor_days": 91},
    ):
        answer = alice.post(PAGE, TYPED | typed)
        assert answer.status_code == 422, typed
    assert policy(alice).minimum_length == 8


def test_an_owner_saves_it_for_their_organisation_alone(alice, charlie):
    assert alice.post(PAGE, TYPED).url == f"/t/acme{PAGE}"
    saved = policy(alice)
    assert (saved.minimum_length, saved.history, saved.refuse_common) == (12, 5, False)
    assert (saved.second_factor, saved.second_factor_days) == ("optional", 3)
    assert policy(charlie).minimum_length == 8
    assert 'value="12"' in alice.get(PAGE).content.decode()


def test_only_an_owner_says_who_needs_a_second_factor(alice, bob, system):
    with in_tenant(bob.tenant):
        add_administrator(bob.user, actor=system)
    assert bob.post(PAGE, TYPED | {"second_factor": "optional", "second_factor_days": 90}).status_code == 302
    asked = policy(alice)
    assert (asked.second_factor, asked.second_factor_days) == ("owners", 7)  # the default
    assert asked.minimum_length == 12
    alice.post(PAGE, TYPED | {"second_factor": "everybody", "second_factor_days": 0})
    assert policy(alice).second_factor == "everybody"
    bob.post(PAGE, TYPED)
    asked = policy(alice)
    assert (asked.second_factor, asked.second_factor_days) == ("everybody", 0)
