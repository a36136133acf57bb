from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from scim2_models import Context, ListResponse, ResourceType, Schema, ServiceProviderConfig

from apps.lib.scim.schemas import USER
from apps.scim.columns import of_person
from apps.tenants.models import Tenant
from tests.scim.conftest import Caller

RESPONSE = Context.RESOURCE_QUERY_RESPONSE


def test_the_three_documents_are_valid(okta: Caller) -> None:
    """scim2-models reads them strictly: unknown and missing attributes are errors."""
    ServiceProviderConfig.model_validate(okta("GET", "/ServiceProviderConfig").json(), scim_ctx=RESPONSE)
    schemas = ListResponse[Schema].model_validate(okta.list("/Schemas"), scim_ctx=RESPONSE)
    kinds = ListResponse[ResourceType].model_validate(okta.list("/ResourceTypes"), scim_ctx=RESPONSE)
    assert (schemas.total_results, kinds.total_results) == (1, 1)
    assert kinds.resources
    assert (kinds.resources[0].endpoint, kinds.resources[0].schema_) == ("/Users", USER)


def test_each_can_be_read_by_its_own_address(okta: Caller) -> None:
    for path in ("/Schemas", "/ResourceTypes"):
        for document in okta.list(path)["Resources"]:
            location = document["meta"]["location"].removeprefix("http://127.0.0.1:8000/t/acme/scim/v2")
            assert okta("GET", location).json() == document
        assert okta("GET", f"{path}/Nothing").status_code == 404
        assert okta("GET", f"{path}?filter=id+pr").status_code == 403


def test_a_person_has_no_attribute_that_the_schema_does_not_know(okta: Caller) -> None:
    phones = [{"type": "work", "value": "1"}]
    user = okta.create("mia", title="x", displayName="x", timezone="Europe/London", phoneNumbers=phones)
    declared = {each["name"] for each in okta.list("/Schemas")["Resources"][0]["attributes"]}
    assert set(user) - {"schemas", "id", "meta", "externalId"} <= declared


def test_every_attribute_of_the_schema_can_be_filtered_or_is_made_of_others(okta: Caller) -> None:
    from scim2_models import Path

    from apps.scim.resources import User

    columns = of_person(okta.token)
    leaves = {
        (attribute["name"], sub["name"] if sub else None)
        for attribute in okta.list("/Schemas")["Resources"][0]["attributes"]
        for sub in attribute.get("subAttributes") or [None]
    }
    bound = {Path[User](".".join(filter(None, leaf))).resolve() for leaf in leaves}
    names = {(each.field_name, each.sub_field_name) for each in bound if each}
    assert names - columns.keys() == {("name", "formatted")}


def test_the_command_prints_the_address_and_a_token_that_works(tenant: Tenant) -> None:
    out = StringIO()
    call_command("createscimtoken", "--tenant", "acme", "--name", "Okta", stdout=out)
    url, secret = out.getvalue().split()
    assert url == "http://127.0.0.1:8000/t/acme/scim/v2/"
    answer = Client().get("/t/acme/scim/v2/Users", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 200


@pytest.mark.parametrize(("slug", "name"), [("nobody", "Okta"), ("acme", ""), ("ACME", "Okta")])
def test_the_command_says_what_is_wrong(tenant: Tenant, slug: str, name: str) -> None:
    with pytest.raises(CommandError):
        call_command("createscimtoken", "--tenant", slug, "--name", name, stdout=StringIO())
