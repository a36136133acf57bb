"""Settings: the organisation's name, language, time zone and logo, every certificate at one look, and mail."""

import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from apps.applications.actions import add_application
from apps.events.models import Event
from apps.mail.tasks import deliver
from apps.saml.actions.settings import sso_of
from apps.saml.models import KeyPair
from apps.tenants.context import in_tenant
from tests.conftest import person

ORGANISATION, LOGO = "/console/settings/organisation/", "/t/acme/organisation-logo"
SETTINGS = {"name": "Acme Robotics", "language": "", "timezone": ""}


def png():
    out = io.BytesIO()
    Image.new("RGB", (800, 400), "navy").save(out, format="PNG")
    return out.getvalue()


def test_the_name_is_changed_and_the_addresses_stay(alice):
    answer = alice.post("/console/settings/organisation/", {"name": "Acme Holding"}, follow=True)
    page = answer.content.decode()
    assert "The settings were saved." in page
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


@pytest.mark.parametrize(
    "wrong", [{"language": "fr"}, {"timezone": "Nowhere/Land"}, {"timezone": "../etc/passwd"}]
)
def test_what_nobody_offers_is_refused(alice, wrong):
    assert alice.post(ORGANISATION, SETTINGS | wrong).status_code == 422
    alice.tenant.refresh_from_db()
    assert (alice.tenant.language, alice.tenant.timezone) == ("", "")


@pytest.mark.parametrize(
    ("upload", "says"),
    [(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a PNG"), (b"x" * (1024 * 1024 + 1), "larger than 1 MiB"), (b"", "empty")],
)  # fmt: skip
def test_a_logo_is_a_picture_of_pixels(alice, client, upload, says):
    answer = alice.post(
        ORGANISATION, SETTINGS | {"name": "Other", "logo": SimpleUploadedFile("a.png", upload)}
    )
    assert answer.status_code == 422
    assert says in answer.content.decode()
    alice.tenant.refresh_from_db()
    assert (alice.tenant.name, alice.tenant.logo_key) == ("Acme Robotics", "")
    assert client.get(LOGO).status_code == 404


def test_language_and_time_zone_are_saved_and_told(alice):
    alice.post(ORGANISATION, SETTINGS | {"language": "de", "timezone": "Europe/Vienna"})
    alice.post(ORGANISATION, SETTINGS | {"language": "de", "timezone": "Europe/Vienna"})
    alice.tenant.refresh_from_db()
    assert (alice.tenant.language, alice.tenant.timezone) == ("de", "Europe/Vienna")
    with in_tenant(alice.tenant):
        event = Event.objects.get(type="organization_update")
    assert event.changes == [
        {"field": "language", "from": "", "to": "de"},
        {"field": "timezone", "from": "", "to": "Europe/Vienna"},
    ]


def test_a_logo_is_shown_before_anybody_signs_in_and_can_be_removed(alice, bob, charlie, client):
    alice.post(ORGANISATION, SETTINGS | {"logo": SimpleUploadedFile("a.png", png())})
    alice.tenant.refresh_from_db()
    address = f"{LOGO}?v={alice.tenant.logo_key}"
    for page in (client.get("/t/acme/login/"), bob.get("/"), alice.get("/console/")):
        assert f'src="{address}"' in page.content.decode()
    answer = client.get(address)
    assert answer["Content-Type"] == "image/png"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert Image.open(io.BytesIO(answer.content)).size == (256, 128)
    assert client.get("/t/globex/organisation-logo").status_code == 404  # every organisation has its own
    alice.post(ORGANISATION, SETTINGS | {"remove_logo": "1"})
    assert client.get(address).status_code == 404
    assert LOGO not in client.get("/t/acme/login/").content.decode()
    with in_tenant(alice.tenant):
        told = [event.changes[0] for event in Event.objects.filter(type="organization_update")]
    assert [(change["field"], bool(change["to"])) for change in told] == [("logo", False), ("logo", True)]


def test_whoever_only_reads_saves_nothing(tenant):
    reader = person(tenant, "rita", role="read_only")
    assert reader.get(ORGANISATION).status_code == 200
    assert reader.post(ORGANISATION, SETTINGS | {"language": "de"}).status_code == 403


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
