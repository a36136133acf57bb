"""Every connector's guide: nothing in braces that nobody fills in, and everything the vendor has to be given."""

import re

import pytest

from apps.applications.catalog import CATALOG
from apps.applications.catalog.guide import PLACEHOLDERS

WITH_SIGN_ON = [connector for connector in CATALOG.values() if connector.saml is not None]


def templates(connector):
    for step in (*connector.guide.sign_on, *connector.guide.accounts):
        yield str(step.text)
        yield from (value.value for value in step.values)


@pytest.mark.parametrize("connector", WITH_SIGN_ON, ids=lambda connector: connector.key)
def test_whatever_stands_in_braces_is_filled_in(connector):
    known = PLACEHOLDERS | {parameter.name for parameter in connector.parameters}
    named = {name for template in templates(connector) for name in re.findall(r"\{(\w+)\}", template)}
    assert named - known == set()


@pytest.mark.parametrize("connector", WITH_SIGN_ON, ids=lambda connector: connector.key)
def test_a_guide_leads_from_our_address_to_the_first_sign_in(connector):
    named = " ".join(templates(connector))
    assert "{sso_url}" in named or "{metadata_url}" in named
    assert {step.done for step in connector.guide.sign_on} >= {"sso", "groups", "sign_in"}
    assert {step.done for step in connector.guide.accounts} == {"", "identity"}
    assert connector.guide.source


@pytest.mark.parametrize("connector", WITH_SIGN_ON, ids=lambda connector: connector.key)
def test_a_connector_keeps_its_own_rules(connector):
    formats = connector.saml.name_id_formats
    assert not formats or connector.saml.name_id_format in formats
    assert bool(formats) == bool(connector.saml.name_id_reason)


def test_a_bookmark_has_nothing_to_set_up():
    assert CATALOG["bookmark"].guide is None
