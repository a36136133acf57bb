"""OpenAPI: complete, free of warnings, and true of every address."""

import json
import re
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from apps.api import urls
from tests.api.conftest import Script

FOR_ANYBODY = {"root", "schema", "docs"}


@pytest.fixture(scope="module")
def schema() -> Any:
    out = StringIO()
    call_command("spectacular", "--fail-on-warn", "--validate", "--format", "openapi-json", stdout=out)
    return json.loads(out.getvalue())


def test_every_address_and_method_is_described(schema: Any) -> None:
    expected = set()
    for pattern in urls.urlpatterns:
        if pattern.name not in FOR_ANYBODY:
            path = re.sub(
                r"<\w+:(\w+)>", lambda name: "{" + name[1].replace("pk", "id") + "}", str(pattern.pattern)
            )
            view = pattern.callback.view_class
            expected |= {
                (f"/{path}", method)
                for method in ("get", "post", "put", "patch", "delete")
                if hasattr(view, method)
            }
    described = {(path, method) for path, operations in schema["paths"].items() for method in operations}
    assert described == expected


def test_every_operation_may_be_refused_and_needs_one_of_two_headers(schema: Any) -> None:
    for operations in schema["paths"].values():
        for operation in operations.values():
            assert "application/problem+json" in operation["responses"]["default"]["content"]
            assert operation["security"] == [{"bearer": []}, {"apiKey": []}]


def told_in(schema: Any, component: str) -> set[tuple[str, str]]:
    """(method, status) of every answer that may hold the component."""
    return {
        (method, status)
        for operations in schema["paths"].values()
        for method, operation in operations.items()
        for status, answer in operation["responses"].items()
        if f'schemas/{component}"' in json.dumps(answer)
    }


def test_secrets_are_written_only_and_told_only_where_they_are_made(schema: Any) -> None:
    components = schema["components"]["schemas"]
    assert "password" in components["UserRequest"]["properties"]
    assert "password" not in components["User"]["properties"]
    for component, secret in (
        ("NewApiKey", "key"),
        ("NewScimToken", "token"),
        ("NewWebhook", "secret"),
        ("NewSecret", "secret"),
    ):
        assert secret in components[component]["properties"]
        assert told_in(schema, component) == {("post", "201")}
    assert "token" in components["IntegrationToConfigureRequest"]["properties"]
    assert told_in(schema, "IntegrationToConfigureRequest") == set()


def test_what_is_refused_is_not_described_as_welcome(api: Script, schema: Any) -> None:
    name = schema["components"]["schemas"]["GroupRequest"]["properties"]["name"]
    limit = next(each for each in schema["paths"]["/groups/"]["get"]["parameters"] if each["name"] == "limit")
    assert name["minLength"] == 1
    assert api("POST", "/groups/", {"name": ""}).status_code == 400
    assert (limit["schema"]["minimum"], limit["schema"]["maximum"]) == (1, 200)
    assert [api("GET", f"/groups/?limit={n}").status_code for n in (0, 1, 200, 201)] == [400, 200, 200, 400]
    # What is only answered may well be empty.
    assert "minLength" not in schema["components"]["schemas"]["Event"]["properties"]["actor_id"]


def test_answers_hold_what_is_described(api: Script, schema: Any) -> None:
    api.post("/groups/", {"name": "Engineering"})
    api.post("/applications/", {"connector": "custom_saml", "display_label": "Wiki"})
    api.post("/scim-tokens/", {"name": "Okta"})
    for path, operations in schema["paths"].items():
        if (
            "{" in path
            or "get" not in operations
            or "count" in path
            or "export" in path
            or "distinct" in path
            or "interval" in path
            or "week" in path
        ):
            continue
        name = operations["get"]["responses"]["200"]["content"]["application/json"]["schema"][
            "$ref"
        ].rpartition("/")[2]
        page = schema["components"]["schemas"][name]["properties"]
        item = page["results"]["items"]["$ref"].rpartition("/")[2]
        fields = schema["components"]["schemas"][item]["properties"]
        hidden = {field for field in fields if fields[field].get("writeOnly")}
        for row in api.get(path)["results"]:
            assert row.keys() == fields.keys() - hidden, path


def test_the_start_leads_to_the_description_and_the_documentation(tenant: Any) -> None:
    client = Client()
    start = client.get("/t/acme/api/v1/").json()
    described = client.get(start["schema"].removeprefix("http://127.0.0.1:8000"))
    assert described["Content-Type"] == "application/json"
    assert described.json()["openapi"].startswith("3.")
    assert described.json()["servers"] == [{"url": "http://127.0.0.1:8000/t/acme/api/v1"}]
    docs = client.get(start["documentation"].removeprefix("http://127.0.0.1:8000"))
    assert docs.status_code == 200
    assert not re.search(rb"<script(?![^>]*\bsrc=)|\bstyle=|<style", docs.content), (
        "the policy allows nothing inline"
    )
    for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', docs.content.decode()):
        answer = client.get(address)
        answer.close()
        assert answer.status_code == 200, address


def test_the_description_holds_nothing_of_the_tenants(api: Script) -> None:
    api.post("/groups/", {"name": "canary"})
    assert b"canary" not in Client().get("/t/acme/api/v1/schema/").content
