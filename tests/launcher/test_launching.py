import re
from uuid import uuid4

import pytest
from django.test import Client

from apps.accounts.destinations import ASKING
from apps.applications.actions import add_application, deactivate_application, remove_assignment
from apps.applications.models import Application
from apps.directory.actions import deactivate_user
from apps.events.models import Event
from apps.events.types import EventType
from apps.saml.actions.settings import sso_of, update_sso
from apps.tenants.context import in_tenant
from tests.conftest import PASSWORD
from tests.saml.conftest import ACS, SP
from tests.saml.service_provider import authn_request, redirect

pytestmark = pytest.mark.django_db


def test_a_stranger_signs_in_first_and_comes_back(wiki):
    response = Client().get("/t/acme/launch/wiki")
    assert (response.status_code, response.url) == (302, "/t/acme/login/?next=/t/acme/launch/wiki")


def sign_in_page(slug):
    """What a stranger sees who opens the launch link, without what differs by address and browser."""
    client = Client()
    to_sign_in = client.get(f"/t/acme/launch/{slug}")
    page = client.get(to_sign_in.url)
    assert (to_sign_in.status_code, page.status_code) == (302, 200)
    without_token = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", page.content.decode())
    return without_token.replace(slug, "SLUG"), sorted(client.cookies)


def test_the_sign_in_page_says_which_application_was_opened(bob, give, expenses_sso):
    expenses_sso(give("Expenses <b>"))
    page, _cookies = sign_in_page("expenses-b")
    assert "<strong>Expenses &lt;b&gt;</strong> asks who you are." in page
    assert "asks who you are" not in Client().get("/t/acme/login/").content.decode()


def test_after_a_wrong_password_it_still_says_so_and_forgets_it_after_the_right_one(bob, give):
    give("Expenses")
    client = Client()
    page = client.get("/t/acme/launch/expenses", follow=True)
    address = page.redirect_chain[-1][0]
    wrong = client.post(address, {"username": "bob", "password": "wrong"})
    assert "<strong>Expenses</strong> asks who you are." in wrong.content.decode()
    assert client.post(address, {"username": "bob", "password": PASSWORD}).url == "/t/acme/launch/expenses"
    assert ASKING not in client.session


@pytest.mark.parametrize("why", ["hidden", "deactivated", "bookmark"])
def test_strangers_learn_of_nothing_else(give, system, why):
    """Each looks as a link does that leads to nothing; the tests above are the negative control."""
    bookmark = {"connector": "bookmark", "bookmark_url": "https://x.example/"} if why == "bookmark" else {}
    application = give("Expenses", show_in_launcher=why != "hidden", **bookmark)
    take_away(application, why, system)
    assert sign_in_page("expenses") == sign_in_page("never-there") == sign_in_page(str(uuid4()))


def test_another_organisations_application_is_not_told(tenant, charlie, system):
    with in_tenant(charlie.tenant):
        theirs = add_application(actor=system, connector="custom_saml", display_label="Expenses")
    neutral = sign_in_page("never-there")
    assert sign_in_page(theirs.slug) == sign_in_page(str(theirs.pk)) == neutral
    assert "asks who you are" not in neutral[0]


@pytest.mark.parametrize("why", ["unassigned", "hidden", "deactivated", "left", "other tenant's"])
def test_a_bookmark_that_is_not_shown_is_not_opened(bob, charlie, give, system, why):
    fields = {"connector": "bookmark", "bookmark_url": "https://wiki.example/"}
    application = give("Wiki", assigned=why != "unassigned", show_in_launcher=why != "hidden", **fields)
    take_away(application, why, system)
    who = charlie if why == "other tenant's" else bob
    refused = who.get("/launch/wiki")
    assert refused.status_code == 404
    assert refused.content == who.get("/launch/never-there").content


@pytest.mark.parametrize(
    ("why", "status", "words"),
    [
        ("unassigned", 403, "None of your groups opens this application."),
        ("left", 403, "None of your groups opens this application."),
        ("deactivated", 403, "switched off"),
        ("hidden", 404, "There is nothing here"),
        ("other tenant's", 404, "There is nothing here"),
    ],
)
def test_nobody_is_signed_in_to_what_they_have_not(
    bob, charlie, give, expenses_sso, system, why, status, words
):
    application = give("Expenses", assigned=why != "unassigned", show_in_launcher=why != "hidden")
    expenses_sso(application)
    take_away(application, why, system)
    who = charlie if why == "other tenant's" else bob
    page = who.get("/launch/expenses")
    assert page.status_code == status
    assert words in page.content.decode()
    assert "SAMLResponse" not in page.content.decode()


def take_away(application, why, system):
    with in_tenant(application.tenant):
        if why == "deactivated":
            deactivate_application(application, actor=system)
        if why == "left":
            remove_assignment(application, application.groups.get(), actor=system)


def test_the_owner_starts_no_more_than_their_groups_open(alice, wiki):
    assert alice.get("/launch/wiki").status_code == 404


def test_a_deactivated_person_starts_nothing(bob, wiki, system):
    with in_tenant(bob.tenant):
        deactivate_user(bob.user, actor=system)
    assert bob.get("/launch/wiki").status_code == 302
    assert bob.get("/launch/wiki").url.startswith("/t/acme/login/")


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", "ftp://wiki.example/", "//wiki.example/", ""]
)
def test_an_address_that_is_no_web_address_is_never_opened(bob, wiki, address):
    """Actions refuse to store one; this is the second wall."""
    with in_tenant(bob.tenant):
        Application.objects.filter(pk=wiki.pk).update(bookmark_url=address)
    assert bob.get("/launch/wiki").status_code == 404


def test_a_bookmark_leads_to_its_address(bob, wiki):
    response = bob.get("/launch/wiki")
    assert (response.status_code, response.url) == (302, "https://wiki.example/start?a=1&b=2")


def test_single_sign_on_posts_a_response_to_the_application(bob, give, expenses_sso):
    expenses_sso(give("Expenses"))
    page = bob.get("/launch/expenses")
    assert page.status_code == 200
    assert 'action="https://expenses.example/acs"' in page.content.decode()
    assert 'name="SAMLResponse"' in page.content.decode()
    with in_tenant(bob.tenant):
        event = Event.objects.get(type=EventType.SSO_AUTH)
        assert (event.success, event.actor_name, event.application_name) == (True, "bob", "Expenses")


def test_a_stranger_signs_in_and_is_signed_in_to_the_application(bob, give, expenses_sso):
    expenses_sso(give("Expenses"))
    form = {"username": "bob", "password": PASSWORD}
    page = Client().post("/t/acme/login/?next=/t/acme/launch/expenses", form, follow=True)
    assert 'name="SAMLResponse"' in page.content.decode()


def test_an_application_without_the_other_sides_data_says_so(bob, give):
    give("Half done", ready=False)
    page = bob.get("/launch/half-done")
    assert page.status_code == 403
    assert "not set up yet" in page.content.decode()


def test_other_methods_are_refused(bob, wiki):
    assert bob.post("/launch/wiki").status_code == 405


def test_straight_from_the_sign_in_page_a_page_goes_on_by_itself(bob, wiki):
    """Not a redirect: `form-action 'self'` would refuse it (tests/browser)."""
    client = Client()
    form = {"username": "bob", "password": PASSWORD}
    response = client.post("/t/acme/login/?next=/t/acme/launch/wiki", form, follow=True)
    assert response.status_code == 200
    assert response["Refresh"] == "0; url=https://wiki.example/start?a=1&b=2"
    assert 'href="https://wiki.example/start?a=1&amp;b=2"' in response.content.decode()
    assert client.get("/t/acme/launch/wiki").status_code == 302  # only that once


# --- applications that are started at their own page only


@pytest.fixture
def from_there(give, expenses_sso, system):
    """Expenses, which nobody starts from here; `login_url` is where they start it instead."""

    def make(login_url="https://expenses.example/login?next=a&b", **fields):
        application = give("Expenses", **fields)
        expenses_sso(application)
        with in_tenant(application.tenant):
            update_sso(sso_of(application), actor=system, idp_initiated=False, login_url=login_url)
        return application

    return make


def test_without_an_address_of_its_own_the_page_says_why(bob, from_there):
    from_there(login_url="")
    page = bob.get("/launch/expenses")
    assert page.status_code == 403
    assert "started at its own sign-in page" in page.content.decode()
    assert "SAMLResponse" not in page.content.decode()
    with in_tenant(bob.tenant):
        assert Event.objects.get(type=EventType.SSO_AUTH).details["refusal"] == "only_from_there"


@pytest.mark.parametrize("why", ["unassigned", "left", "deactivated"])
def test_nobody_is_sent_there_who_would_be_refused_there(bob, from_there, system, why):
    application = from_there(assigned=why != "unassigned")
    take_away(application, why, system)
    page = bob.get("/launch/expenses")
    assert page.status_code == 403
    assert "only_from_there" not in page.content.decode()


def test_its_tile_leads_to_its_own_page(bob, from_there):
    from_there()
    response = bob.get("/launch/expenses")
    assert (response.status_code, response.url) == (302, "https://expenses.example/login?next=a&b")
    with in_tenant(bob.tenant):
        assert not Event.objects.filter(type=EventType.SSO_AUTH).exists()


def test_straight_from_the_sign_in_page_it_goes_on_by_itself_too(bob, from_there):
    from_there()
    form = {"username": "bob", "password": PASSWORD}
    response = Client().post("/t/acme/login/?next=/t/acme/launch/expenses", form, follow=True)
    assert response["Refresh"] == "0; url=https://expenses.example/login?next=a&b"


def test_its_requests_are_answered(bob, from_there, system):
    """Negative control: the switch is about what starts here."""
    application = from_there()
    with in_tenant(bob.tenant):
        update_sso(sso_of(application), actor=system, sp_entity_id=SP, acs_urls=[ACS])
    query = redirect(authn_request(destination=None))
    page = bob.client.get("/t/acme/saml2/expenses", QUERY_STRING=query)
    assert 'name="SAMLResponse"' in page.content.decode()
