import pytest
from django.contrib.auth import authenticate

from apps.accounts.access import WRITERS, role_of
from apps.accounts.actions import (
    LOCKOUT_WINDOW,
    locked_out,
    record_failed_sign_in,
    record_sign_in,
    remove_administrator,
)
from apps.accounts.models import Administrator, FailedSignIn
from apps.directory.actions import add_user, deactivate_user
from apps.directory.errors import FieldsInvalid
from apps.tenants.context import in_tenant
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def test_the_right_password_in_the_wrong_tenant_is_nobody(alice, other_tenant):
    with in_tenant(other_tenant):
        assert authenticate(username="alice", password=PASSWORD) is None
    with in_tenant(alice.tenant):
        assert authenticate(username="alice", password=PASSWORD) == alice.user  # negative control


@pytest.mark.parametrize("name", ["ALICE", "alice@acme.example", "Alice@Acme.Example"])
def test_user_name_and_email_sign_in_in_any_case(alice, name):
    with in_tenant(alice.tenant):
        assert authenticate(username=name, password=PASSWORD) == alice.user


def test_a_deactivated_person_cannot_sign_in(bob, system):
    with in_tenant(bob.tenant):
        deactivate_user(bob.user, actor=system)
        assert authenticate(username="bob", password=PASSWORD) is None


def test_a_member_is_no_administrator(alice, bob):
    with in_tenant(alice.tenant):
        assert role_of(alice.user) in WRITERS
        assert role_of(bob.user) is None


def test_the_last_owner_stays(alice, system):
    with in_tenant(alice.tenant), pytest.raises(FieldsInvalid):
        remove_administrator(Administrator.objects.get(), actor=system)


def test_ten_wrong_passwords_lock_the_account_and_time_opens_it(alice, system):
    with in_tenant(alice.tenant):
        for _ in range(10):
            assert not locked_out("Alice", "")
            record_failed_sign_in("ALICE", actor=system)
        assert locked_out("alice", "")
        assert not locked_out("bob", "")
        from django.utils import timezone

        FailedSignIn.objects.update(created_at=timezone.now() - LOCKOUT_WINDOW)
        assert not locked_out("alice", "")


def test_a_sign_in_forgets_the_failures(alice, system):
    with in_tenant(alice.tenant):
        for _ in range(9):
            record_failed_sign_in("alice", actor=system)
        record_sign_in(alice.user, actor=system)
        assert not FailedSignIn.objects.exists()


def test_an_email_that_is_anothers_user_name_signs_nobody_in(alice, system):
    with in_tenant(alice.tenant):
        add_user(actor=system, username="alice@acme.example", email="trap@acme.example", password=PASSWORD)
        assert authenticate(username="alice@acme.example", password=PASSWORD) is None
