"""Why somebody has an application and why not, what happened to them, and how they sign in."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.actions import TRIES_PER_ACCOUNT, add_administrator, locked_out, record_failed_sign_in
from apps.accounts.models import FailedSignIn, PortalSession, Role
from apps.accounts.portal_sessions import sessions_of
from apps.applications.actions import add_application, assign_group, deactivate_application
from apps.directory.actions import add_group, add_user, deactivate_user, update_user
from apps.directory.models import User
from apps.events.models import Event
from apps.tenants.context import in_tenant

MOST = 12  # queries


def page_of(alice, person, tab, query=""):
    return alice.get(f"/console/users/{person.pk}/{tab}/{query}").content.decode()


def text_of(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html))


def test_an_application_names_the_group_that_gives_it(alice, bob, gitlab):
    assert "Member of Engineering, which is bound to GitLab." in text_of(
        page_of(alice, bob.user, "applications")
    )


def test_what_somebody_does_not_have_says_why_and_what_would_give_it(alice, gitlab, system):
    with in_tenant(alice.tenant):
        add_application(actor=system, connector="custom_saml", display_label="Wiki")
    page = text_of(page_of(alice, alice.user, "applications"))
    assert "In none of the user groups that are bound to it. These would give it: Engineering" in page
    assert "No user group is bound to it, so nobody has it." in page


@pytest.mark.parametrize(
    ("obstacle", "words"),
    [
        ("person", "This person is deactivated."),
        ("password", "Their password has expired: they have to set a new one first."),
        ("application", "SSO is inactive."),
    ],
)
def test_a_member_who_cannot_sign_in_is_told_why(alice, bob, gitlab, system, obstacle, words):
    before = page_of(alice, bob.user, "applications")
    assert "Has access" in before
    assert words not in before
    with in_tenant(alice.tenant):
        if obstacle == "person":
            deactivate_user(bob.user, actor=system)
        elif obstacle == "password":
            User.objects.filter(pk=bob.user.pk).update(
                password_expires_at=timezone.now() - timedelta(hours=1)
            )
        else:
            deactivate_application(gitlab, actor=system)
    page = page_of(alice, bob.user, "applications")
    assert words in page
    assert "No access" in page
    assert "Has access" not in page


def test_an_application_answers_for_a_person_as_the_person_does(alice, bob, gitlab):
    path = f"/console/applications/{gitlab.pk}/groups/"
    page = text_of(alice.get(f"{path}?who=example").content.decode())
    assert "Member of Engineering, which is bound to GitLab." in page
    assert "In none of the user groups that are bound to it." in page  # alice
    assert "Nobody matches" in alice.get(f"{path}?who=zzz").content.decode()


@pytest.mark.parametrize("tab", ["", "applications/", "events/", "security/", "groups/"])
def test_a_tab_asks_at_most_twelve_questions_however_much_there_is(
    alice, bob, engineering, system, django_assert_max_num_queries, tab
):
    with in_tenant(alice.tenant):
        for number in range(40):
            made = add_application(actor=system, connector="custom_saml", display_label=f"App {number}")
            if number % 2:
                assign_group(made, engineering, actor=system)
            update_user(bob.user, actor=system, job_title=f"{number}")
    with django_assert_max_num_queries(MOST):
        assert alice.get(f"/console/users/{bob.user.pk}/{tab}").status_code == 200


def test_the_timeline_goes_on_and_filters(alice, bob, charlie, system):
    with in_tenant(alice.tenant):
        for number in range(30):
            update_user(bob.user, actor=system, job_title=f"Engineer {number}")
        add_user(actor=system, username="dora", email="dora@acme.example")
    page = page_of(alice, bob.user, "events")
    assert "after=" in page
    assert "dora" not in page
    rows = text_of(page_of(alice, bob.user, "events", "?type=user_update").split("<tbody")[1])
    assert "User updated" in rows
    assert "Sign-in" not in rows
    assert "Nothing matches" in page_of(alice, bob.user, "events", "?type=user_delete")


def test_a_locked_person_is_let_try_again(alice, bob, system):
    with in_tenant(alice.tenant):
        for _ in range(TRIES_PER_ACCOUNT):
            record_failed_sign_in("bob", actor=system)
        record_failed_sign_in("alice", actor=system)
        assert locked_out("bob", "")
    assert "Unlock" in page_of(alice, bob.user, "security")
    alice.post(f"/console/users/{bob.user.pk}/security/unlocking/")
    assert "Unlock" not in page_of(alice, bob.user, "security")
    with in_tenant(alice.tenant):
        assert not locked_out("bob", "")
        assert FailedSignIn.objects.count() == 1  # alice's own
        assert Event.objects.get(type="user_unlock").actor_name == "alice"
    alice.post(f"/console/users/{bob.user.pk}/security/unlocking/")
    with in_tenant(alice.tenant):
        assert Event.objects.filter(type="user_unlock").count() == 1


def test_sessions_are_seen_and_ended(alice, bob):
    bob.client.post(bob.url("/login/"), {"username": "bob", "password": "correct horse battery"})
    with in_tenant(alice.tenant):
        one = PortalSession.objects.get(user=bob.user)
    page = page_of(alice, bob.user, "security")
    assert "Where they are signed in" in page
    assert str(one.pk) in page
    assert bob.get("/me/").status_code == 200
    alice.post(f"/console/users/{bob.user.pk}/security/sessions/{one.pk}/end/")
    assert bob.get("/me/").status_code == 302
    bob.client.post(bob.url("/login/"), {"username": "bob", "password": "correct horse battery"})
    assert bob.get("/me/").status_code == 200
    alice.post(f"/console/users/{bob.user.pk}/security/sessions/ends/")
    assert bob.get("/me/").status_code == 302
    with in_tenant(alice.tenant):
        assert sessions_of(bob.user) == []


def test_a_session_is_ended_on_the_page_of_whose_it_is(alice, bob):
    bob.client.post(bob.url("/login/"), {"username": "bob", "password": "correct horse battery"})
    with in_tenant(alice.tenant):
        one = PortalSession.objects.get(user=bob.user)
    assert alice.post(f"/console/users/{alice.user.pk}/security/sessions/{one.pk}/end/").status_code == 404
    assert bob.get("/me/").status_code == 200


@pytest.mark.parametrize("act", ["unlocking", "sessions/ends"])
def test_an_administrator_leaves_an_owners_sign_in_alone(alice, bob, system, act):
    with in_tenant(bob.tenant):
        add_administrator(bob.user, actor=system, role=Role.ADMINISTRATOR)
    path = f"/console/users/{alice.user.pk}/security/"
    assert bob.post(f"{path}{act}/").status_code == 403
    assert "Set password" not in bob.get(path).content.decode()
    assert alice.post(f"{path}{act}/").status_code == 302


def test_groups_of_another_tenant_explain_nothing(alice, gitlab, charlie, system):
    with in_tenant(charlie.tenant):
        add_group(actor=system, name="Strangers")
    assert "Strangers" not in page_of(alice, alice.user, "applications")
