"""Acme's GitLab with Engineering bound to it, and a service provider whose keys we hold."""

from dataclasses import dataclass
from itertools import cycle

import pytest

from apps.applications.actions import add_application, assign_group
from apps.directory.actions import add_group, add_member
from apps.lib import event_loop
from apps.lib.crypto import new_key_pair
from apps.saml.actions.metadata import import_metadata_from_url
from apps.saml.actions.settings import sso_of, update_sso
from apps.tenants.context import in_tenant
from tests.saml.metadata import ACS, SP, sp_metadata
from tests.saml.metadata_server import MetadataServer, key_descriptor

__all__ = ["ACS", "SP", "sp_metadata"]  # where others look for them


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


@pytest.fixture
def server(httpserver, settings):
    """A metadata address that may be called."""
    settings.OUTBOUND_ALLOW = ["127.0.0.1", "localhost"]
    yield MetadataServer(httpserver)
    event_loop.close()


@pytest.fixture
def imported(inside, wiki, system, server, sp_keys):
    """The Wiki's metadata came from the server, with a certificate in it."""
    server.keys = key_descriptor(sp_keys)
    import_metadata_from_url(wiki, server.url, actor=system)
    return wiki
