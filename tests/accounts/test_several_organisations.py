"""Somebody with an account in several organisations goes from console to console; what their browser remembers opens nothing."""

import re
from http.cookies import SimpleCookie

import pytest
from django.core import signing
from django.test import Client

from apps.accounts.models import Role
from apps.accounts.organisations import ADMINISTERED, LAST, SALT
from tests.conftest import PASSWORD, person

pytestmark = pytest.mark.django_db


class Browser:
    """Django's client sends every cookie everywhere; a browser sends a cookie below its path."""

    def __init__(self):
        self.clients = {}
        self.cookies = SimpleCookie()

    def _client(self, path):
        client = self.clients.setdefault(path.split("/")[2] if path.startswith("/t/") else "", Client())
        for name, morsel in self.cookies.items():
            client.cookies[name] = morsel.value
        return client

    def _keep(self, response):
        for name, morsel in response.cookies.items():
            if morsel["path"] == "/":
                self.cookies[name] = morsel.value
        return response

    def get(self, path):
        return self._keep(self._client(path).get(path))

    def post(self, path, data=None):
        return self._keep(self._client(path).post(path, data))


@pytest.fixture
def browser(tenant, other_tenant):
    """Of somebody who administers acme and globex."""
    for organisation in (tenant, other_tenant):
        person(organisation, "olga", role=Role.READ_ONLY)
        person(organisation, "bob")
    return Browser()


def sign_in(browser, slug, who="olga"):
    response = browser.post(f"/t/{slug}/login/", {"username": who, "password": PASSWORD})
    assert response.status_code == 302
    return response


def switcher(browser, path):
    page = browser.get(path).content.decode()
    return set(
        re.findall(r'class="nav__link" href="(/t/[^"]*)"', page.partition("</details>")[0])
    )  # the first menu of the page


def test_the_switcher_leads_to_the_other_console(browser):
    sign_in(browser, "acme")
    assert switcher(browser, "/t/acme/console/") == set()
    sign_in(browser, "globex")
    assert switcher(browser, "/t/acme/console/") == {"/t/globex/console/"}
    assert switcher(browser, "/t/globex/console/") == {"/t/acme/console/"}
    assert browser.get("/t/globex/console/").status_code == 200


def test_the_page_at_the_root_remembers(browser):
    sign_in(browser, "acme")
    sign_in(browser, "globex")
    page = browser.get("/").content.decode()
    assert 'value="globex"' in page
    assert re.findall(r'class="nav__link" href="([^"]*)"', page) == ["/t/globex/", "/t/acme/"]


def test_people_without_a_role_leave_only_the_last_name(browser):
    sign_in(browser, "acme", "bob")
    page = browser.get("/").content.decode()
    assert 'value="acme"' in page
    assert "Signed in before" not in page
    assert ADMINISTERED not in browser.cookies


def test_being_listed_opens_nothing(browser):
    sign_in(browser, "acme")
    sign_in(browser, "globex")
    browser.post("/t/globex/logout/")
    assert switcher(browser, "/t/acme/console/") == {"/t/globex/console/"}
    assert "/t/globex/login/" in browser.get("/t/globex/console/")["Location"]


def test_a_suspended_organisation_is_not_offered(browser, other_tenant):
    sign_in(browser, "globex")
    sign_in(browser, "acme")
    other_tenant.active = False
    other_tenant.save()
    assert switcher(browser, "/t/acme/console/") == set()


@pytest.mark.parametrize("salt", [None, "another"])
def test_a_cookie_that_somebody_wrote_shows_no_name(browser, other_tenant, salt):
    sign_in(browser, "acme")
    browser.cookies[ADMINISTERED] = signing.dumps(["globex"], salt=salt) if salt else '["globex"]'
    assert other_tenant.name not in browser.get("/t/acme/console/").content.decode()
    browser.cookies[ADMINISTERED] = signing.dumps(["globex"], salt=SALT)  # the control
    assert other_tenant.name in browser.get("/t/acme/console/").content.decode()


def test_the_cookies_are_for_the_server_alone(browser):
    response = sign_in(browser, "acme")
    for name in (LAST, ADMINISTERED):
        cookie = response.cookies[name]
        assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/", True, "Lax")
