"""Threat S1 by chance: whatever a request asks for, the page's form leads to a registered address, or there is no form."""

import re
from dataclasses import dataclass
from html import escape, unescape
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from apps.saml.actions.settings import sso_of, update_sso
from apps.saml.authn_request import read_request
from apps.saml.errors import RequestRefused
from apps.saml.front_door import Received
from apps.tenants.context import in_tenant
from tests.saml.conftest import ACS
from tests.saml.service_provider import SSO, authn_request, instant, redirect

pytestmark = pytest.mark.django_db

SECOND = "https://sp.example/second?a=1&b=2"
REGISTERED = {ACS, SECOND}


@pytest.fixture
def two_addresses(engineer, wiki, system):
    with in_tenant(engineer.tenant):
        return update_sso(sso_of(wiki), actor=system, acs_urls=[ACS, SECOND])


def pieces(address):
    """Cuts, doublings, other cases, escapes and neighbours of an address that is registered."""
    cut = st.integers(0, len(address))
    inserted = st.sampled_from(
        ["", "/", "//", ".", "..", "@", "#", "?", "%2e", "%00", "\\", ":443", " ", "evil.example", "&", ";"]
    )
    return st.tuples(cut, cut, inserted).map(
        lambda drawn: address[: drawn[0]] + drawn[2] + address[drawn[1] :]
    )


ADDRESSES = st.one_of(
    st.sampled_from(sorted(REGISTERED)),
    st.sampled_from(sorted(REGISTERED)).flatmap(pieces),
    st.sampled_from(sorted(REGISTERED)).map(str.swapcase),
    st.text(st.characters(min_codepoint=32, exclude_categories=("Cs", "Cn")), max_size=40),
)
INDEXES = st.one_of(st.integers(-2, 70000).map(str), st.text("0123456789+-. eE", max_size=4))


@dataclass(frozen=True)
class Asked:
    more: str
    address: str | None
    index: str | None


ASKED = st.builds(
    lambda address, index: Asked(
        " ".join(
            f'AssertionConsumerService{name}="{escape(value)}"'
            for name, value in (("URL", address), ("Index", index))
            if value is not None
        ),
        address,
        index,
    ),
    st.none() | ADDRESSES,
    st.none() | INDEXES,
)


def chosen(asked: Asked, sso: Any, now: Any) -> str | None:
    root = etree.fromstring(authn_request(more=asked.more))
    try:
        return read_request(Received(root, "", signed=False), sso, destination=SSO, now=now).acs_url
    except RequestRefused:
        return None


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=ASKED)
def test_only_registered_addresses_are_chosen(two_addresses, asked):
    from django.utils import timezone

    url = chosen(asked, two_addresses, timezone.now())
    assert url in {None, *REGISTERED}
    if asked.address is not None and asked.address not in REGISTERED:
        assert url is None
    if asked.address is not None and asked.index is not None:
        assert url is None
    if asked.address in REGISTERED and asked.index is None:
        assert url == asked.address  # negative control: it is not that nothing is ever chosen


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=ASKED)
def test_the_form_leads_to_a_registered_address_or_is_not_there(engineer, two_addresses, asked):
    query = redirect(authn_request(more=asked.more, made=instant()))
    page = engineer.client.get("/t/acme/saml2/wiki", QUERY_STRING=query).content.decode()
    actions = [
        unescape(action) for action in re.findall(r'<form[^>]* action="([^"]*)"', page) if "://" in action
    ]
    assert set(actions) <= REGISTERED
    assert bool(actions) == ("SAMLResponse" in page)
