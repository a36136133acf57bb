from collections.abc import Callable
from typing import Any

import pytest

from apps.sandbox import actions
from apps.sandbox.models import SandboxServiceProvider
from apps.tenants.models import Tenant
from tests.sandbox.conversation import Scim
from tests.sandbox.identity_provider import IdentityProvider


@pytest.fixture
def target_of(inside: Tenant) -> Callable[..., Scim]:
    """A target of this kind, and a caller that has its token."""

    def make(kind: str, **settings: Any) -> Scim:
        slug = settings.pop("slug", kind.replace("_", "-"))
        target, token = actions.add_target(slug=slug, label="Target", kind=kind, **settings)
        assert token
        return Scim(target, token)

    return make


@pytest.fixture(scope="session")
def idp() -> IdentityProvider:
    return IdentityProvider()


@pytest.fixture(scope="session")
def stranger() -> IdentityProvider:
    """The same name, other keys."""
    return IdentityProvider()


@pytest.fixture
def service_provider(inside: Tenant, idp: IdentityProvider) -> SandboxServiceProvider:
    there = actions.add_service_provider(slug="app", label="Some application")
    actions.set_idp_metadata(there, xml=idp.metadata())
    return there
