import pytest
from django.test import Client

from apps.applications.actions import deactivate_application, remove_assignment
from apps.applications.models import Application
from apps.directory.actions import deactivate_user
from apps.tenants.context import in_tenant
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def test_a_stranger_signs_in_first_and_comes_back(wiki):
    response = Client().get("/t/acme/launch/wiki")
    assert (response.status_code, response.url) == (302, "/t/acme/login/?next=/t/acme/launch/wiki")


@pytest.mark.parametrize("connector", ["bookmark", "custom_saml"])
@pytest.mark.parametrize("why", ["unassigned", "hidden", "deactivated", "left", "other tenant's"])
def test_what_the_launcher_does_not_show_it_does_not_start(bob, alice, charlie, give, system, connector, why):
    fields = {"bookmark_url": "https://wiki.example/"} if connector == "bookmark" else {}
    application = give(
        "Wiki", connector=connector, assigned=why != "unassigned", show_in_launcher=why != "hidden", **fields
    )
    who = charlie if why == "other tenant's" else bob
    with in_tenant(bob.tenant):
        if why == "deactivated":
            deactivate_application(application, actor=system)
        if why == "left":
            remove_assignment(application, application.groups.get(), actor=system)
    refused = who.get("/launch/wiki")
    missing = who.get("/launch/never-there")
    assert refused.status_code == 404
    assert refused.content == missing.content


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
