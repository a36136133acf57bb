from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from scim2_models import Context, ListResponse, Path, ResourceType, Schema, ServiceProviderConfig

from apps.lib.scim.schemas import ENTERPRISE_USER, GROUP, USER
from apps.scim.columns import of_group, of_person
from apps.scim.resources import Group, Person
from apps.tenants.context import in_tenant
from apps.tenants.models import Tenant
from tests.scim.conftest import Caller

RESPONSE = Context.RESOURCE_QUERY_RESPONSE


def test_the_three_documents_are_valid(okta: Caller) -> None:
    """scim2-models reads them strictly: unknown and missing attributes are errors."""
    ServiceProviderConfig.model_validate(okta("GET", "/ServiceProviderConfig").json(), scim_ctx=RESPONSE)
    schemas = ListResponse[Schema].model_validate(okta.list("/Schemas"), scim_ctx=RESPONSE)
    kinds = ListResponse[ResourceType].model_validate(okta.list("/ResourceTypes"), scim_ctx=RESPONSE)
    assert (schemas.total_results, kinds.total_results) == (3, 2)
    assert [each.name for each in schemas.resources or []] == ["User", "Group", "EnterpriseUser"]
    assert kinds.resources
    assert [(each.endpoint, each.schema_) for each in kinds.resources] == [
        ("/Users", USER),
        ("/Groups", GROUP),
    ]
    assert kinds.resources[0].schema_extensions
    assert [each.schema_ for each in kinds.resources[0].schema_extensions] == [ENTERPRISE_USER]


def test_each_can_be_read_by_its_own_address(okta: Caller) -> None:
    for path in ("/Schemas", "/ResourceTypes"):
        for document in okta.list(path)["Resources"]:
            location = document["meta"]["location"].removeprefix("http://127.0.0.1:8000/t/acme/scim/v2")
            assert okta("GET", location).json() == document
        assert okta("GET", f"{path}/Nothing").status_code == 404
        assert okta("GET", f"{path}?filter=id+pr").status_code == 403


def schema(caller: Caller, urn: str) -> Any:
    return caller("GET", f"/Schemas/{urn}").json()


def leaves(told: Any) -> set[tuple[str, str | None]]:
    return {
        (attribute["name"], sub["name"] if sub else None)
        for attribute in told["attributes"]
        for sub in attribute.get("subAttributes") or [None]
    }


def test_no_resource_has_an_attribute_that_the_schema_does_not_know(okta: Caller) -> None:
    phones = [{"type": "work", "value": "1"}, {"type": "mobile", "value": "2"}]
    told = dict.fromkeys(("employeeNumber", "department", "division", "organization", "costCenter"), "x")
    user = okta.create(
        "mia", title="x", displayName="x", timezone="Europe/London", phoneNumbers=phones, externalId="1",
        name={"givenName": "x", "familyName": "y"}, **{ENTERPRISE_USER: told | {"manager": {"value": "x"}}},
    )  # fmt: skip
    group = okta(
        "POST", "/Groups", {"displayName": "x", "externalId": "1", "members": [{"value": user["id"]}]}
    )
    user["name"] |= okta("GET", f"/Users/{user['id']}?attributes=name.formatted").json()["name"]
    named = "attributes=members,members.display,displayName"
    group = okta("GET", f"/Groups/{group.json()['id']}?{named}")
    common = {"schemas", "id", "meta", "externalId", ENTERPRISE_USER}
    for resource, urn in ((user, USER), (user[ENTERPRISE_USER], ENTERPRISE_USER), (group.json(), GROUP)):
        found = {
            (name, part)
            for name, value in resource.items()
            for element in (value if isinstance(value, list) else [value])
            for part in (element if isinstance(element, dict) else [None])
            if name not in common
        }
        # Nothing more than is declared, and all of it: what is declared is stored.
        assert found == leaves(schema(okta, urn))


def test_every_attribute_of_the_schemas_can_be_filtered_and_sorted_by(okta: Caller) -> None:
    for kind, urn in ((Person, USER), (Group, GROUP), (Person, ENTERPRISE_USER)):
        with in_tenant(okta.tenant):
            columns = of_group(okta.source) if kind is Group else of_person(okta.source)
        for name, part in leaves(schema(okta, urn)):
            prefix = f"{urn}:" if urn == ENTERPRISE_USER else ""
            binding = Path[kind](f"{prefix}{name}{f'.{part}' if part else ''}").resolve()
            assert binding is not None
            field, sub = binding.field_name, binding.sub_field_name
            elements = columns.plural.get(field)
            if part == "$ref":
                continue  # made of the id
            assert all(sub in each.parts for each in elements) if elements else (field, sub) in columns.single
            assert elements or (field, sub) in columns.order, (field, sub)


@pytest.mark.parametrize("path", ["/Users", "/Users/nobody", "/ServiceProviderConfig"])
def test_nothing_of_an_answer_is_run_wherever_it_is_shown(okta: Caller, path: str) -> None:
    policy = okta("GET", path)["Content-Security-Policy"]
    assert policy == "default-src 'none'; frame-ancestors 'none'"
    assert "script-src 'self'" in Client().get("/t/acme/login/")["Content-Security-Policy"]


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
