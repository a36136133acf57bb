"""What the second and third migrations make of tokens that were there before there were sources."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from apps.directory.models import User
from apps.tenants.context import in_tenant
from apps.tenants.models import Tenant
from tests.conftest import Person


def migrated_to(name: str) -> Any:
    """The models as they were then."""
    executor = MigrationExecutor(connection)
    executor.migrate([("scim", name)])
    return MigrationExecutor(connection).loader.project_state([("scim", name)]).apps


@pytest.fixture
def before(transactional_db: None) -> Iterator[Any]:
    yield migrated_to("0001_initial")
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


@pytest.mark.django_db(transaction=True)
def test_each_token_became_the_source_that_owns_its_people(
    tenant: Tenant, other_tenant: Tenant, bob: Person, charlie: Person, before: Any
) -> None:
    tokens, identities = before.get_model("scim", "ScimToken"), before.get_model("scim", "ExternalIdentity")
    for owner, user, key in ((tenant, bob.user, "a"), (tenant, None, "b"), (other_tenant, charlie.user, "c")):
        with in_tenant(owner):
            token = tokens.objects.create(tenant_id=owner.id, name="Okta", key_id=key, digest=key)
            if user is not None:
                identities.objects.create(
                    tenant_id=owner.id, token=token, user_id=user.pk, external_id="00u1"
                )
    migrated_to("0004_sources_own_people")
    from apps.scim.models import ExternalIdentity, ScimToken, Source

    with in_tenant(tenant):
        assert [source.name for source in Source.objects.all()] == ["Okta", "Okta 2"]
        identity = ExternalIdentity.objects.get()
        assert identity.source == ScimToken.objects.get(key_id="a").source
        assert (identity.user, identity.user_name, identity.external_id) == (bob.user, "bob", "00u1")
        assert User.objects.filter(pk=bob.user.pk).exists()
    with in_tenant(other_tenant):
        assert ExternalIdentity.objects.get().source == ScimToken.objects.get(key_id="c").source
