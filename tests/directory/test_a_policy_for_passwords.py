"""Length, common words, those from before and age, as each organisation wants them."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from apps.directory.actions import add_user, set_password
from apps.directory.errors import FieldsInvalid
from apps.directory.models import FormerPassword, User
from apps.directory.policies import GRACE, password_rules, policy_of_tenant, update_policy
from apps.events.models import Event
from apps.outbox.models import Entry
from apps.tenants.context import in_tenant
from tests.conftest import PASSWORD

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inside")]


def passwords(count, first=0):
    return [f"number {number} of the passphrases" for number in range(first, first + count)]


def refused(user, password, system):
    try:
        set_password(user, password, actor=system)
    except FieldsInvalid as error:
        return " ".join(error.fields["password"])
    return ""


def test_a_longer_minimum_holds_from_then_on(bob, system):
    assert refused(bob.user, "ten letters", system) == ""  # negative control
    update_policy(actor=system, minimum_length=14)
    assert "at least 14 characters" in refused(bob.user, "nine letter", system)
    with pytest.raises(FieldsInvalid):
        add_user(actor=system, username="mia", email="mia@acme.example", password="nine letter")
    assert "at least 14 characters" in " ".join(password_rules())


def test_common_passwords_are_refused_unless_that_is_switched_off(bob, system):
    assert "too common" in refused(bob.user, "password123", system)
    update_policy(actor=system, refuse_common=False)
    assert refused(bob.user, "password123", system) == ""


def test_what_resembles_the_person_is_always_refused(bob, system):
    update_policy(actor=system, refuse_common=False)
    assert "too similar" in refused(bob.user, "bob@acme.example", system)


def test_the_last_ones_do_not_come_again_and_older_ones_may(bob, system):
    update_policy(actor=system, history=3)
    first, second, third = passwords(3)
    for password in (first, second, third):
        assert refused(bob.user, password, system) == ""
    for password in (first, second, third):
        assert "before" in refused(bob.user, password, system)
    assert refused(bob.user, PASSWORD, system) == ""  # the fourth
    assert FormerPassword.objects.count() == 2


def test_without_a_history_every_one_may_come_again_and_none_is_kept(bob, system):
    update_policy(actor=system, history=3)
    refused(bob.user, passwords(1)[0], system)
    assert FormerPassword.objects.exists()
    update_policy(actor=system, history=0)
    assert refused(bob.user, passwords(1)[0], system) == ""
    assert not FormerPassword.objects.exists()


def test_each_persons_and_each_organisations_history_is_their_own(alice, bob, charlie, system):
    update_policy(actor=system, history=3, minimum_length=12)
    assert refused(bob.user, "the same for both", system) == ""
    assert refused(alice.user, "the same for both", system) == ""
    with in_tenant(charlie.tenant):
        assert policy_of_tenant().minimum_length == 8
        assert refused(charlie.user, "nine lett", system) == ""


def test_a_password_expires_at_its_age(bob, system):
    update_policy(actor=system, maximum_age_days=30)
    with time_machine.travel("2026-03-01T10:00:00Z", tick=False):
        user = set_password(bob.user, passwords(1)[0], actor=system)
        assert user.password_expires_at == timezone.now() + timedelta(days=30)


def test_nobodys_expires_at_once_when_an_age_is_set(bob, alice, system):
    now = timezone.now()
    User.objects.filter(pk=bob.user.pk).update(password_set_at=now - timedelta(days=400))
    User.objects.filter(pk=alice.user.pk).update(password_set_at=None)
    nobody = add_user(actor=system, username="mia", email="mia@acme.example")
    update_policy(actor=system, maximum_age_days=90)
    ends = dict(User.objects.values_list("username", "password_expires_at"))
    second = timedelta(seconds=60)
    assert now + GRACE <= ends["bob"] < now + GRACE + second
    assert now + timedelta(days=90) <= ends["alice"] < now + timedelta(days=90) + second
    assert ends["mia"] is None
    assert not nobody.has_usable_password()


def test_without_an_age_nothing_expires_and_whoevers_had_is_looked_at_again(bob, system):
    update_policy(actor=system, maximum_age_days=1)
    User.objects.filter(pk=bob.user.pk).update(password_expires_at=timezone.now() - timedelta(days=1))
    Entry.objects.all().delete()
    update_policy(actor=system, maximum_age_days=0)
    assert User.objects.get(pk=bob.user.pk).password_expires_at is None
    assert list(Entry.objects.values_list("subject_id", flat=True)) == [str(bob.user.pk)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("minimum_length", 7),
        ("minimum_length", 129),
        ("history", 13),
        ("maximum_age_days", 3651),
        ("second_factor", "nobody"),
        ("second_factor_days", -1),
        ("second_factor_days", 91),
    ],
)
def test_values_out_of_bounds_are_refused(system, field, value):
    with pytest.raises(FieldsInvalid):
        update_policy(actor=system, **{field: value})


def test_the_change_is_an_event_and_no_change_is_none(system):
    update_policy(actor=system, minimum_length=12)
    update_policy(actor=system, minimum_length=12)
    [event] = Event.objects.filter(type="sign_in_policy_update")
    assert event.changes == [{"field": "minimum_length", "from": 8, "to": 12}]
