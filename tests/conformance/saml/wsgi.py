"""`python -m tests.conformance.saml.wsgi MODULE`: a service provider on a free port of the loopback interface, which it says on standard output."""

import importlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server


@dataclass(frozen=True)
class Answer:
    status: int = 200
    content: Any = ""
    type: str = "application/json"
    location: str = ""


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Requests are seen by what they do."""


def application_of(site: Callable[[str, str, bytes], Answer]) -> Any:
    """The WSGI application of something that is given path, query and body, and answers."""

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        said = site(environ["PATH_INFO"], environ["QUERY_STRING"], body)
        if said.location:
            start_response("302 Found", [("Location", said.location)])
            return [b""]
        start_response(f"{said.status} Said", [("Content-Type", said.type)])
        return [(said.content if isinstance(said.content, str) else json.dumps(said.content)).encode()]

    return application


def listen(module: str) -> None:
    """One request at a time, until the process is ended."""
    with make_server("127.0.0.1", 0, None, WSGIServer, Quiet) as server:
        base = f"http://127.0.0.1:{server.server_port}"
        server.set_app(importlib.import_module(module).application_at(base))
        sys.stdout.write(f"{server.server_port}\n")
        sys.stdout.flush()
        server.serve_forever()


if __name__ == "__main__":
    listen(sys.argv[1])
