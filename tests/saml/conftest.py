"""Acme's GitLab with Engineering bound to it, and a service provider whose keys we hold."""

from dataclasses import dataclass
from itertools import cycle

import pytest

from apps.applications.actions import add_application, assign_group
from apps.directory.actions import add_group, add_member
from apps.lib.crypto import new_key_pair
from apps.saml.actions.settings import sso_of, update_sso
from apps.tenants.context import in_tenant

ACS = "https://sp.example/acs"
SP = "https://sp.example/metadata"


@dataclass(frozen=True)
class Keys:
    private_key: str
    certificate: str

    @property
    def base64(self) -> str:
        return "".join(self.certificate.split("\n")[1:-2])


@pytest.fixture(scope="session")
def sp_keys():
    pair = new_key_pair("sp.example", 30)
    return Keys(pair.private_key, pair.certificate)


@pytest.fixture(scope="session")
def strangers_keys():
    pair = new_key_pair("stranger.example", 30)
    return Keys(pair.private_key, pair.certificate)


@pytest.fixture(scope="session")
def _pool():
    return [new_key_pair("Gatehouse: test", 365) for _ in range(4)]


@pytest.fixture(autouse=True)
def _keys_from_a_pool(monkeypatch, _pool):
    """Making an RSA key takes longer than most tests; within one test they differ."""
    keys = cycle(_pool)
    monkeypatch.setattr("apps.saml.actions.new_key_pairs.new_key_pair", lambda *_: next(keys))
    monkeypatch.setattr("apps.saml.preview.new_key_pair", lambda *_: next(keys))


@pytest.fixture
def wiki(tenant, system):
    """A custom SAML application at sp.example that Engineering may use."""
    with in_tenant(tenant):
        application = add_application(actor=system, connector="custom_saml", display_label="Wiki")
        update_sso(sso_of(application), actor=system, sp_entity_id=SP, acs_urls=[ACS])
        assign_group(application, add_group(actor=system, name="Engineering"), actor=system)
    return application


@pytest.fixture
def engineer(bob, wiki, system):
    """Bob, once he is in Engineering."""
    with in_tenant(bob.tenant):
        add_member(wiki.groups.get(), bob.user, actor=system)
    return bob


def sp_metadata(
    *,
    entity_id=SP,
    acs=f'<md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="{ACS}" index="0"/>',
    keys="",
    formats="",
    role_attributes="",
    attributes="",
):
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="{entity_id}" {attributes}>
  <!-- made by hand -->
  <md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol" {role_attributes}>
    {keys}{formats}{acs}
  </md:SPSSODescriptor>
</md:EntityDescriptor>""".encode()
