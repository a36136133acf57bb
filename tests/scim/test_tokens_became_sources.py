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
    after = migrated_to("0004_sources_own_people")
    # Models of then: those of today have more columns. They know nothing of the tenant in context.
    sources, tokens, identities = (
        after.get_model("scim", name).objects for name in ("Source", "ScimToken", "ExternalIdentity")
    )
    with in_tenant(tenant):
        names = sources.filter(tenant_id=tenant.pk).order_by("name").values_list("name", flat=True)
        assert list(names) == ["Okta", "Okta 2"]
        identity = identities.get(tenant_id=tenant.pk)
        assert identity.source_id == tokens.get(key_id="a").source_id
        assert (identity.user_id, identity.user_name, identity.external_id) == (bob.user.pk, "bob", "00u1")
        assert User.objects.filter(pk=bob.user.pk).exists()
    with in_tenant(other_tenant):
        assert identities.get(tenant_id=other_tenant.pk).source_id == tokens.get(key_id="c").source_id
