"""A small SCIM service provider over a real loopback socket that fails on demand and writes down everything it was asked."""

import contextlib
import email.utils
import json
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from apps.lib.scim import schemas

TOKEN = "canary-token-5f1d8e-7f2c"
FILTER = re.compile(r'(\w+) eq "(.*)"')
TYPED = re.compile(r'(\w+)\[(?:type|value) eq "([^"]*)"\](?:\.value)?')


@dataclass
class Fault:
    """Instead of, or after (`applied`), the proper answer. `hang` holds the answer back for so many seconds."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    applied: bool = False
    hang: float = 0
    reset: bool = False
    method: str = ""
    times: int = 1


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    body: Any
    token: str
    at: float
    status: int


def scim_error(status: int, detail: str, scim_type: str = "") -> bytes:
    document = {"schemas": [schemas.ERROR], "status": str(status), "detail": detail, "scimType": scim_type}
    return json.dumps(document).encode()


def throttled(seconds: int, *, as_date: bool = False, status: int = 429) -> Fault:
    later = email.utils.formatdate(time.time() + seconds, usegmt=True)
    return Fault(status, {"Retry-After": later if as_date else str(seconds)}, scim_error(status, "Slow down"))


class ScimTarget:
    """`users` and `groups` by id. Every switch is a public attribute."""

    def __init__(self) -> None:
        self.token = TOKEN
        self.users: dict[str, dict[str, Any]] = {}
        self.groups: dict[str, dict[str, Any]] = {}
        self.journal: list[Asked] = []
        self.faults: list[Fault] = []
        self.allows_duplicates = False
        self.ignores_filters = False
        self.ignores_paging = False
        self.page_cap = 0  # so many on one page at the most; 0: as many as asked for
        self.before_a_page: Callable[[int], None] = lambda start_index: (
            None
        )  # people come and go there meanwhile
        self.without: set[str] = set()  # methods answered 501
        self.config: dict[str, Any] | None = None  # its ServiceProviderConfig
        self.refuses_filters = False
        self.poison: str = ""  # a userName refused for good
        self.latency = 0.0
        self.in_flight = self.most_in_flight = 0
        self._lock = threading.RLock()
        self._numbers = 0
        target = self

        class Handler(self.handler()):
            owner = target

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.base_url = f"http://127.0.0.1:{self._server.server_port}/scim/v2"

    @staticmethod
    def handler() -> Any:
        return _Handler

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    # --- what tests look at

    def wrote(self) -> list[tuple[str, str]]:
        return [(asked.method, asked.path) for asked in self.journal if asked.method != "GET"]

    def named(self, user_name: str) -> dict[str, Any]:
        (found,) = [user for user in self.users.values() if user["userName"] == user_name]
        return found

    def active_names(self) -> set[str]:
        return {user["userName"] for user in self.users.values() if user.get("active", True)}

    def add_user(self, user_name: str, email: str, **more: Any) -> dict[str, Any]:
        user = {"userName": user_name, "emails": [{"type": "work", "value": email}], "active": True} | more
        return self._keep(self.users, "u", user)

    def add_group(self, name: str, *members: str) -> dict[str, Any]:
        rows = [{"value": member} for member in members]
        return self._keep(self.groups, "g", {"displayName": name, "members": rows})

    def members_of(self, name: str) -> set[str]:
        (group,) = [group for group in self.groups.values() if group["displayName"] == name]
        return {self.users[row["value"]]["userName"] for row in group["members"]}

    # --- what it does

    def _keep(self, into: dict[str, dict[str, Any]], prefix: str, resource: dict[str, Any]) -> dict[str, Any]:
        self._numbers += 1
        resource["id"] = f"{prefix}{self._numbers}"
        into[resource["id"]] = resource
        return resource

    def take_fault(self, method: str) -> Fault | None:
        with self._lock:
            for fault in self.faults:
                if fault.method in ("", method) and fault.times:
                    fault.times -= 1
                    return fault
        return None

    def answer(self, method: str, path: str, query: str, body: Any) -> tuple[int, Any]:
        with self._lock:
            if method in self.without:
                return 501, json.loads(scim_error(501, "Not implemented"))
            collection, _, resource_id = path.removeprefix("/scim/v2/").partition("/")
            if collection == "ServiceProviderConfig" and self.config is not None:
                return 200, self.config
            rows = {"Users": self.users, "Groups": self.groups}.get(collection)
            if rows is None:
                return 404, json.loads(scim_error(404, "No such endpoint"))
            if not resource_id:
                return self._list(rows, query) if method == "GET" else self._create(rows, body)
            if resource_id not in rows:
                return 404, json.loads(scim_error(404, f"Resource {resource_id} not found"))
            return getattr(self, f"_{method.lower()}")(rows, resource_id, body)

    def _list(self, rows: dict[str, Any], query: str) -> tuple[int, Any]:
        if self.refuses_filters and "filter=" in query:
            return 400, json.loads(scim_error(400, "Filters are not supported", "invalidFilter"))
        asked_for = parse_qs(query)
        asked = FILTER.fullmatch(asked_for.get("filter", [""])[0])
        start = int(asked_for.get("startIndex", ["1"])[0])
        if "startIndex" in asked_for:
            self.before_a_page(start)
        found = list(rows.values())
        if asked and not self.ignores_filters:
            wanted = json.loads(f'"{asked[2]}"').casefold()
            found = [row for row in found if str(row.get(asked[1], "")).casefold() == wanted]
        total = len(found)
        if self.ignores_paging:
            start = 1
        count = int(asked_for.get("count", [str(total)])[0])
        cap = min(count, self.page_cap or count)
        if not self.ignores_paging or self.page_cap:
            found = found[start - 1 : start - 1 + cap]
        return 200, {"schemas": [schemas.LIST_RESPONSE], "totalResults": total, "Resources": found}

    def _create(self, rows: dict[str, Any], body: Any) -> tuple[int, Any]:
        key = "userName" if rows is self.users else "displayName"
        if body[key] == self.poison:
            return 400, json.loads(scim_error(400, f"{self.poison} is poison", "invalidValue"))
        taken = any(row[key].casefold() == body[key].casefold() for row in rows.values())
        if taken and not self.allows_duplicates:
            return 409, json.loads(scim_error(409, f"{key} has already been taken", "uniqueness"))
        resource = {"members": []} | body if rows is self.groups else {"active": True} | body
        return 201, self._keep(rows, "u" if rows is self.users else "g", resource)

    def _get(self, rows: dict[str, Any], resource_id: str, body: Any) -> tuple[int, Any]:
        return 200, rows[resource_id]

    def _put(self, rows: dict[str, Any], resource_id: str, body: Any) -> tuple[int, Any]:
        rows[resource_id] = {**body, "id": resource_id}
        return 200, rows[resource_id]

    def _delete(self, rows: dict[str, Any], resource_id: str, body: Any) -> tuple[int, Any]:
        del rows[resource_id]
        return 204, None

    def _patch(self, rows: dict[str, Any], resource_id: str, body: Any) -> tuple[int, Any]:
        for operation in body["Operations"]:
            apply_operation(rows[resource_id], operation)
        return 204, None


def apply_operation(resource: dict[str, Any], operation: dict[str, Any]) -> None:
    op, path, value = operation["op"].lower(), operation["path"], operation.get("value")
    if typed := TYPED.fullmatch(path):
        rows = resource.setdefault(typed[1], [])
        key = "value" if typed[1] == "members" else "type"
        if op == "remove":
            rows[:] = [row for row in rows if row.get(key) != typed[2]]
        else:
            (row,) = [row for row in rows if row.get(key) == typed[2]]  # RFC 7644 3.5.2.3: none is an error
            row["value"] = value
    elif isinstance(value, list):
        rows = resource.setdefault(path, [])
        given = [row["value"] for row in value]
        kept = [] if op == "replace" else [row for row in rows if row["value"] not in given]
        resource[path] = kept if op == "remove" else kept + value
    else:
        head, _, rest = path.partition(".")
        place, name = (resource.setdefault(head, {}), rest) if rest else (resource, head)
        place.pop(name, None)
        if op != "remove":
            place[name] = {"True": True, "False": False}.get(value, value) if name == "active" else value


class _Handler(BaseHTTPRequestHandler):
    owner: ScimTarget
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: Any) -> None:
        """The journal is the log."""

    def do_GET(self) -> None:
        owner = self.owner
        with owner._lock:
            owner.in_flight += 1
            owner.most_in_flight = max(owner.most_in_flight, owner.in_flight)
        try:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self._respond()
        finally:
            with owner._lock:
                owner.in_flight -= 1

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - http.server's names

    def _respond(self) -> None:
        owner = self.owner
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length)
        body = json.loads(raw) if raw else None
        split = urlsplit(self.path)
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        time.sleep(owner.latency)
        fault = owner.take_fault(self.command)
        if token != owner.token:
            status, document = 401, {"detail": f"Invalid token {token}"}
        elif fault and not fault.applied:
            status, document = fault.status, None
        else:
            status, document = owner.answer(self.command, unquote(split.path), split.query, body)
        if fault and token == owner.token:
            status = fault.status or status
        owner.journal.append(Asked(self.command, self.path, body, token, time.time(), status))
        if fault and fault.hang:
            time.sleep(fault.hang)
        if fault and fault.reset:
            self._reset()
            return
        headers = fault.headers if fault else {}
        content = (
            fault.body
            if fault and fault.status
            else b""
            if document is None
            else json.dumps(document).encode()
        )
        self.send_response(status)
        for name, value in ({"Content-Type": schemas.CONTENT_TYPE} | headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True


@contextlib.contextmanager
def scim_target(prepare: Callable[[ScimTarget], None] | None = None) -> Iterator[ScimTarget]:
    target = ScimTarget()
    if prepare:
        prepare(target)
    try:
        yield target
    finally:
        target.stop()
