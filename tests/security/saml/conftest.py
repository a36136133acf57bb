"""Acme's wiki and its service provider, as the tests of the SAML app know them."""

from tests.saml.conftest import (  # noqa: F401
    _keys_from_a_pool,
    _pool,
    engineer,
    sp_keys,
    strangers_keys,
    wiki,
)
