"""What a source owns outlives its tokens; the log names the source."""

from importlib import import_module
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from apps.directory.errors import FieldsInvalid, FieldsTaken
from apps.events.actors import Actor
from apps.events.models import Event
from apps.scim.actions.people import remove_person
from apps.scim.actions.sources import (
    add_scim_token,
    add_source,
    add_token,
    revoke_scim_token,
    update_source,
)
from apps.scim.models import ExternalIdentity, ScimToken, Source
from apps.tenants.context import in_tenant
from apps.tenants.models import Tenant
from tests.scim.conftest import Caller

SYSTEM = Actor.system()


@pytest.mark.parametrize(("fields", "wrong"), [({"name": ""}, "name"), ({"name": "x" * 121}, "name"), ({"name": "x", "kind": "ldap"}, "kind")])  # fmt: skip
def test_a_source_needs_a_name_and_a_known_kind(inside: Any, fields: dict[str, str], wrong: str) -> None:
    with pytest.raises(FieldsInvalid) as refused:
        add_source(actor=SYSTEM, **fields)
    assert wrong in refused.value.fields


def test_two_sources_have_two_names(inside: Any) -> None:
    okta = add_source(actor=SYSTEM, name="Okta prod", kind="okta")
    with pytest.raises(FieldsTaken):
        add_source(actor=SYSTEM, name=" OKTA PROD ")
    other = add_source(actor=SYSTEM, name="Okta test")
    with pytest.raises(FieldsTaken):
        update_source(other, actor=SYSTEM, name="okta prod")
    assert update_source(okta, actor=SYSTEM, name="Okta Prod").name == "Okta Prod"
    assert update_source(okta, actor=SYSTEM, kind="entra").kind == "entra"
    update_source(okta, actor=SYSTEM, kind="entra")
    assert Event.objects.filter(type="scim_source_update").count() == 2


def test_two_tokens_live_at_a_time(inside: Any) -> None:
    source = add_source(actor=SYSTEM, name="Okta")
    first, _ = add_token(source, actor=SYSTEM)
    add_token(source, actor=SYSTEM)
    with pytest.raises(FieldsInvalid):
        add_token(source, actor=SYSTEM)
    revoke_scim_token(first, actor=SYSTEM)
    add_token(source, actor=SYSTEM)  # the control


def test_the_successor_of_a_token_goes_on_with_the_same_people(okta: Caller) -> None:
    mia = okta.create("mia")["id"]
    with in_tenant(okta.tenant):
        successor = Caller(okta.tenant, *add_token(okta.source, actor=SYSTEM))
        revoke_scim_token(okta.token, actor=SYSTEM)
    assert okta("GET", "/Users").status_code == 401
    assert successor.patch(mia, {"op": "replace", "path": "title", "value": "Lead"}).status_code == 200
    with in_tenant(okta.tenant):
        actors = Event.objects.filter(target_id=mia).values_list("actor_kind", "actor_id", "actor_name")
        assert set(actors) == {("scim_source", str(okta.source.pk), "Okta")}


def test_a_token_for_a_name_that_is_there_is_that_sources(inside: Any) -> None:
    one, _ = add_scim_token(actor=SYSTEM, name="Okta", kind="okta")
    two, _ = add_scim_token(actor=SYSTEM, name=" okta")
    assert one.source == two.source
    assert Source.objects.get().kind == "okta"


def test_the_command_says_which_product_it_is(tenant: Tenant) -> None:
    call_command(
        "createscimtoken", "--tenant", "acme", "--name", "Entra", "--kind", "entra", stdout=StringIO()
    )
    with in_tenant(tenant):
        assert Source.objects.get().kind == "entra"


def test_a_person_whom_the_source_removed_is_gone_for_it_alone(okta: Caller, entra: Caller) -> None:
    mia = okta.create("mia", externalId="00u1")["id"]
    with in_tenant(okta.tenant):
        identity = ExternalIdentity.objects.get()
        remove_person(identity, actor=SYSTEM)
        remove_person(identity, actor=SYSTEM)
        assert Event.objects.filter(type="scim_user_delete").count() == 1
        assert Event.objects.filter(type="user_suspended").count() == 1
    assert okta("GET", f"/Users/{mia}").status_code == 404
    assert okta.list()["totalResults"] == 0
    assert okta.list(filter='userName eq "mia"')["totalResults"] == 0
    assert okta.list(filter='externalId eq "00u1"')["totalResults"] == 0
    assert entra("GET", f"/Users/{mia}").json()["active"] is False


def test_tokens_of_one_name_became_sources_of_different_names() -> None:
    migration = import_module("apps.scim.migrations.0003_tokens_to_sources")
    taken: set[str] = set()
    names = [
        migration.free_name(name, taken) for name in ("Okta", "OKTA", "Entra", "okta", "x" * 120, "x" * 120)
    ]
    assert names == ["Okta", "OKTA 2", "Entra", "okta 3", "x" * 120, "x" * 118 + " 2"]
    assert len({name.casefold() for name in names}) == len(names)


def test_no_row_of_a_token_holds_its_sources_name(okta: Caller) -> None:
    """A name that changes, changes for all tokens."""
    with in_tenant(okta.tenant):
        update_source(okta.source, actor=SYSTEM, name="Okta prod")
        assert ScimToken.objects.get().name == "Okta prod"
