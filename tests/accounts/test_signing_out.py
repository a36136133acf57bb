import re

import pytest
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.test import Client

from apps.events.models import Event
from apps.events.types import EventType
from apps.tenants.context import in_tenant
from tests.conftest import sign_in

pytestmark = pytest.mark.django_db


def test_opening_the_address_signs_nobody_out(bob):
    page = bob.get("/logout/")
    assert page.status_code == 200
    assert "Bob Example" in page.content.decode()
    assert bob.get("/me/").status_code == 200


def test_a_form_of_another_site_signs_nobody_out(bob):
    strict = Client(enforce_csrf_checks=True)
    bob.client = strict
    sign_in(bob)
    assert bob.post("/logout/").status_code == 403
    assert bob.get("/me/").status_code == 200
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', bob.get("/logout/").content.decode())[1]
    assert bob.post("/logout/", {"csrfmiddlewaretoken": token}).status_code == 302  # negative control
    assert bob.get("/me/").status_code == 302


def test_signing_out_ends_the_session_for_good(bob):
    key = bob.client.cookies["gatehouse_session"].value
    response = bob.post("/logout/")
    assert response.url == "/t/acme/login/"
    assert response.cookies["gatehouse_session"]["path"] == "/t/acme/"
    assert SESSION_KEY not in bob.client.session
    assert not Session.objects.filter(session_key=key).exists()
    bob.client.cookies["gatehouse_session"] = key
    assert bob.get("/me/").status_code == 302


def test_it_says_that_applications_may_stay_signed_in(bob):
    page = bob.client.post("/t/acme/logout/", follow=True)
    assert "may still be signed in" in page.content.decode()


def test_it_is_an_event_of_the_person(bob):
    bob.post("/logout/")
    with in_tenant(bob.tenant):
        event = Event.objects.get(type=EventType.USER_LOGOUT)
        assert (event.actor_name, event.target_id) == ("bob", str(bob.user.pk))


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_is_sent_to_the_sign_in_page(tenant, method):
    response = getattr(Client(), method)("/t/acme/logout/")
    assert (response.status_code, response.url) == (302, "/t/acme/login/")
    with in_tenant(tenant):
        assert not Event.objects.filter(type=EventType.USER_LOGOUT).exists()


def test_signing_out_of_one_tenant_leaves_another(bob, charlie):
    bob.client.post("/t/acme/logout/")
    assert charlie.get("/me/").status_code == 200
