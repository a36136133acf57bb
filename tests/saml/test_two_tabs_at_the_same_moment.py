"""One request is one sign-in, also when a browser sends it twice at once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client

from apps.events.models import Event
from apps.saml.actions.settings import sso_of, update_sso
from apps.saml.models import KeyPair, PendingSignIn, PersistentNameId, SsoSettings
from apps.tenants.context import in_tenant
from tests.saml.service_provider import authn_request, form, posted, redirect

pytestmark = pytest.mark.django_db(transaction=True)

TABS = 4


def at_once(call):
    """What `call` returns in each of TABS threads that start together."""
    together = Barrier(TABS)

    def run(_number):
        together.wait()
        try:
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(TABS) as pool:
        return list(pool.map(run, range(TABS)))


def browser_of(person):
    browser = Client()
    browser.cookies[settings.SESSION_COOKIE_NAME] = person.client.cookies[settings.SESSION_COOKIE_NAME].value
    return browser


def test_a_request_is_stored_once(engineer, wiki):
    query = redirect(authn_request())
    statuses = at_once(lambda: Client().get("/t/acme/saml2/wiki", QUERY_STRING=query).status_code)
    assert sorted(statuses) == [303, 400, 400, 400]
    with in_tenant(engineer.tenant):
        assert PendingSignIn.objects.count() == 1


def test_a_request_is_answered_once(engineer, wiki):
    waiting = engineer.client.post("/t/acme/saml2/wiki", form(authn_request())).url

    def open_tab():
        return browser_of(engineer).get(waiting).content.decode()

    pages = at_once(open_tab)
    assert sum("SAMLResponse" in page for page in pages) == 1
    with in_tenant(engineer.tenant):
        assert [event.success for event in Event.objects.filter(type="sso_auth")].count(True) == 1


def test_a_request_is_answered_once_without_a_page_between(engineer, wiki):
    """Whoever is signed in is answered at the address itself: the row that guards against replay is written all the same."""
    query = redirect(authn_request())

    def open_tab():
        return browser_of(engineer).get("/t/acme/saml2/wiki", QUERY_STRING=query).content.decode()

    pages = at_once(open_tab)
    assert sum("SAMLResponse" in page for page in pages) == 1
    assert sum("used before" in page for page in pages) == TABS - 1
    with in_tenant(engineer.tenant):
        assert PendingSignIn.objects.get().answered_at


def test_two_sign_ins_at_once_share_one_random_name(engineer, wiki, system):
    with in_tenant(engineer.tenant):
        update_sso(sso_of(wiki), actor=system, name_id_format="persistent")
    names = at_once(lambda: name_id_of(browser_of(engineer).get("/t/acme/launch/wiki")))
    assert len(set(names)) == 1
    with in_tenant(engineer.tenant):
        assert PersistentNameId.objects.get().value == names[0]


def name_id_of(page):
    return posted(page).one("//saml:Subject/saml:NameID").text


def test_settings_are_made_once(wiki, tenant):
    with in_tenant(tenant):
        SsoSettings.objects.all().delete()
        KeyPair.objects.all().delete()

    def look():
        with in_tenant(tenant):
            return sso_of(wiki).pk

    assert len(set(at_once(look))) == 1
    with in_tenant(tenant):
        assert KeyPair.objects.count() == 1
