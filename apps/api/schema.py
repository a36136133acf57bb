"""The API's description (OpenAPI 3), made once: only the server's address differs between tenants."""

from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator

PROBLEM = {
    "type": "object",
    "description": "A refusal, as RFC 9457 has it.",
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "object",
            "description": "Field → what is wrong with it. What is about no field stands under an empty name.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
        "service_providers": {
            "type": "array",
            "description": "Where metadata describes several and none was named: what can be named as entity_id.",
            "items": {
                "type": "object",
                "properties": {
                    "entity_id": {"type": "string"},
                    "name": {"type": "string"},
                    "hosts": {"type": "array", "items": {"type": "string"}},
                },
                "required": ["entity_id", "name", "hosts"],
            },
        },
    },
    "required": ["type", "title", "status"],
}


class Generator(SchemaGenerator):
    """The setting DEFAULT_GENERATOR_CLASS: the command `spectacular` finds the API without being told where."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["urlconf"] = kwargs.get("urlconf") or "apps.api.urls"
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]


def add_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """In POSTPROCESSING_HOOKS: every operation may be refused."""
    result["components"]["schemas"]["Problem"] = PROBLEM
    refused = {
        "description": "Refused",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for operations in result["paths"].values():
        for operation in operations.values():
            operation["responses"]["default"] = refused
    return result


@cache
def described() -> dict[str, Any]:
    """Without `servers`."""
    document: dict[str, Any] = Generator().get_schema(public=True)  # type: ignore[no-untyped-call]
    return document
