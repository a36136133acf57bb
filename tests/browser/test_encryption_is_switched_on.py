"""An administrator switches encryption on in the console; the person notices nothing, the sandbox shows what it decrypted."""

import base64
from urllib.parse import parse_qs

import pytest

from apps.applications.actions import add_application, assign_group
from apps.directory.actions import add_group, add_member
from apps.saml.actions.key_pairs import certificates_of
from apps.saml.actions.metadata import import_metadata
from apps.saml.actions.settings import sso_of, update_sso
from apps.saml.metadata_export import identity_provider_metadata
from apps.sandbox import actions, signing_out
from apps.sandbox.saml import metadata
from apps.tenants.context import in_tenant
from tests.browser.visitor import expect


@pytest.fixture
def wiki(live_server, tenant, alice, bob, system, settings):
    """At the sandbox, each side with the other's metadata; an e-mail attribute; nothing encrypted yet."""
    settings.PUBLIC_URL = live_server.url
    with in_tenant(tenant):
        group = add_group(actor=system, name="Engineering")
        add_member(group, bob.user, actor=system)
        application = add_application(actor=system, connector="custom_saml", display_label="Wiki")
        assign_group(application, group, actor=system)
        there = signing_out.with_keys(actions.add_service_provider(slug="wiki", label="Wiki"))
        own = metadata.write(there.entity_id, there.acs_url, there.slo_url, there.certificate)
        theirs = identity_provider_metadata(sso_of(application), certificates_of(application))
        import_metadata(application, own, actor=system)
        actions.set_idp_metadata(there, xml=theirs.decode())
        update_sso(sso_of(application), actor=system, attributes=[{"name": "mail", "source": "email"}])
        actions.set_only_encrypted(there, only=True)
    return application


def launched(visitor):
    """What the browser carried from the portal to the sandbox."""
    with visitor.page.expect_request("**/sandbox/sp/wiki/acs") as carried:
        visitor.open("/t/acme/launch/wiki")
    return base64.b64decode(parse_qs(carried.value.post_data)["SAMLResponse"][0])


def test_what_the_console_switches_on_the_sandbox_decrypts(visit, wiki, alice, bob):
    person = visit()
    person.be(bob)
    assert b"bob@acme.example" in launched(person)
    refusal = person.page.get_by_text(
        "The assertion is not encrypted, and this service provider takes no other."
    )
    refusal.wait_for()

    console = visit()
    console.be(alice)
    console.open(f"/t/acme/console/applications/{wiki.pk}/sso/")
    console.page.get_by_text("Encrypted assertions", exact=True).click()
    console.page.get_by_label("Encrypt the assertion").check()
    console.page.get_by_role("button", name="Save").first.click()
    console.page.get_by_text("Single sign-on was saved.").wait_for()

    octets = launched(person)
    assert b"EncryptedAssertion" in octets
    assert b"bob@acme.example" not in octets
    person.page.get_by_role("heading", name="Signed in as bob@acme.example").wait_for()
    shown = person.page.locator("main dl.values").first
    expect(shown).to_contain_text("with AES-256-GCM")
    expect(shown).to_contain_text("response + assertion")
    expect(shown.get_by_text("bob@acme.example", exact=True)).to_have_count(2)  # NameID and the attribute
    assert person.violations() == []
