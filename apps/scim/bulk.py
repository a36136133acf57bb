"""
Bulk (RFC 7644 section 3.7): many requests in one, each of which succeeds or fails by itself. An operation may name what an earlier one creates
as `bulkId:…`; one whose reference is not known yet waits for it, and those that wait for each other fail with 409.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.lib.scim.errors import Conflict, InvalidSyntax, InvalidValue, ScimError, TooLarge
from apps.lib.scim.schemas import BULK_REQUEST, BULK_RESPONSE
from apps.scim.patching import MOST_OPERATIONS

METHODS = {"POST", "PUT", "PATCH", "DELETE"}
PATH = re.compile(r"/?(Users|Groups)(?:/([^/?#]+))?/?", re.ASCII)
REFERENCE = re.compile(r"bulkId:([^\s/\"]+)")


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    data: dict[str, Any] | None
    bulk_id: str
    version: str

    @property
    def references(self) -> set[str]:
        return set(REFERENCE.findall(self.path)) | set(REFERENCE.findall(json.dumps(self.data)))


@dataclass(frozen=True)
class Result:
    """`document` is the error's; what was written is told by its location alone."""

    status: int
    location: str = ""
    version: str = ""
    document: Mapping[str, Any] | None = None


@dataclass
class Run:
    """`send` makes one operation and never raises; `ids` are of what was created so far, by bulkId."""

    send: Callable[[Operation], Result]
    fail_on_errors: int = 0  # 0: never stop
    ids: dict[str, str] = field(default_factory=dict)
    errors: int = 0

    def through(self, operations: list[Operation]) -> list[dict[str, Any]]:
        """What became of each, in the order in which they were made."""
        waiting, told = list(operations), []
        while waiting and not self._is_enough():
            ready = next((each for each in waiting if self._is_ready(each, waiting)), waiting[0])
            waiting.remove(ready)
            told.append(self._made(ready))
        return told

    def _is_enough(self) -> bool:
        return 0 < self.fail_on_errors <= self.errors

    def _is_ready(self, operation: Operation, waiting: list[Operation]) -> bool:
        """Nothing that it names is still to be made."""
        coming = {each.bulk_id for each in waiting if each.bulk_id and each is not operation}
        return not operation.references & coming

    def _made(self, operation: Operation) -> dict[str, Any]:
        unknown = operation.references - self.ids.keys()
        if unknown:
            error = Conflict(f"bulkId: There is nothing created under {min(unknown)[:100]}.")
            result = Result(error.status, document=error.to_document())
        else:
            result = self.send(self._resolved(operation))
        if result.status >= 400:
            self.errors += 1
        elif operation.bulk_id and operation.method == "POST":
            self.ids[operation.bulk_id] = result.location.rpartition("/")[2]
        return _told(operation, result)

    def _resolved(self, operation: Operation) -> Operation:
        def id_of(match: re.Match[str]) -> str:
            return self.ids[match[1]]

        data = operation.data and json.loads(REFERENCE.sub(id_of, json.dumps(operation.data)))
        path = REFERENCE.sub(id_of, operation.path)
        return Operation(operation.method, path, data, operation.bulk_id, operation.version)


def read(document: Mapping[str, Any]) -> tuple[list[Operation], int]:
    """The operations and `failOnErrors`. Raises ScimError for what makes the whole request unreadable."""
    folded = {name.casefold(): value for name, value in document.items()}
    schemas = folded.get("schemas") or [BULK_REQUEST]
    if not isinstance(schemas, list) or BULK_REQUEST not in schemas:
        raise InvalidSyntax(f"schemas: A bulk request is {BULK_REQUEST}.")
    sent, limit = folded.get("operations"), folded.get("failonerrors") or 0
    if not isinstance(sent, list) or not sent:
        raise InvalidSyntax("Operations has to be a list of at least one.")
    if len(sent) > MOST_OPERATIONS:
        raise TooLarge(f"More than {MOST_OPERATIONS} operations.")
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
        raise InvalidValue("failOnErrors has to be a whole number.")
    operations = [_operation(each) for each in sent]
    named = [each.bulk_id for each in operations if each.bulk_id]
    if len(named) != len(set(named)):
        raise InvalidValue("bulkId: Each has to be used once.")
    return operations, limit


def _operation(sent: Any) -> Operation:
    if not isinstance(sent, Mapping):
        raise InvalidSyntax("Each of Operations has to be an object.")
    folded = {str(name).casefold(): value for name, value in sent.items()}
    method = str(folded.get("method") or "").upper()
    texts = {name: folded.get(name) or "" for name in ("path", "bulkid", "version")}
    if method not in METHODS:
        raise InvalidSyntax("method: It is POST, PUT, PATCH or DELETE.")
    if not all(isinstance(text, str) for text in texts.values()):
        raise InvalidSyntax("path, bulkId and version are text.")
    if method == "POST" and not texts["bulkid"]:
        raise InvalidSyntax("bulkId: A POST needs one.")
    data = folded.get("data")
    if data is not None and not isinstance(data, Mapping):
        raise InvalidSyntax("data: It has to be an object.")
    return Operation(
        method, texts["path"], None if data is None else dict(data), texts["bulkid"], texts["version"]
    )


def _told(operation: Operation, result: Result) -> dict[str, Any]:
    told: dict[str, Any] = {"method": operation.method, "status": str(result.status)}
    if operation.bulk_id:
        told["bulkId"] = operation.bulk_id
    if result.location:
        told["location"] = result.location
    if result.version:
        told["version"] = result.version
    if result.document:
        told["response"] = dict(result.document)
    return told


def response(told: list[dict[str, Any]]) -> dict[str, Any]:
    return {"schemas": [BULK_RESPONSE], "Operations": told}


def refused(error: ScimError) -> Result:
    return Result(error.status, document=error.to_document())
