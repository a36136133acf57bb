import datetime as dt
import itertools

import pytest
from django.utils import timezone

from apps.applications.actions import (
    assign_group,
    deactivate_application,
    remove_application,
    remove_assignment,
)
from apps.directory.actions import deactivate_user, remove_member, remove_user
from apps.directory.models import User
from apps.events.actors import Actor
from apps.events.models import Event
from apps.saml import issuing
from apps.saml.actions.settings import sso_of, update_sso
from apps.saml.gate import may_issue
from apps.saml.issuing import Issued, PortalSession, Wish, issue
from apps.saml.models import KeyPair
from apps.tenants.context import in_tenant
from tests.saml.conftest import ACS

pytestmark = pytest.mark.django_db

USERS = ("active", "suspended", "expired")
APPLICATIONS = ("active", "deactivated")
GROUPS = ("bound", "unbound")
WAYS = ("unsolicited", "solicited")


def wish(way):
    return Wish(acs_url=ACS, in_response_to="_asked" if way == "solicited" else "")


def attempt(person, application, way="unsolicited"):
    now = timezone.now()
    return issue(
        person.user,
        application,
        wish(way),
        actor=Actor.system(),
        session=PortalSession(now, now + dt.timedelta(hours=1)),
    )


def arrange(engineer, wiki, user, application, group):
    system = Actor.system()
    if user == "suspended":
        deactivate_user(engineer.user, actor=system)
    if user == "expired":
        User.objects.filter(pk=engineer.user.pk).update(password_expires_at=timezone.now())
    if application == "deactivated":
        deactivate_application(wiki, actor=system)
    if group == "unbound":
        remove_assignment(wiki, wiki.groups.get(), actor=system)


@pytest.mark.parametrize("state", list(itertools.product(USERS, APPLICATIONS, GROUPS, WAYS)), ids="-".join)
def test_exactly_one_state_gets_an_assertion(engineer, wiki, state):
    """The user object at hand is stale on purpose: what counts is the row at the moment of signing."""
    user, application, group, way = state
    with in_tenant(engineer.tenant):
        arrange(engineer, wiki, user, application, group)
        made = attempt(engineer, wiki, way)
        event = Event.objects.first()
    allowed = (user, application, group) == ("active", "active", "bound")
    assert isinstance(made, Issued) == allowed
    assert (event.type, event.success) == ("sso_auth", allowed)
    assert event.details["idp_initiated"] == (way == "unsolicited")


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (("suspended", "active", "bound"), "suspended"),
        (("expired", "active", "bound"), "password_expired"),
        (("active", "deactivated", "bound"), "application_deactivated"),
        (("active", "active", "unbound"), "not_assigned"),
    ],
)
def test_a_refusal_says_which_and_the_log_has_its_reference(engineer, wiki, state, code):
    with in_tenant(engineer.tenant):
        arrange(engineer, wiki, *state)
        made = attempt(engineer, wiki)
        event = Event.objects.first()
    assert made.refusal.code == code == event.details["refusal"]
    assert made.reference == event.reference
    assert event.error_message == made.refusal.sentence
    assert (event.target_id, event.application_id) == (str(engineer.user.pk), str(wiki.pk))


def test_a_password_expires_at_its_moment_not_before(engineer, wiki):
    now = timezone.now()
    with in_tenant(engineer.tenant):
        engineer.user.password_expires_at = now + dt.timedelta(seconds=1)
        assert may_issue(engineer.user, wiki, now) is None
        assert may_issue(engineer.user, wiki, now + dt.timedelta(seconds=1)).code == "password_expired"


def test_the_groups_that_would_help_are_named(engineer, wiki, system):
    with in_tenant(engineer.tenant):
        remove_member(wiki.groups.get(), engineer.user, actor=system)
        assert may_issue(engineer.user, wiki, timezone.now()).groups == ("Engineering",)


def test_one_of_two_groups_is_enough(engineer, wiki, system):
    from apps.directory.actions import add_group, add_member

    with in_tenant(engineer.tenant):
        second = add_group(actor=system, name="Everybody")
        add_member(second, engineer.user, actor=system)
        assign_group(wiki, second, actor=system)
        remove_member(wiki.groups.get(name="Engineering"), engineer.user, actor=system)
        assert isinstance(attempt(engineer, wiki), Issued)
        remove_member(second, engineer.user, actor=system)
        assert attempt(engineer, wiki).refusal.code == "not_assigned"


@pytest.mark.parametrize("gone", ["person", "application"])
def test_who_was_removed_meanwhile_gets_a_refusal_not_a_crash(engineer, wiki, system, monkeypatch, gone):
    with in_tenant(engineer.tenant):
        sso = sso_of(wiki)
        monkeypatch.setattr(issuing, "sso_of", lambda _application: sso)
        person, key = engineer.user, engineer.user.pk
        if gone == "person":
            remove_user(person, actor=system)
            person.pk = key
        else:
            remove_application(type(wiki).objects.get(pk=wiki.pk), actor=system)
            assert KeyPair.objects.count() == 0
        assert attempt(engineer, wiki).refusal.code == "gone"


def test_an_address_that_was_taken_away_meanwhile_gets_nothing(engineer, wiki, system):
    with in_tenant(engineer.tenant):
        update_sso(sso_of(wiki), actor=system, acs_urls=["https://sp.example/new"])
        assert attempt(engineer, wiki).refusal.code == "misdirected"
        assert isinstance(
            issue(
                engineer.user,
                wiki,
                Wish(),
                actor=system,
                session=PortalSession(timezone.now(), timezone.now()),
            ),
            Issued,
        )


def test_an_application_without_its_data_is_not_set_up_yet(engineer, wiki, system):
    with in_tenant(engineer.tenant):
        update_sso(sso_of(wiki), actor=system, sp_entity_id="")
        assert attempt(engineer, wiki).refusal.code == "not_configured"


def test_a_person_without_what_the_name_id_is_made_of_is_told_so(engineer, wiki, system):
    with in_tenant(engineer.tenant):
        update_sso(sso_of(wiki), actor=system, name_id_source="work_phone")
        refusal = attempt(engineer, wiki).refusal
    assert refusal.code == "unwritable"
    assert "work_phone" in refusal.sentence


@pytest.mark.parametrize("character", ["\x01", "\x0b", "\ufffe"])
def test_a_character_that_xml_does_not_know_is_a_refusal_not_a_crash(engineer, wiki, character):
    with in_tenant(engineer.tenant):
        User.objects.filter(pk=engineer.user.pk).update(first_name=f"B{character}b")  # past the actions' door
        assert attempt(engineer, wiki).refusal.code == "unwritable"


def test_a_key_that_cannot_be_opened_is_a_refusal_not_a_crash(engineer, wiki):
    with in_tenant(engineer.tenant):
        KeyPair.objects.update(private_key_sealed=b"\x01" + b"x" * 60)
        assert attempt(engineer, wiki).refusal.code == "no_key"
