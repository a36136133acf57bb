"""A conversation with a SCIM target: steps in order, each with the answer it must get.

`<name>` in a path, a body or an expectation stands for the id that an earlier step kept under that name.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from apps.sandbox.models import SandboxTarget

MISSING = object()
CONTENT_TYPE = "application/scim+json"


@dataclass
class Scim:
    """A caller with the target's token, and nothing else: no cookie, no session."""

    target: SandboxTarget
    token: str
    client: Client = field(default_factory=Client)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        return self.client.generic(
            method,
            f"/t/{self.target.tenant.slug}/sandbox/scim/{self.target.slug}{path}",
            raw,
            content_type=CONTENT_TYPE,
            headers={"Authorization": f"Bearer {self.token}"} | headers,
        )


@dataclass(frozen=True)
class Step:
    method: str
    path: str
    status: int
    body: Any = None
    holds: dict[str, Any] = field(default_factory=dict)  # JSON pointer → value, or MISSING
    says: str = ""  # a regular expression that the body contains
    keep: str = ""  # the name under which the answer's id is kept


@dataclass(frozen=True)
class Row:
    """One behaviour, named by the sentence that documents it."""

    because: str
    steps: list[Step]


def play(caller: Scim, row: Row) -> None:
    kept: dict[str, str] = {}
    for step in row.steps:
        body = json.loads(_filled(json.dumps(step.body), kept)) if step.body is not None else None
        answer = caller.send(step.method, _filled(step.path, kept), body)
        shown = answer.content.decode()
        assert answer.status_code == step.status, f"{step.method} {step.path}: {shown}"
        if step.status == 204:
            assert shown == ""
        document = json.loads(shown) if "json" in answer.headers.get("Content-Type", "") else None
        for pointer, value in step.holds.items():
            wanted = _filled(value, kept) if isinstance(value, str) else value
            found = resolve(document, pointer)
            assert found == wanted, f"{step.method} {step.path} {pointer}: {shown}"
            assert type(found) is type(wanted), f"{pointer} is {found!r}: numbers, booleans and texts differ"
        assert re.search(_filled(step.says, kept), shown), f"{step.method} {step.path}: {shown}"
        if step.keep:
            kept[step.keep] = document["id"]


def resolve(document: Any, pointer: str) -> Any:
    for part in pointer.split("/")[1:]:
        if isinstance(document, list) and part.isdigit() and int(part) < len(document):
            document = document[int(part)]
        elif isinstance(document, dict) and part in document:
            document = document[part]
        else:
            return MISSING
    return document


def _filled(text: str, kept: dict[str, str]) -> str:
    return re.sub(r"<(\w+)>", lambda match: kept.get(match[1], match[0]), text)


def patch_op(*operations: dict[str, Any]) -> dict[str, Any]:
    return {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": list(operations)}


def set_to(path: str, value: Any, op: str = "replace") -> dict[str, Any]:
    return {"op": op, "path": path, "value": value}


def activity(*, active: Any, op: str = "replace") -> dict[str, Any]:
    return patch_op(set_to("active", active, op))
