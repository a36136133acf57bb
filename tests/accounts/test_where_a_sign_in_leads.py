"""`next` leads inside the tenant or nowhere: OWASP's and the browsers' own spellings of "somewhere else"."""

from urllib.parse import quote

import pytest
from django.test import Client, RequestFactory

from apps.accounts.destinations import remember_asking
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

ELSEWHERE = [
    "https://evil.example/",
    "http://evil.example/t/acme/",
    "HTTPS://EVIL.EXAMPLE/t/acme/",
    "//evil.example",
    "//evil.example/t/acme/",
    "///evil.example",
    "////evil.example/t/acme/",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\\/evil.example",
    "/\t/evil.example",
    "/%09/evil.example",
    "\t//evil.example",
    " https://evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "http:\\\\evil.example",
    "ht\ntps://evil.example",
    "/t/acme/\n//evil.example",
    "/t/acme/\r\nLocation: https://evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "http://testserver@evil.example/t/acme/",
    "http://testserver:80@evil.example/t/acme/",
    "http://testserver.evil.example/t/acme/",
    "http://evil.example#@testserver/t/acme/",
    "http://evil.example\\@testserver/t/acme/",
    "http://[evil/t/acme/",
    "http://testserver:8000/t/acme/",
    "http://ⓣestserver/t/acme/",
    "//testserver。evil.example/t/acme/",
    "ftp://testserver/t/acme/",
    "/t/globex/",
    "/t/acmeology/",
    "/t/acme",
    "/",
    "/readyz",
    "/t/acme/../globex/",
    "/t/acme/..",
    "/t/acme/./../globex/",
    "/t/acme/%2e%2e/globex/",
    "/t/acme/%2E%2e/globex/",
    "/t/acme/.%2e/globex/",
    "/t/acme/..%2fglobex/",
    "/t/acme/%5c..%5cglobex/",
    "/t/acme/..\\globex/",
    "/t/acme//evil.example",
    "/t/acme/%0a%0dx",
    "/t/acme/\x00",
    "console/",
    "?q=1",
    "#top",
    "/t/acme/" + "x" * 3000,
]
INSIDE = {
    "/t/acme/": "/t/acme/",
    "/t/acme/console/": "/t/acme/console/",
    "/t/acme/launch/gitlab?RelayState=https://gitlab.example/x": "/t/acme/launch/gitlab?RelayState=https://gitlab.example/x",
    "/t/acme/console/events?q=a%20b&from=..": "/t/acme/console/events?q=a%20b&from=..",
    "/t/acme/saml2/gitlab/requests/0b7e": "/t/acme/saml2/gitlab/requests/0b7e",
    "http://testserver/t/acme/me/": "/t/acme/me/",
    "//testserver/t/acme/me/": "/t/acme/me/",
    "/t/acme/me/#groups": "/t/acme/me/",
}


@pytest.mark.parametrize("wanted", ELSEWHERE)
@pytest.mark.parametrize("way", ["query", "form"])
def test_next_never_leads_elsewhere(bob, wanted, way):
    form = {"username": "bob", "password": PASSWORD}
    if way == "query":
        response = Client().post(f"/t/acme/login/?next={quote(wanted, safe='')}", form)
    else:
        response = Client().post("/t/acme/login/", form | {"next": wanted})
    assert (response.status_code, response.headers.get("Location")) == (302, "/t/acme/")


@pytest.mark.parametrize("wanted", ELSEWHERE)
def test_a_signed_in_person_is_not_sent_elsewhere_either(bob, wanted):
    assert bob.get(f"/login/?next={quote(wanted, safe='')}")["Location"] == "/t/acme/"


@pytest.mark.parametrize(("wanted", "path"), INSIDE.items())
def test_next_leads_inside_the_tenant(bob, wanted, path):
    form = {"username": "bob", "password": PASSWORD}
    assert Client().post(f"/t/acme/login/?next={quote(wanted, safe='')}", form)["Location"] == path


def test_next_outlives_a_wrong_password(bob):
    client = Client()
    address = "/t/acme/login/?next=/t/acme/me/"
    assert client.post(address, {"username": "bob", "password": "wrong"}).status_code == 422
    assert client.post(address, {"username": "bob", "password": PASSWORD}).url == "/t/acme/me/"


def test_a_page_that_needs_a_person_sends_there_and_back(bob):
    client = Client()
    to_login = client.get("/t/acme/me/activity?page=2")
    assert to_login.url == "/t/acme/login/?next=/t/acme/me/activity%3Fpage%3D2"
    assert (
        client.post(to_login.url, {"username": "bob", "password": PASSWORD}).url
        == "/t/acme/me/activity?page=2"
    )


# Which application asked


def ask(client, address, label):
    """What the page that receives a request does."""
    request = RequestFactory().get("/")
    request.session = client.session
    remember_asking(request, address=address, label=label)
    request.session.save()
    client.cookies["gatehouse_session"] = request.session.session_key


def test_the_application_that_asked_is_named_for_its_own_request_only(bob):
    client = Client()
    ask(client, "/t/acme/saml2/gitlab/requests/0b7e", "GitLab <dev>")
    waiting = "/t/acme/login/?next=/t/acme/saml2/gitlab/requests/0b7e"
    assert "<strong>GitLab &lt;dev&gt;</strong> asks who you are" in client.get(waiting).content.decode()
    for other in ("/t/acme/login/", "/t/acme/login/?next=/t/acme/saml2/gitlab/requests/ffff"):
        assert "asks who you are" not in client.get(other).content.decode()


def test_the_address_alone_names_nobody(tenant):
    page = Client().get("/t/acme/login/?next=/t/acme/saml2/Your+Bank/requests/1&application=Your+Bank")
    assert "Your Bank" not in page.content.decode()


def test_it_is_named_again_after_a_wrong_password_and_forgotten_after_the_right_one(bob):
    client = Client()
    ask(client, "/t/acme/me/", "GitLab")
    address = "/t/acme/login/?next=/t/acme/me/"
    assert "GitLab" in client.post(address, {"username": "bob", "password": "no"}).content.decode()
    client.post(address, {"username": "bob", "password": PASSWORD})
    assert "asking_application" not in client.session


def test_asking_for_the_host_alone_would_not_be_enough():
    """The negative control: part of the table is on this very host."""
    from django.utils.http import url_has_allowed_host_and_scheme

    assert sum(url_has_allowed_host_and_scheme(wanted, {"testserver"}) for wanted in ELSEWHERE) > 10
