"""Messages of RFC 7644: lists and PATCH. Each `op` and `path` is spelled as the caller says, because targets differ in what they read."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from apps.lib.scim.filters import equals
from apps.lib.scim.schemas import LIST_RESPONSE, PATCH_OP

Document = dict[str, Any]


_JSON = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":")
)  # json.dumps would make one for each document


def encode(document: Document) -> bytes:
    return _JSON.encode(document).encode()


def quoted(text: str) -> str:
    """As it stands in a message, between quotation marks."""
    return _JSON.encode(text)[1:-1]


def list_response(
    resources: Sequence[Document],
    *,
    total: int | None = None,
    start_index: int = 1,
    items_per_page: int | None = None,
) -> Document:
    """`total` and `items_per_page` default to the number of `resources` (section 3.4.2)."""
    return {
        "schemas": [LIST_RESPONSE],
        "totalResults": len(resources) if total is None else total,
        "startIndex": start_index,
        "itemsPerPage": len(resources) if items_per_page is None else items_per_page,
        "Resources": list(resources),
    }


def patch_op(*operations: Document) -> Document:
    if not operations:
        raise ValueError("A PatchOp without operations is not valid (section 3.5.2).")
    return {"schemas": [PATCH_OP], "Operations": list(operations)}


def add(path: str, value: Any, *, op: str = "add") -> Document:
    return {"op": op, "path": path, "value": value}


def replace(path: str, value: Any, *, op: str = "replace") -> Document:
    return {"op": op, "path": path, "value": value}


def replace_many(values: Document, *, op: str = "replace") -> Document:
    """Without a path: `value` holds the attributes. Okta's form; GitLab does not read it."""
    return {"op": op, "value": values}


def remove(path: str, *, op: str = "remove") -> Document:
    return {"op": op, "path": path}


def add_members(ids: Iterable[str], *, op: str = "add", path: str = "members") -> Document:
    return add(path, _members(ids), op=op)


def replace_members(ids: Iterable[str], *, op: str = "replace", path: str = "members") -> Document:
    return replace(path, _members(ids), op=op)


def remove_members(ids: Iterable[str], *, op: str = "remove", path: str = "members") -> Document:
    """With a value array: Entra's form and GitLab's. A literal reader of the RFC would empty the group instead."""
    return {"op": op, "path": path, "value": _members(ids)}


def remove_member(member_id: str, *, op: str = "remove", path: str = "members") -> Document:
    """With a filter in the path: the RFC's form, one operation for each member."""
    return remove(f"{path}[{equals('value', member_id)}]", op=op)


def _members(ids: Iterable[str]) -> list[Document]:
    return [{"value": member_id} for member_id in ids]
