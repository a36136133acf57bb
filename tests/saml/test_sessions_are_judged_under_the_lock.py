"""The person is read once, locked, and the session judged by that row: what is no longer good leads to the sign-in page."""

import datetime as dt

import pytest
from django.utils import timezone

from apps.applications.actions import remove_assignment
from apps.directory.actions import deactivate_user, set_password, update_user
from apps.directory.models import User
from apps.directory.policies import update_policy
from apps.events.models import Event
from apps.saml.models import PendingSignIn, SsoSession
from apps.tenants.context import in_tenant
from tests.saml.service_provider import authn_request, redirect

pytestmark = pytest.mark.django_db


def ask(person):
    return person.get(f"/saml2/wiki?{redirect(authn_request())}")


def suspend(person, system):
    deactivate_user(person.user, actor=system)


def expire(person, system):
    User.objects.filter(pk=person.user.pk).update(password_expires_at=timezone.now())


def change_password(person, system):
    set_password(person.user, "a wholly different sentence", actor=system)


def require_a_second_factor(person, system):
    update_policy(actor=system, second_factor="everybody", second_factor_days=0)


@pytest.mark.parametrize("change", [suspend, expire, change_password, require_a_second_factor])
def test_a_session_that_is_no_longer_good_gets_no_assertion_and_signs_in_anew(engineer, system, change):
    assert b"SAMLResponse" in ask(engineer).content  # negative control
    with in_tenant(engineer.tenant):
        change(engineer, system)
        events = Event.objects.filter(type="sso_auth").count()
    answer = ask(engineer)
    assert answer.status_code == 303
    waiting = engineer.client.get(answer.url)
    assert waiting.status_code == 302
    assert waiting.url.startswith("/t/acme/login/")
    with in_tenant(engineer.tenant):
        assert Event.objects.filter(type="sso_auth").count() == events
        assert SsoSession.objects.count() == 1
        assert PendingSignIn.objects.filter(answered_at=None).count() == 1  # it waits for who signs in


def test_whoever_has_days_left_for_a_second_factor_is_answered_by_the_page_where_the_request_waits(
    engineer, system
):
    with in_tenant(engineer.tenant):
        update_policy(actor=system, second_factor="everybody", second_factor_days=7)
    waiting = ask(engineer)
    assert waiting.status_code == 303
    assert b"SAMLResponse" in engineer.client.get(waiting.url).content
    assert b"SAMLResponse" in ask(engineer).content  # judged once: the next one is answered at once


def test_a_stranger_session_of_another_organisation_is_nobodys(engineer, charlie):
    answer = charlie.client.get("/t/acme/saml2/wiki", QUERY_STRING=redirect(authn_request()))
    assert answer.status_code == 303
    assert b"SAMLResponse" not in answer.content


def test_the_log_names_who_acts_by_their_role(engineer, alice, wiki, system):
    from apps.directory.actions import add_member

    with in_tenant(engineer.tenant):
        add_member(wiki.groups.get(), alice.user, actor=system)
    for person, kind in ((engineer, "person"), (alice, "administrator")):
        assert b"SAMLResponse" in ask(person).content
        with in_tenant(engineer.tenant):
            event = Event.objects.filter(type="sso_auth").first()
        assert (event.actor_kind, event.actor_id, event.actor_name) == (
            kind,
            str(person.user.pk),
            person.user.username,
        )
        assert event.target_id == str(person.user.pk)
        assert event.client_ip == "127.0.0.1"


def test_a_refusal_tells_the_time_by_the_persons_clock(engineer, wiki, system):
    with in_tenant(engineer.tenant):
        update_user(engineer.user, actor=system, timezone="Asia/Kathmandu")
        remove_assignment(wiki, wiki.groups.get(), actor=system)
    page = ask(engineer)
    assert page.status_code == 403
    assert "+05:45" in page.content.decode()


def test_a_session_without_a_moment_of_sign_in_says_the_last_known_one(engineer):
    """Sessions from before that moment was noted."""
    moment = timezone.now() - dt.timedelta(hours=3)
    with in_tenant(engineer.tenant):
        User.objects.filter(pk=engineer.user.pk).update(last_login=moment)
    from tests.saml.service_provider import posted

    session = engineer.client.session
    session.pop("signed_in_at", None)
    session.save()
    instant = posted(ask(engineer)).root.find(".//{*}AuthnStatement").get("AuthnInstant")
    assert instant == moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
