"""Where an application takes logout messages: from its metadata, or typed; never an address that is not safe."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.saml.actions.metadata import import_metadata
from apps.saml.actions.settings import sso_of, update_sso
from apps.saml.errors import MetadataRefused, SsoInvalid
from apps.saml.models import SsoSession
from apps.tenants.context import in_tenant
from tests.saml.conftest import ACS, sp_metadata
from tests.saml.service_provider import posted

pytestmark = pytest.mark.django_db

BINDINGS = "urn:oasis:names:tc:SAML:2.0:bindings:"
ACS_ELEMENT = f'<md:AssertionConsumerService Binding="{BINDINGS}HTTP-POST" Location="{ACS}" index="0"/>'


def service(binding, location="https://sp.example/slo", more=""):
    return f'<md:SingleLogoutService Binding="{BINDINGS}{binding}" Location="{location}" {more}/>'


def imported(wiki, system, *services):
    with in_tenant(wiki.tenant):
        settings = import_metadata(wiki, sp_metadata(acs="".join(services) + ACS_ELEMENT), actor=system)
    return settings.slo_url, settings.slo_binding, settings.slo_response_url


@pytest.mark.parametrize(
    "location",
    ["http://sp.example/slo", "javascript:alert(1)", "https://a@sp.example/slo", "/slo", "https://"],
)
def test_an_unsafe_address_is_refused(wiki, system, location):
    for unsafe in (
        service("HTTP-Redirect", location),
        service("HTTP-POST", more=f'ResponseLocation="{location}"'),
    ):
        with pytest.raises(MetadataRefused, match="takes logout messages at"):
            imported(wiki, system, unsafe)
    for field in ("slo_url", "slo_response_url"):
        with in_tenant(wiki.tenant), pytest.raises(SsoInvalid) as refused:
            update_sso(sso_of(wiki), actor=system, **{field: location})
        assert list(refused.value.fields) == [field]


def test_another_binding_is_refused(wiki, system):
    with in_tenant(wiki.tenant), pytest.raises(SsoInvalid):
        update_sso(sso_of(wiki), actor=system, slo_binding="soap")


def test_redirect_is_preferred_because_it_brings_cookies(wiki, system):
    both = imported(wiki, system, service("HTTP-POST", "https://sp.example/post"), service("HTTP-Redirect"))
    assert both == ("https://sp.example/slo", "redirect", "")


def test_post_alone_is_taken_with_its_own_address_for_answers(wiki, system):
    services = (
        service("SOAP", "https://sp.example/soap"),
        service("HTTP-POST", more='ResponseLocation="https://sp.example/r"'),
    )
    assert imported(wiki, system, *services) == ("https://sp.example/slo", "post", "https://sp.example/r")


def test_what_was_typed_stays_where_the_file_says_nothing(wiki, system):
    with in_tenant(wiki.tenant):
        update_sso(sso_of(wiki), actor=system, slo_url="https://sp.example/typed", slo_binding="post")
    assert imported(wiki, system, service("SOAP")) == ("https://sp.example/typed", "post", "")


def test_it_costs_a_sign_in_one_statement(engineer, wiki):
    posted(engineer.get("/launch/wiki"))  # the session's handle is there from here on
    with CaptureQueriesContext(
        connection,
    ) as queries:
        posted(engineer.get("/launch/wiki"))
    about = [query["sql"] for query in queries if SsoSession._meta.db_table in query["sql"]]
    assert len(about) == 1
    assert "INSERT INTO" in about[0]
    with in_tenant(wiki.tenant):
        assert SsoSession.objects.count() == 1
