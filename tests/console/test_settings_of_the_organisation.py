"""Settings: the organisation's name, every certificate at one look, and mail."""

import re

import pytest

from apps.applications.actions import add_application
from apps.events.models import Event
from apps.mail.tasks import deliver
from apps.saml.actions.settings import sso_of
from apps.saml.models import KeyPair
from apps.tenants.context import in_tenant


def test_the_name_is_changed_and_the_addresses_stay(alice):
    answer = alice.post("/console/settings/organisation/", {"name": "Acme Holding"}, follow=True)
    page = answer.content.decode()
    assert "The name was saved." in page
    assert "http://127.0.0.1:8000/t/acme/scim/v2/" in page
    alice.tenant.refresh_from_db()
    assert (alice.tenant.name, alice.tenant.slug) == ("Acme Holding", "acme")
    with in_tenant(alice.tenant):
        event = Event.objects.get(type="organization_update")
    assert event.changes == [{"field": "name", "from": "Acme Robotics", "to": "Acme Holding"}]


@pytest.mark.parametrize("name", ["", "   ", "x" * 121, "Ac\u202eme"])
def test_a_name_that_cannot_be_comes_back(alice, name):
    assert alice.post("/console/settings/organisation/", {"name": name}).status_code == 422
    alice.tenant.refresh_from_db()
    assert alice.tenant.name == "Acme Robotics"


def test_the_certificate_that_ends_first_is_on_top(alice, system, django_assert_max_num_queries):
    path = "/console/settings/certificates/"
    assert "No certificates" in alice.get(path).content.decode()
    with in_tenant(alice.tenant):
        for number, label in enumerate(("Wiki", "Shop", "Blog")):
            application = add_application(
                actor=system, connector="custom_saml", display_label=label, slug=label.lower(), parameters={}
            )
            sso_of(application)
            pair = KeyPair.objects.get(application=application)
            KeyPair.objects.filter(pk=pair.pk).update(not_after=pair.not_after.replace(year=2040 - number))
    with django_assert_max_num_queries(12):
        page = alice.get(path).content.decode()
    assert re.findall(r'class="row-link"[^>]*>(\w+)<', page) == ["Blog", "Shop", "Wiki"]


def test_a_test_mail_goes_to_whoever_asks(alice, mailoutbox):
    page = alice.post("/console/settings/mail/", follow=True).content.decode()
    assert "A mail to alice@acme.example is on its way." in page
    deliver.apply(args=[str(alice.tenant.pk)])
    assert [(mail.to, mail.subject) for mail in mailoutbox] == [
        (["alice@acme.example"], "Mail from Gatehouse arrives")
    ]
    assert "Mail sent" in alice.get("/console/settings/mail/").content.decode()


def test_without_a_mail_server_the_page_says_so(alice, settings):
    words = "This installation has no mail server"
    assert words not in alice.get("/console/settings/mail/").content.decode()
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    assert words in alice.get("/console/settings/mail/").content.decode()
