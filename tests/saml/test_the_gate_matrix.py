"""Threat S10 as whole flows: every state of person, application and group, every way in, with an old session and with a new one."""

import base64
import itertools
import re

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.accounts.actions import TRIES_PER_ACCOUNT
from apps.applications.actions import deactivate_application, remove_application, remove_assignment
from apps.directory.actions import deactivate_user, reactivate_user, remove_member, remove_user
from apps.directory.models import User
from apps.events.actors import Actor
from apps.events.models import Event
from apps.saml import issuing, signing
from apps.saml.actions.settings import sso_of, update_sso
from apps.tenants.context import in_tenant
from tests.conftest import PASSWORD
from tests.saml.service_provider import authn_request, form, redirect

pytestmark = pytest.mark.django_db

SYSTEM = Actor.system()
SSO = "/t/acme/saml2/wiki"
LAUNCH = "/t/acme/launch/wiki"

# What each state leaves to a session from before it, and to one that is begun in it.
PEOPLE = {
    "active": {"old", "new"},
    "locked": {"old"},  # too many wrong passwords: nobody signs in, whoever is in stays
    "reactivated": {"new"},  # a session that ended does not revive
    "suspended": set(),
    "expired": set(),
    "removed": set(),
}
APPLICATIONS = ("active", "deactivated", "not set up", "removed")
GROUPS = ("bound", "unbound")
WAYS = ("launched", "asked", "waiting")


def arrange_person(engineer, state):
    if state in {"suspended", "reactivated"}:
        deactivate_user(engineer.user, actor=SYSTEM)
    if state == "reactivated":
        reactivate_user(User.objects.get(pk=engineer.user.pk), actor=SYSTEM)
    if state == "expired":
        User.objects.filter(pk=engineer.user.pk).update(password_expires_at=timezone.now())
    if state == "removed":
        remove_user(engineer.user, actor=SYSTEM)


def lock(tenant):
    for _ in range(TRIES_PER_ACCOUNT):
        Client().post(f"/t/{tenant.slug}/login/", {"username": "bob", "password": "wrong"})


def arrange_application(wiki, state):
    if state == "deactivated":
        deactivate_application(wiki, actor=SYSTEM)
    if state == "not set up":
        update_sso(sso_of(wiki), actor=SYSTEM, acs_urls=[])
    if state == "removed":
        remove_application(wiki, actor=SYSTEM)


def asserted(page):
    """Whether the page carries an assertion anywhere."""
    found = re.search(r'name="SAMLResponse" value="([^"]*)"', page.content.decode())
    return found is not None and b"Assertion" in base64.b64decode(found[1])


def arrive(browser, way, waiting):
    """Where the browser ends; a sign-in page on the way is filled in once."""
    if way == "launched":
        page = browser.get(LAUNCH)
    elif way == "asked":
        page = browser.get(SSO, QUERY_STRING=redirect(authn_request()))
    else:
        page = browser.get(waiting)
    while page.status_code in {302, 303}:
        address = page.url
        page = browser.get(address)
        if b'name="password"' in page.content:
            page = browser.post(address, {"username": "bob", "password": PASSWORD})
    return page


@pytest.mark.parametrize("state", list(itertools.product(PEOPLE, APPLICATIONS, GROUPS, WAYS)), ids="-".join)
def test_only_these_states_get_an_assertion(engineer, wiki, state):
    person, application, group, way = state
    waiting = {session: Client().post(SSO, form(authn_request())).url for session in ("old", "new")}
    with in_tenant(engineer.tenant):
        if group == "unbound":
            remove_assignment(wiki, wiki.groups.get(), actor=SYSTEM)
        arrange_person(engineer, person)
        arrange_application(wiki, application)
    if person == "locked":
        lock(engineer.tenant)
    old = arrive_with_old_session(engineer, way, waiting["old"])
    new = arrive(Client(), way, waiting["new"])
    open_ = (application, group) == ("active", "bound")
    got = {session for session, page in (("old", old), ("new", new)) if asserted(page)}
    assert got == (PEOPLE[person] if open_ else set())
    assert {old.status_code, new.status_code} <= {200, 302, 303, 400, 403, 404, 422}
    with in_tenant(engineer.tenant):
        assert Event.objects.filter(type="sso_auth", success=True).count() == len(got)


def arrive_with_old_session(engineer, way, waiting):
    """As far as the session from before leads; where it is over, the sign-in page is the end."""
    browser = engineer.client
    addresses = {"launched": LAUNCH, "waiting": waiting}
    query = {"QUERY_STRING": redirect(authn_request())} if way == "asked" else {}
    return browser.get(addresses.get(way, SSO), **query)


# --- between being let in and being answered


CHANGES = {
    "unbound": lambda engineer, wiki: remove_assignment(wiki, wiki.groups.get(), actor=SYSTEM),
    "left the group": lambda engineer, wiki: remove_member(wiki.groups.get(), engineer.user, actor=SYSTEM),
    "suspended": lambda engineer, wiki: arrange_person(engineer, "suspended"),
    "expired": lambda engineer, wiki: arrange_person(engineer, "expired"),
    "deactivated": lambda engineer, wiki: arrange_application(wiki, "deactivated"),
    "address taken away": lambda engineer, wiki: update_sso(
        sso_of(wiki), actor=SYSTEM, acs_urls=["https://sp.example/new"]
    ),
    "nothing": lambda engineer, wiki: None,  # negative control
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_after_the_request_was_let_in_counts(engineer, wiki, monkeypatch, change):
    """At the last moment before the transaction: everything that was read until then is stale."""

    issue_in_one_transaction = issuing._issue

    def at_the_last_moment(*arguments):
        CHANGES[change](engineer, wiki)
        return issue_in_one_transaction(*arguments)

    monkeypatch.setattr(issuing, "_issue", at_the_last_moment)
    page = engineer.client.get(SSO, QUERY_STRING=redirect(authn_request()))
    assert asserted(page) == (change == "nothing")


@pytest.mark.django_db(transaction=True)
def test_the_gate_is_asked_and_the_answer_signed_in_the_transaction_that_reads_the_person(
    engineer, wiki, monkeypatch
):
    seen = []

    def noted(name, function):
        def call(*arguments, **keywords):
            seen.append((name, connection.in_atomic_block))
            return function(*arguments, **keywords)

        return call

    for owner, name in ((issuing, "may_issue"), (signing.Signer, "signature")):
        monkeypatch.setattr(owner, name, noted(name, getattr(owner, name)))
    assert asserted(engineer.client.get(LAUNCH))
    assert seen == [("may_issue", True), ("signature", True), ("signature", True)]  # assertion, response
