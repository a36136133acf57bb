"""Stands between the product and one target: passes everything on, writes it down, and gets in the way when it is asked to."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


@dataclass(frozen=True)
class Asked:
    """`path` below the base URL, unquoted; `body` is the document that was sent."""

    method: str
    path: str
    body: Any
    status: int

    @property
    def writes(self) -> bool:
        return self.method != "GET"


@dataclass
class Obstacles:
    """What the target cannot do for the moment."""

    without: frozenset[str] = frozenset()  # methods that it has not: 501
    filters: str = "obeyed"  # or "ignored", or "refused": 400
    config: dict[str, Any] = field(default_factory=dict)  # laid over its ServiceProviderConfig
    token: str = ""  # reaches the target instead of the one that was sent
    unseen: str = ""  # is not found by the next look-up that asks for it
    deaf: frozenset[str] = frozenset()  # methods that are answered as if they had been carried out


class Tap:
    def __init__(self, upstream: str) -> None:
        self.upstream = urlsplit(upstream)
        self.asked: list[Asked] = []
        self.obstacles = Obstacles()
        tap = self

        class Handler(_Handler):
            owner = tap

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}{self.upstream.path}"

    def writes(self) -> list[Asked]:
        return [asked for asked in self.asked if asked.writes]

    @contextmanager
    def hindered(self, **obstacles: Any) -> Iterator[None]:
        self.obstacles = Obstacles(**obstacles)
        try:
            yield
        finally:
            self.obstacles = Obstacles()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    # --- one request

    def answer(
        self, method: str, address: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, str, bytes]:
        """Status, content type and body."""
        obstacles, asked = self.obstacles, urlsplit(address)
        query = parse_qsl(asked.query, keep_blank_values=True)
        wanted = dict(query).get("filter", "")
        if method in obstacles.without:
            return _error(501, "Not implemented")
        if method in obstacles.deaf:
            return 204, "", b""
        if obstacles.unseen and obstacles.unseen in wanted:
            obstacles.unseen = ""
            return _scim(200, {"schemas": [LIST], "totalResults": 0, "Resources": []})
        if wanted and obstacles.filters == "refused":
            return _error(400, "Filters are not supported", "invalidFilter")
        if wanted and obstacles.filters == "ignored":
            kept = urlencode([each for each in query if each[0] != "filter"])
            address = f"{asked.path}?{kept}" if kept else asked.path
        if obstacles.token:
            headers |= {"Authorization": f"Bearer {obstacles.token}"}
        status, kind, content = self._passed_on(method, address, headers, body)
        if obstacles.config and asked.path.endswith("/ServiceProviderConfig") and status == 200:
            return _scim(200, json.loads(content) | obstacles.config)
        return status, kind, content

    def _passed_on(
        self, method: str, address: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, str, bytes]:
        connection = HTTPConnection(str(self.upstream.hostname), self.upstream.port, timeout=30)
        try:
            connection.request(method, address, body or None, headers)
            answer: HTTPResponse = connection.getresponse()
            return answer.status, answer.headers.get("Content-Type", ""), answer.read()
        finally:
            connection.close()

    def write_down(self, method: str, address: str, body: bytes, status: int) -> None:
        path = unquote_plus(address.removeprefix(self.upstream.path))
        self.asked.append(Asked(method, path, json.loads(body) if body else None, status))


def _scim(status: int, document: dict[str, Any]) -> tuple[int, str, bytes]:
    return status, "application/scim+json", json.dumps(document).encode()


def _error(status: int, detail: str, scim_type: str = "") -> tuple[int, str, bytes]:
    document = {"schemas": [ERROR], "status": str(status), "detail": detail}
    return _scim(status, document | ({"scimType": scim_type} if scim_type else {}))


class _Handler(BaseHTTPRequestHandler):
    owner: Tap
    protocol_version = "HTTP/1.1"
    timeout = 60

    def log_message(self, *args: Any) -> None:
        """The tap writes down what was asked."""

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        passed = ("Authorization", "Content-Type", "Accept")
        headers = {name: self.headers[name] for name in passed if name in self.headers}
        status, kind, content = self.owner.answer(self.command, self.path, headers, body)
        self.owner.write_down(self.command, self.path, body, status)
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - http.server's names
