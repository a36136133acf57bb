import pytest
from lxml import html

from apps.applications.actions import add_application
from apps.events.actions import record
from apps.events.actors import Target
from apps.events.types import EventType
from apps.saml.actions.key_pairs import certificates_of
from apps.saml.actions.settings import sso_of, update_sso
from apps.tenants.context import in_tenant
from tests.console.test_sign_on import values

pytestmark = pytest.mark.django_db


def steps(alice, application):
    page = html.fromstring(alice.get(f"/console/applications/{application.pk}/guide/").content.decode())
    return [" ".join(step.text_content().split()) for step in page.xpath("//ol[@class='guide']/li")]


def marked(alice, application):
    page = html.fromstring(alice.get(f"/console/applications/{application.pk}/guide/").content.decode())
    return [
        bool(step.xpath("span[@class='guide__number']/*")) for step in page.xpath("//ol[@class='guide']/li")
    ]


def test_the_values_are_this_tenants(alice, gitlab):
    shown = " ".join(steps(alice, gitlab))
    with in_tenant(alice.tenant):
        certificate = certificates_of(gitlab)[0]
    for value in (
        "http://127.0.0.1:8000/t/acme/saml2/gitlab",
        certificate.fingerprint_sha1,
        certificate.fingerprint_sha256,
        "https://gitlab.com/groups/acme/-/saml/callback",
        "https://gitlab.com/api/scim/v2/groups/acme",
    ):
        assert value in shown
    assert "{" not in shown


def test_what_is_done_is_ticked_off(alice, bob, gitlab, system):
    assert marked(alice, gitlab) == [False, False, True, False, False, True, False, False, False]
    with in_tenant(alice.tenant):
        record(
            EventType.SSO_AUTH,
            actor=system,
            target=Target.of("user", bob.user),
            application=Target.of("application", gitlab),
        )
    assert marked(alice, gitlab)[6]


def test_a_bookmark_has_no_guide(alice, system):
    with in_tenant(alice.tenant):
        link = add_application(
            actor=system, connector="bookmark", display_label="Menu", bookmark_url="https://menu.example/"
        )
    assert alice.get(f"/console/applications/{link.pk}/guide/").status_code == 404
    assert "guide/" not in alice.get(f"/console/applications/{link.pk}/").content.decode()


def test_a_format_that_the_application_refuses_is_not_saved(alice, gitlab, system):
    path = f"/console/applications/{gitlab.pk}/sso/"
    sent = values(alice.get(path).content.decode())
    response = alice.post(path, sent | {"name_id_format": "transient"})
    assert response.status_code == 422
    assert "anything but transient works" in response.content.decode()
    assert alice.post(path, sent | {"name_id_format": "emailAddress"}).status_code == 302
    with in_tenant(alice.tenant):
        wiki = add_application(actor=system, connector="custom_saml", display_label="Wiki")
        assert (
            update_sso(sso_of(wiki), actor=system, name_id_format="transient").name_id_format == "transient"
        )


def test_a_name_id_that_is_not_what_accounts_have_is_saved_with_a_warning(alice, gitlab):
    path = f"/console/applications/{gitlab.pk}/sso/"
    sent = values(alice.get(path).content.decode())
    page = alice.client.post(
        alice.url(path), sent | {"name_id_source": "username"}, follow=True
    ).content.decode()
    assert "Choose the company email as NameID value." in page
    assert "User is not linked to a SAML account" in page
    page = alice.client.post(
        alice.url(path), sent | {"name_id_source": "email"}, follow=True
    ).content.decode()
    assert "as NameID value." not in page
