"""User and Group documents read, checked, patched and matched by RFC 7643 and 7644."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import ValidationError
from scim2_models import Context, Error, Group, PatchOp, SCIMException, ScimFilter, ScimPolicy, User

from apps.sandbox.errors import ScimRefused
from apps.sandbox.targets.wire import Document

# What identity providers really send: attributes nobody knows, `remove` with a value, a value path that creates its element.
TOLERANT = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)
_SERVER_SIDE = {"schemas", "id", "meta", "groups"}

Model = type[User] | type[Group]


def created(model: Model, body: Document) -> Document:
    return _read(model, body, Context.RESOURCE_CREATION_REQUEST)


def replaced(model: Model, body: Document) -> Document:
    return _read(model, body, Context.RESOURCE_REPLACEMENT_REQUEST)


def patched(model: Model, document: Document, body: Document) -> Document:
    """What a PatchOp makes of `document`; all of it or nothing (RFC 7644 section 3.5.2)."""
    with _refusals():
        resource = model.model_validate(document, scim_policy=TOLERANT)
        message: Any = PatchOp[model]  # type: ignore[valid-type]
        operations = message.model_validate(
            body, scim_ctx=Context.RESOURCE_PATCH_REQUEST, scim_policy=TOLERANT
        )
        operations.patch(resource, scim_policy=TOLERANT)
        return _document(resource)


def matching(model: Model, documents: list[Document], text: str) -> list[bool]:
    """For each document whether the filter holds."""
    with _refusals():
        condition: Any = ScimFilter[model](text)  # type: ignore[valid-type]
        return [
            condition.match(model.model_validate(document, scim_policy=TOLERANT), strict=True)
            for document in documents
        ]


def primary_email(document: Document) -> str:
    rows = [row for row in document.get("emails") or [] if isinstance(row, dict) and row.get("value")]
    chosen = next((row for row in rows if row.get("primary") or row.get("type") == "work"), None)
    return str((chosen or (rows[0] if rows else {})).get("value", ""))


def _read(model: Model, body: Document, context: Context) -> Document:
    with _refusals():
        return _document(model.model_validate(body, scim_ctx=context, scim_policy=TOLERANT))


def _document(resource: User | Group) -> Document:
    """Without what the server itself says of it, and without the password, which is never returned."""
    dumped: Document = resource.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE)
    return {name: value for name, value in dumped.items() if name not in _SERVER_SIDE}


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except SCIMException as refused:
        raise ScimRefused(refused.status, refused.detail, refused.scim_type) from None
    except ValidationError as invalid:
        first = Error.from_validation_errors(invalid)[0]
        raise ScimRefused(400, str(first.detail), str(first.scim_type or "invalidValue")) from None
    except RecursionError:
        raise ScimRefused(400, "The request is nested too deep.", "invalidSyntax") from None
