"""PATCH as callers really send it (RFC 7644 section 3.5.2), brought into the form that scim2-models applies."""

from collections.abc import Iterator, Mapping
from typing import Any

from scim2_models import Context, PatchOp

from apps.lib.scim.errors import InvalidSyntax, TooLarge
from apps.lib.scim.schemas import PATCH_OP, USER
from apps.scim.resources import POLICY

MOST_OPERATIONS = 1000
CORE = f"{USER}:".casefold()
WHOLE_NAME = "name.formatted"


def patched(resource: Any, operations: Any) -> Any:
    """A copy with the operations applied. Raises ScimError, ValidationError and SCIMException."""
    return applied(resource, list(as_understood(type(resource), operations)))


def applied(resource: Any, operations: list[Any]) -> Any:
    """The same for operations that went through `as_understood`."""
    copy = resource.model_copy(deep=True)
    if operations:
        message = {"schemas": [PATCH_OP], "Operations": operations}
        patch = _patch_of(type(resource)).model_validate(
            message, scim_ctx=Context.RESOURCE_PATCH_REQUEST, scim_policy=POLICY
        )
        patch.patch(copy, scim_policy=POLICY)
    return copy


def _patch_of(kind: Any) -> Any:
    return PatchOp[kind]


def as_understood(kind: Any, operations: Any) -> Iterator[dict[str, Any]]:
    """Each with lower-case member names, and attributes of an extension with its URN. What changes nothing is left out."""
    if not isinstance(operations, list):
        raise InvalidSyntax("Operations has to be a list.")
    if not operations:
        raise InvalidSyntax("Operations is empty.")
    if len(operations) > MOST_OPERATIONS:
        raise TooLarge(f"More than {MOST_OPERATIONS} operations.")
    extended = _extended(kind)
    for each in operations:
        if not isinstance(each, Mapping):
            raise InvalidSyntax("Each of Operations has to be an object.")
        operation = _without_whole_name({str(name).casefold(): value for name, value in each.items()})
        if operation is None or _adds_null(operation):
            continue
        path = operation.get("path")
        if path is None or path == "":
            operation.pop("path", None)
            yield from _by_name(operation, extended)
        else:
            yield operation | ({"path": _qualified(path, extended)} if isinstance(path, str) else {})


def _by_name(operation: dict[str, Any], extended: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Of an operation without a path. Entra's names may be value paths: what stands in brackets is no attribute, but an operation of its own."""
    value = operation.get("value")
    if not isinstance(value, Mapping):
        yield operation
        return
    named = {_qualified(name, extended): value[name] for name in value}
    plain = {name: named[name] for name in named if "[" not in name}
    if plain or not named:
        yield operation | {"value": plain}
    for name in (each for each in named if each not in plain):
        yield operation | {"path": name, "value": named[name]}


def _adds_null(operation: Mapping[str, Any]) -> bool:
    """Entra adds null for what a person does not have."""
    is_addition = str(operation.get("op")).casefold() == "add"
    return is_addition and "value" in operation and operation["value"] is None


def _without_whole_name(operation: dict[str, Any]) -> dict[str, Any] | None:
    """Without name.formatted, which is read-only: Entra's standard mapping sends it, and an error would park the person. None for nothing else."""
    path, value = operation.get("path") or "", operation.get("value")
    if not isinstance(path, str):
        return operation
    if _core(path) == WHOLE_NAME:
        return None
    if not value or not isinstance(value, Mapping):
        return operation
    kept = _left_of(value, _core(path))
    return operation | {"value": kept} if kept else None


def _left_of(value: Mapping[str, Any], path: str) -> dict[str, Any]:
    """A value that stands at `path`, "" for the person."""
    kept = {}
    for name, inner in value.items():
        here = f"{path}.{_core(name)}" if path else _core(name)
        left = _left_of(inner, here) if here == "name" and isinstance(inner, Mapping) else inner
        if here != WHOLE_NAME and (left or not inner):
            kept[name] = left
    return kept


def _core(path: str) -> str:
    return path.strip().casefold().removeprefix(CORE)


def _extended(kind: Any) -> dict[str, str]:
    """Folded name → URN of the extension that declares it, where the resource itself has none of that name."""
    core = {_folded(name) for name in kind.model_fields}
    return {
        _folded(name): str(urn)
        for urn, extension in kind.get_extension_models().items()
        for name in extension.model_fields
        if _folded(name) not in core
    }


def _qualified(path: str, extended: Mapping[str, str]) -> str:
    """Entra names the manager without the URN of the extension."""
    head = path.partition("[")[0].partition(".")[0]
    urn = extended.get(head.strip().casefold())
    return f"{urn}:{path}" if urn else path


def _folded(python_name: str) -> str:
    return python_name.replace("_", "").casefold()
