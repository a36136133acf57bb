"""Who somebody is, what they may do and until when is read once for each request."""

import datetime as dt

import pytest
from django.contrib.sessions.models import Session
from django.test import RequestFactory

from apps.accounts.access import role_of
from apps.accounts.actions import remove_administrator
from apps.accounts.backends import TenantBackend
from apps.accounts.models import Administrator
from apps.accounts.sessions import SessionStore
from apps.events.actors import Actor
from apps.tenants.context import in_tenant

pytestmark = pytest.mark.django_db


def test_the_role_comes_along_with_the_person(alice, bob, django_assert_num_queries):
    for who, role in ((alice, "owner"), (bob, None)):
        with in_tenant(who.tenant), django_assert_num_queries(1):
            user = TenantBackend().get_user(who.user.pk)
            assert role_of(user) == role


def test_the_next_request_sees_a_role_that_was_taken(alice, bob, tenant):
    from apps.accounts.actions import add_administrator

    with in_tenant(tenant):
        role = add_administrator(bob.user, actor=Actor.system())
        assert role_of(TenantBackend().get_user(bob.user.pk)) == "administrator"
        remove_administrator(Administrator.objects.get(pk=role.pk), actor=Actor.system())
        assert role_of(TenantBackend().get_user(bob.user.pk)) is None


def test_a_session_knows_its_rows_end_and_not_what_it_would_be_if_saved_now(bob):
    key = bob.client.session.session_key
    ends_at = Session.objects.get(pk=key).expire_date - dt.timedelta(hours=3)
    Session.objects.filter(pk=key).update(expire_date=ends_at)
    session = SessionStore(key)
    assert session.ends_at is None  # not read yet
    assert session["_auth_user_id"] == str(bob.user.pk)
    assert session.ends_at == ends_at


def test_a_session_that_is_not_there_has_no_end(db):
    request = RequestFactory().get("/")
    request.session = SessionStore("nobody-has-this-key-in-the-database")
    assert request.session.get("anything") is None
    assert request.session.ends_at is None
