"""The other side of webhooks in a storm: endpoints that answer 200, or what their deck says, and keep a journal of every request."""

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Asked:
    """One request. `at` and `pause_until` are time.time(); status 0 is no answer."""

    at: float
    event_id: str
    status: int
    pause_until: float = 0.0


@dataclass
class Endpoint:
    """`deck` says what happens to the n-th request; past its end, and where it has None, all is well."""

    deck: list[str | None] = field(default_factory=list)
    latency: float = 0.0
    pause: float = 3.0  # seconds that a throttled answer asks for
    refuses: bool = False  # the signature, as it says
    journal: list[Asked] = field(default_factory=list)
    open_now: int = 0
    most_at_once: int = 0

    def taken(self) -> list[str]:
        return [asked.event_id for asked in self.journal if asked.status == 200]


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A worker that is killed leaves its connection as it is: nothing to tell."""


class Receivers:
    """One server for all of them; `timeout` is what a late answer takes, in seconds."""

    def __init__(self, timeout: float) -> None:
        self.endpoints: dict[str, Endpoint] = {}
        self.timeout, self.lock = timeout, threading.Lock()
        self.server = Server(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def add(self, name: str, **options: Any) -> str:
        """Its URL."""
        self.endpoints[name] = Endpoint(**options)
        return f"http://127.0.0.1:{self.server.server_port}/{name}"

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def arrive(self, name: str, event_id: str) -> tuple[Endpoint, Asked, str | None]:
        endpoint = self.endpoints[name]
        with self.lock:
            number = len(endpoint.journal)
            fault = endpoint.deck[number] if number < len(endpoint.deck) else None
            status = 401 if endpoint.refuses else STATUS[fault]
            asked = Asked(time.time(), event_id, status)
            endpoint.journal.append(asked)
            endpoint.open_now += 1
            endpoint.most_at_once = max(endpoint.most_at_once, endpoint.open_now)
        time.sleep(endpoint.latency)
        with self.lock:
            endpoint.open_now -= 1  # of a request that is answered late or never nobody waits for the answer
        return endpoint, asked, None if endpoint.refuses else fault

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receivers = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                endpoint, asked, fault = receivers.arrive(self.path[1:], self.headers["webhook-id"])
                if fault == "late":
                    time.sleep(receivers.timeout)
                if fault in {"late", "cut"}:
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                self.send_response(asked.status)
                if fault in THROTTLED:
                    asked.pause_until, told = THROTTLED[fault](endpoint.pause)
                    self.send_header("Retry-After", told)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """The journal is enough."""

        return Handler


def _in_seconds(pause: float) -> tuple[float, str]:
    return time.time() + pause, f"{pause:.0f}"


def _as_a_date(pause: float) -> tuple[float, str]:
    until = int(time.time() + pause + 1)
    return float(until), formatdate(until, usegmt=True)


THROTTLED: dict[str | None, Callable[[float], tuple[float, str]]] = {
    "throttled": _in_seconds,
    "throttled by date": _as_a_date,
}
STATUS: dict[str | None, int] = {
    None: 200,
    "error": 500,
    "refused": 400,
    "late": 0,
    "cut": 0,
} | dict.fromkeys(THROTTLED, 429)
EVERYTHING = ("error", "refused", "late", "cut", "throttled", "throttled by date")
