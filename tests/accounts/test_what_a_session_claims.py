"""A claim is believed exactly when Django, asked for `request.user`, would have found that person."""

import datetime as dt
from uuid import uuid4

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user, login
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.test import RequestFactory
from django.utils import timezone

from apps.accounts.claims import claim_of, is_found
from apps.directory.actions import deactivate_user, set_password
from apps.directory.models import User
from apps.tenants.context import in_tenant

pytestmark = pytest.mark.django_db
BACKEND = "apps.accounts.backends.TenantBackend"


@pytest.fixture
def request_of(inside):
    def signed_in(user):
        request = RequestFactory().get("/")
        request.session = SessionStore()
        login(request, user, backend=BACKEND)
        return request

    return signed_in


def believed(request):
    """As apps.saml.responses goes about it: the row is read by the claim's own id, inside the tenant."""
    claim = claim_of(request)
    person = claim and User.objects.filter(pk=claim.user_id).first()
    return person if person and claim.is_true_of(person) else None


def found_by_django(request):
    user = get_user(request)
    return user if user.is_authenticated else None


def suspended(request, user, system):
    deactivate_user(user, actor=system)


def expired(request, user, system):
    User.objects.filter(pk=user.pk).update(password_expires_at=timezone.now() - dt.timedelta(seconds=1))


def expiring_tomorrow(request, user, system):
    User.objects.filter(pk=user.pk).update(password_expires_at=timezone.now() + dt.timedelta(days=1))


def another_password(request, user, system):
    set_password(user, "a wholly different sentence", actor=system)


def an_epoch_later(request, user, system):
    User.objects.filter(pk=user.pk).update(session_epoch=user.session_epoch + 1)


def removed(request, user, system):
    User.objects.filter(pk=user.pk).delete()


def session_with(key, value):
    def change(request, user, system):
        request.session[key] = value

    return change


def session_without(key):
    def change(request, user, system):
        del request.session[key]

    return change


def unchanged(request, user, system):
    return None


CHANGES = {
    "unchanged": unchanged,
    "expiring tomorrow": expiring_tomorrow,
    "suspended": suspended,
    "expired": expired,
    "another password": another_password,
    "an epoch later": an_epoch_later,
    "removed": removed,
    "somebody else": session_with(SESSION_KEY, str(uuid4())),
    "not an id": session_with(SESSION_KEY, "bob"),
    "no id": session_without(SESSION_KEY),
    "another hash": session_with(HASH_SESSION_KEY, "0" * 64),
    "no hash": session_without(HASH_SESSION_KEY),
    "an empty hash": session_with(HASH_SESSION_KEY, ""),
    "another backend": session_with(BACKEND_SESSION_KEY, "django.contrib.auth.backends.ModelBackend"),
    "no backend": session_without(BACKEND_SESSION_KEY),
}


@pytest.mark.parametrize("name", CHANGES)
def test_it_is_what_django_says(bob, request_of, system, name):
    request = request_of(bob.user)
    CHANGES[name](request, bob.user, system)
    person = believed(request)
    assert (person == bob.user) == (name in {"unchanged", "expiring tomorrow"})
    if name != "not an id":  # Django itself raises for what is no UUID
        assert person == found_by_django(request)


def test_of_two_people_it_is_true_of_one(bob, alice, request_of):
    claim = claim_of(request_of(bob.user))
    assert claim.is_true_of(bob.user)
    alice.user.password, alice.user.session_epoch = bob.user.password, bob.user.session_epoch
    assert not claim.is_true_of(alice.user)


def test_another_tenants_session_is_nobodys_here(bob, charlie, request_of):
    request = request_of(bob.user)
    with in_tenant(charlie.tenant):
        assert believed(request) is None


def test_nobody_is_claimed_before_anybody_signs_in():
    request = RequestFactory().get("/")
    request.session = SessionStore()
    assert claim_of(request) is None


def test_whoever_was_found_is_the_requests_user(bob):
    request = RequestFactory().get("/")
    is_found(request, bob.user)
    assert request.user is bob.user
