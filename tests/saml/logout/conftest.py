"""Two applications with logout addresses, wiki and blog, and one without, intranet; Bob is signed in where a test says."""

import pytest

from apps.applications.actions import add_application, assign_group
from apps.directory.actions import add_group, add_member
from apps.events.models import Event
from apps.saml.actions.key_pairs import certificates_of
from apps.saml.actions.settings import sso_of, update_sso
from apps.saml.models import LogoutStep
from apps.tenants.context import in_tenant
from tests.saml.logout.partner import Partner

REFRESH = "1; url="


@pytest.fixture
def group(tenant, system, bob):
    with in_tenant(tenant):
        group = add_group(actor=system, name="Engineering")
        add_member(group, bob.user, actor=system)
    return group


def _partner(tenant, system, group, slug, keys, **fields):
    partner = Partner(slug, keys)
    with in_tenant(tenant):
        application = add_application(actor=system, connector="custom_saml", display_label=slug.title())
        update_sso(
            sso_of(application),
            actor=system,
            sp_entity_id=partner.entity_id,
            acs_urls=[partner.acs],
            sp_certificates=[keys.certificate],
            **fields,
        )
        assign_group(application, group, actor=system)
        partner.certificate = certificates_of(application)[0].certificate
    partner.application = application
    return partner


@pytest.fixture
def wiki_sp(tenant, system, group, sp_keys):
    return _partner(tenant, system, group, "wiki", sp_keys, slo_url="https://wiki.example/slo")


@pytest.fixture
def blog_sp(tenant, system, group, strangers_keys):
    return _partner(tenant, system, group, "blog", strangers_keys, slo_url="https://blog.example/slo")


@pytest.fixture
def intranet_sp(tenant, system, group, sp_keys):
    return _partner(tenant, system, group, "intranet", sp_keys, login_url="https://intranet.example/in")


def go_to(person, address):
    """The portal's own address in the test client."""
    return person.client.get(address)


def goes_on(response):
    """Where the page goes on by itself; None where it stays."""
    refresh = response.headers.get("Refresh")
    return None if refresh is None else refresh.removeprefix(REFRESH)


def arrives(person, partner, query):
    """The browser brings a message by Redirect to the application's SLO address here."""
    return person.client.get(f"/t/acme/saml2/{partner.slug}/slo", QUERY_STRING=query)


def is_signed_in(person):
    return person.get("/me/").status_code == 200


def events(tenant, kind="sso_logout"):
    """Oldest first."""
    with in_tenant(tenant):
        return list(Event.objects.filter(type=kind).order_by("created_at", "id"))


def states(tenant):
    with in_tenant(tenant):
        steps = LogoutStep.objects.select_related("session__application")
        return {step.session.application.slug: str(step.state) for step in steps}
