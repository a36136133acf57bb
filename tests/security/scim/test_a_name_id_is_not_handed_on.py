"""A persistent NameID is one person's for ever (SAML core 8.3.7), also where an identity provider gives their user name to somebody else."""

import pytest

from apps.applications.actions import add_application
from apps.applications.models import Application
from apps.directory.models import User
from apps.events.actors import Actor
from apps.saml.models import PersistentNameId
from apps.saml.name_ids import persistent_name_id
from apps.tenants.context import in_tenant
from tests.scim.conftest import Caller

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("external_id", "is_the_same"), [("okta-1", True), ("okta-2", False)])
def test_whoever_comes_with_another_id_gets_another_name_id(
    okta: Caller, external_id: str, is_the_same: bool
) -> None:
    first = okta.create("mia", externalId="okta-1")["id"]
    with in_tenant(okta.tenant):
        wiki: Application = add_application(
            actor=Actor.system(), connector="custom_saml", display_label="Wiki"
        )
        before = persistent_name_id(User.objects.get(pk=first), wiki)
    okta("DELETE", f"/Users/{first}")
    second = okta.create("mia", externalId=external_id)["id"]
    with in_tenant(okta.tenant):
        after = persistent_name_id(User.objects.get(pk=second), wiki)
        assert (after == before) is is_the_same  # the same id is the negative control
        assert PersistentNameId.objects.filter(value=before).exists()  # taken for ever
