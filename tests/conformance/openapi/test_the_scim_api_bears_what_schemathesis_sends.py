"""Whatever schemathesis makes of an OpenAPI document with the schemas of /Schemas is answered, or refused as a SCIM error, and never an error of ours."""

from collections import Counter
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from apps.lib.scim.schemas import ENTERPRISE_USER, GROUP, PATCH_OP, USER
from apps.scim.views.resources import UsersView
from tests.conformance.openapi.described import Answer, ask_everything
from tests.scim.conftest import Caller, assert_scim_error

EACH = 12
pytestmark = [pytest.mark.django_db, pytest.mark.timeout(900)]  # a few hundred requests
TYPES = {
    "string": "string",
    "boolean": "boolean",
    "reference": "string",
    "dateTime": "string",
    "integer": "integer",
}
QUERIES = ("filter", "sortBy", "sortOrder", "startIndex", "count", "attributes", "excludedAttributes")
TEXT: dict[str, Any] = {"type": "string"}
OPERATION = {
    "type": "object",
    "required": ["op"],
    "properties": {"op": {"enum": ["add", "Replace", "remove"]}, "path": TEXT, "value": {}},
}
PATCH = {
    "type": "object",
    "required": ["schemas", "Operations"],
    "properties": {"schemas": {"enum": [[PATCH_OP]]}, "Operations": {"type": "array", "items": OPERATION}},
}
SEARCH = {
    "type": "object",
    "properties": dict.fromkeys(QUERIES, TEXT)
    | {"startIndex": {"type": "integer"}, "count": {"type": "integer"}},
}
BULK = {
    "type": "object",
    "required": ["Operations"],
    "properties": {
        "failOnErrors": {"type": "integer"},
        "Operations": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["method", "path"],
                "properties": {
                    "method": {"enum": ["POST", "PUT", "PATCH", "DELETE"]},
                    "path": {"enum": ["/Users", "/Groups", "/Users/ID", "/Users/bulkId:a"]},
                    "bulkId": {"enum": ["a", "b"]},
                    "data": {"type": "object"},
                },
            },
        },
    },
}


def schema_of(attributes: list[dict[str, Any]]) -> dict[str, Any]:
    required = [each["name"] for each in attributes if each["required"]]
    return {
        "type": "object",
        "properties": {each["name"]: _value(each) for each in attributes},
        "required": required,
    }


def _value(attribute: dict[str, Any]) -> dict[str, Any]:
    inner = attribute.get("subAttributes")
    one = schema_of(inner) if inner else {"type": TYPES[attribute["type"]]}
    return {"type": "array", "items": one} if attribute["multiValued"] else one


def document_of(okta: Caller) -> dict[str, Any]:
    told = {each["id"]: each["attributes"] for each in okta("GET", "/Schemas").json()["Resources"]}
    person, group = schema_of(told[USER]), schema_of(told[GROUP])
    # What /Schemas has no words for, so that some are accepted.
    name = {"type": "string", "pattern": "^[a-z]{3,20}$"}
    person["properties"] |= {"userName": name, "timezone": {"enum": ["Europe/London"]}}
    person["properties"]["emails"]["items"]["properties"]["value"] = {"type": "string", "format": "email"}
    group["properties"]["displayName"] = name
    person["properties"][ENTERPRISE_USER] = schema_of(told[ENTERPRISE_USER])
    searches = {f"{at}/.search": {"post": _operation(SEARCH)} for at in ("", "/Users", "/Groups")}
    of_kinds = {}
    for at, body in (("/Users", person), ("/Groups", group)):
        of_kinds[at] = {"get": _operation(query=True), "post": _operation(body)}
        one = {
            "get": _operation(),
            "put": _operation(body),
            "patch": _operation(PATCH),
            "delete": _operation(),
        }
        where = {"name": "id", "in": "path", "required": True, "schema": TEXT}
        of_kinds[f"{at}/{{id}}"] = {method: told | {"parameters": [where]} for method, told in one.items()}
    paths = searches | of_kinds | {"/Bulk": {"post": _operation(BULK)}}
    return {"openapi": "3.0.3", "info": {"title": "SCIM", "version": "2"}, "paths": paths}


def _operation(body: dict[str, Any] | None = None, *, query: bool = False) -> dict[str, Any]:
    told: dict[str, Any] = {"responses": {"default": {"description": "Anything"}}}
    if query:
        told["parameters"] = [{"name": name, "in": "query", "schema": TEXT} for name in QUERIES]
    if body is not None:
        told["requestBody"] = {"required": True, "content": {"application/scim+json": {"schema": body}}}
    return told


def judge(_case: Any, answer: Answer) -> None:
    assert answer.status_code < 500
    if answer.status_code >= 400:
        assert_scim_error(answer)


def client_of(okta: Caller) -> Client:
    return Client(headers={"Authorization": f"Bearer {okta.secret}"})


def test_every_operation_is_answered_or_refused_as_scim_says(okta: Caller) -> None:
    own = {
        "Users": okta.create("mia")["id"],
        "Groups": okta("POST", "/Groups", {"displayName": "All"}).json()["id"],
    }
    statuses: Counter[int] = Counter()

    def path(case: Any) -> str:
        """Half of those that name one go to one that is there."""
        kind = case.path.split("/")[1]
        chosen = sum(statuses.values()) % 2 and "{id}" in case.path
        return f"/t/{okta.tenant.slug}/scim/v2{f'/{kind}/{own[kind]}' if chosen else case.formatted_path}"

    def counted(case: Any, answer: Answer) -> None:
        statuses[answer.status_code] += 1
        judge(case, answer)

    document = document_of(okta)
    assert ask_everything(document, client_of(okta), each=EACH, path=path, judge=counted) > 2 * len(
        document["paths"]
    )
    assert {200, 201, 204, 400, 404} <= statuses.keys()


@pytest.mark.parametrize(
    ("mistake", "found"),
    [
        (lambda *_, **__: HttpResponse("Nope", status=500), AssertionError),
        (lambda *_, **__: HttpResponse("{}", status=400, content_type="application/scim+json"), KeyError),
    ],
)
def test_a_view_that_fails_is_found(
    okta: Caller, monkeypatch: pytest.MonkeyPatch, mistake: Any, found: type[BaseException]
) -> None:
    """The control."""
    document = document_of(okta)
    document["paths"] = {"/Users": {"get": document["paths"]["/Users"]["get"]}}

    def ask() -> None:
        path = f"/t/{okta.tenant.slug}/scim/v2/Users"
        ask_everything(document, client_of(okta), each=2, path=lambda _case: path, judge=judge)

    ask()
    monkeypatch.setattr(UsersView, "get", mistake)
    with pytest.raises(found):
        ask()
