"""One request is one sign-in, also when a browser sends it twice at once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client

from apps.events.models import Event
from apps.saml.actions.settings import sso_of
from apps.saml.models import KeyPair, PendingSignIn, SsoSettings
from apps.tenants.context import in_tenant
from tests.saml.service_provider import authn_request, form, redirect

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
