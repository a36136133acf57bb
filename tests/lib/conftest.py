import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from apps.lib import event_loop, http

Script = Callable[[socket.socket, bytes], None]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class LoopbackServer:
    """Says byte for byte what the test wants; `requests` holds what it was asked."""

    def __init__(self, script: Script, host: str) -> None:
        self.requests: list[bytes] = []
        self.stopping = threading.Event()
        self._script = script
        self._listener = socket.create_server(
            (host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET
        )
        self._listener.settimeout(0.05)
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._listen)]
        self._threads[0].start()

    def _listen(self) -> None:
        while not self.stopping.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = self._listener.accept()
                thread = threading.Thread(target=self._serve, args=(connection,))
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(0.2)
            while not self.stopping.is_set():
                with contextlib.suppress(TimeoutError):
                    if not (request := self._read(connection)):
                        return
                    self.requests.append(request)
                    self._script(connection, request)

    def _read(self, connection: socket.socket) -> bytes:
        received = b""
        while b"\r\n\r\n" not in received:
            if not (chunk := connection.recv(65536)):
                return b""
            received += chunk
        head, _, body = received.partition(b"\r\n\r\n")
        length = next(
            (
                int(line.split(b":")[1])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length")
            ),
            0,
        )
        while len(body) < length:
            body += connection.recv(65536)
        return head + b"\r\n\r\n" + body

    def stop(self) -> None:
        self.stopping.set()
        for thread in self._threads:
            thread.join()
        self._listener.close()


@pytest.fixture
def loopback() -> Iterator[Callable[..., LoopbackServer]]:
    servers: list[LoopbackServer] = []

    def start(answer: bytes | Script = OK, host: str = "127.0.0.1") -> LoopbackServer:
        def say(connection: socket.socket, _request: bytes) -> None:
            connection.sendall(answer)

        servers.append(LoopbackServer(say if isinstance(answer, bytes) else answer, host))
        return servers[-1]

    yield start
    event_loop.close()
    for server in servers:
        server.stop()


@pytest.fixture
def allow(settings) -> Callable[..., None]:
    def names(*entries: str) -> None:
        settings.OUTBOUND_ALLOW = list(entries)

    names()
    return names


@pytest.fixture
def call(allow):
    """Ask a loopback server that the operator has allowed."""
    allow("127.0.0.1")

    def ask(server, method="GET", path="/", headers=None, body=None, timeout=30.0, scheme="http"):
        url = f"{scheme}://127.0.0.1:{server.port}{path}"
        return http.send(http.Request(method, url, headers or {}, body), timeout=timeout)

    return ask


@pytest.fixture
def resolves(monkeypatch) -> Callable[[dict[str, list[list[str]]]], list[str]]:
    """Names answer with the next of their lists of addresses; returns the names that were looked up."""
    asked: list[str] = []

    def answers(records: dict[str, list[list[str]]]) -> list[str]:
        def getaddrinfo(host, port, *_args, **_keywords):
            asked.append(host)
            if host not in records:
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            row = records[host]
            addresses = row.pop(0) if len(row) > 1 else row[0]
            return [
                (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0))
                if ":" in address
                else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
                for address in addresses
            ]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        return asked

    return answers


def resident_bytes() -> int:
    with open("/proc/self/statm") as statm:  # noqa: PTH123 - procfs, read often
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
