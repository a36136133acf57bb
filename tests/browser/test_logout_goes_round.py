"""Single logout in a real browser: cookies that other sites' requests do not bring, policies, pages that go on by themselves."""

import pytest

from apps.applications.actions import add_application, assign_group
from apps.applications.models import Application
from apps.directory.actions import add_group, add_member
from apps.saml.actions.key_pairs import certificates_of
from apps.saml.actions.metadata import import_metadata
from apps.saml.actions.settings import sso_of, update_sso
from apps.saml.metadata_export import identity_provider_metadata
from apps.sandbox import actions, signing_out
from apps.sandbox.saml import metadata
from apps.tenants.context import in_tenant
from tests.browser.conftest import DARK, LIGHT, PHONE
from tests.browser.test_pages_are_accessible_and_quiet import overflow
from tests.browser.visitor import expect

SLUGS = ("blog", "wiki")


@pytest.fixture
def connected(live_server, tenant, bob, system, settings):
    """Two applications at the sandbox, each side with the other's metadata, and one without a logout address."""
    settings.PUBLIC_URL = live_server.url
    with in_tenant(tenant):
        group = add_group(actor=system, name="Engineering")
        add_member(group, bob.user, actor=system)
        for slug in (*SLUGS, "intranet"):
            application = add_application(actor=system, connector="custom_saml", display_label=slug.title())
            assign_group(application, group, actor=system)
            there = signing_out.with_keys(actions.add_service_provider(slug=slug, label=slug.title()))
            own = metadata.write(there.entity_id, there.acs_url, there.slo_url, there.certificate)
            theirs = identity_provider_metadata(sso_of(application), certificates_of(application))
            import_metadata(application, own, actor=system)
            actions.set_idp_metadata(there, xml=theirs.decode())
        update_sso(sso_of(application), actor=system, slo_url="")
    return bob


def signed_in_to(visitor, bob, *slugs):
    """By opening each tile; each ends on the page of the service provider."""
    visitor.be(bob)
    for slug in slugs:
        visitor.open(f"/t/acme/launch/{slug}")
        visitor.arrives(f"/t/acme/sandbox/sp/{slug}/")


def is_signed_in_to(bob, slug):
    with in_tenant(bob.tenant):
        there = actions.add_service_provider(slug=slug, label="")
        return there.sign_ins.filter(signed_out_at=None).exists()


def sign_out(visitor):
    visitor.open("/t/acme/logout/")
    visitor.page.get_by_role("button", name="Sign out").click()


def heading(visitor, text):
    visitor.page.get_by_role("heading", level=1, name=text).wait_for()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_the_portal_goes_round_and_says_that_all_confirmed(visit, connected, scripts):
    visitor = visit()
    signed_in_to(visitor, connected, *SLUGS)
    cookies = visitor.page.context.cookies()
    if not scripts:
        visitor = visit(java_script_enabled=False)
        visitor.page.context.add_cookies(cookies)
    sign_out(visitor)
    heading(visitor, "You are signed out")
    expect(visitor.page.get_by_text("Signed out", exact=True)).to_have_count(3)  # the portal and both
    assert not any(is_signed_in_to(connected, slug) for slug in SLUGS)
    assert complaints(visitor) == []


def test_an_application_signs_out_of_the_portal_and_the_other(visit, connected):
    visitor = visit()
    signed_in_to(visitor, connected, *SLUGS)
    visitor.page.get_by_role("button", name="Sign out everywhere").click()
    heading(visitor, "Signed out everywhere")
    assert not any(is_signed_in_to(connected, slug) for slug in SLUGS)
    visitor.open("/t/acme/me/")
    assert "/login/" in visitor.page.url


def test_stranded_at_a_silent_application_the_sign_in_page_leads_back(visit, connected):
    with in_tenant(connected.tenant):
        signing_out.set_ignores_logout(actions.add_service_provider(slug="blog", label=""), ignores=True)
    visitor = visit()
    signed_in_to(visitor, connected, *SLUGS)
    sign_out(visitor)
    heading(visitor, "Nothing happens here")
    visitor.open("/t/acme/")
    visitor.page.get_by_role("link", name="See which").click()
    heading(visitor, "You are not signed out everywhere")
    expect(visitor.page.get_by_text("It was asked and has not confirmed.")).to_have_count(1)
    assert [is_signed_in_to(connected, slug) for slug in SLUGS] == [True, False]
    with in_tenant(connected.tenant):
        signing_out.set_ignores_logout(actions.add_service_provider(slug="blog", label=""), ignores=False)
    visitor.page.get_by_role("link", name="Ask Blog again").click()
    heading(visitor, "You are signed out")
    assert not is_signed_in_to(connected, "blog")


@pytest.mark.parametrize("window", [LIGHT, DARK, PHONE], ids=["light", "dark", "phone"])
def test_the_pages_open_without_a_complaint(visit, connected, window, system):
    """The list with every state that stays, the page that posts, held back from sending itself, and the refusal."""
    with in_tenant(connected.tenant):
        signing_out.set_ignores_logout(actions.add_service_provider(slug="blog", label=""), ignores=True)
    visitor = visit(**window)
    signed_in_to(visitor, connected, *SLUGS, "intranet")
    sign_out(visitor)
    heading(visitor, "Nothing happens here")
    faultless(visitor)
    visitor.open("/t/acme/login/")
    faultless(visitor)
    visitor.page.get_by_role("link", name="See which").click()
    heading(visitor, "You are not signed out everywhere")
    faultless(visitor)
    with in_tenant(connected.tenant):
        update_sso(sso_of_slug("blog"), actor=system, slo_binding="post")
    visitor.page.route(
        "**/autosubmit.js", lambda route: route.fulfill(body="", content_type="text/javascript")
    )
    visitor.page.get_by_role("link", name="Ask Blog again").click()
    heading(visitor, "Telling Blog…")
    faultless(visitor)
    visitor.open("/t/acme/saml2/blog/slo")
    heading(visitor, "A sign-out by way of Blog failed")
    faultless(visitor)
    assert [text for text in complaints(visitor) if "status of 400" not in text] == []


def complaints(visitor):
    """A page goes on while its fonts and pictures may still be on their way: those are none."""
    return [text for text in visitor.complaints if "/static/" not in text]


def sso_of_slug(slug):
    return sso_of(Application.objects.get(slug=slug))


def faultless(visitor):
    expect(visitor.page.get_by_role("heading", level=1)).to_have_count(1)
    assert visitor.refusals() == []
    assert visitor.violations() == []
    assert overflow(visitor) <= 0
