"""Two peers that nobody here wrote: python3-saml as a strict service provider, and scim2-server as a SCIM target."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import requests
from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser
from onelogin.saml2.settings import OneLogin_Saml2_Settings

from tests.conformance.scim2_server import scim2_server


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Requests are seen by what they do."""


@dataclass
class StrictServiceProvider:
    """`/metadata`, `/acs`, `/login`, as python3-saml's own example has them; remembers who was signed in, or why not."""

    port: int = 0
    idp_metadata: str = ""
    signed_in: list[dict[str, Any]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    request_id: str | None = None

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def settings(self) -> dict[str, Any]:
        own = {
            "strict": True,
            "sp": {
                "entityId": f"{self.base}/metadata",
                "assertionConsumerService": {"url": f"{self.base}/acs"},
                "NameIDFormat": "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
            },
            "security": {
                "wantAssertionsSigned": True,
                "wantMessagesSigned": True,
                "rejectDeprecatedAlgorithm": True,
            },
        }
        parsed = OneLogin_Saml2_IdPMetadataParser.parse(self.idp_metadata)
        return OneLogin_Saml2_IdPMetadataParser.merge_settings(own, parsed)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        path = environ["PATH_INFO"]
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
        if path == "/metadata":
            settings = (
                {"strict": True, "sp": self.settings()["sp"]} if self.idp_metadata else self._without_idp()
            )
            metadata = OneLogin_Saml2_Settings(settings, sp_validation_only=True).get_sp_metadata()
            start_response("200 OK", [("Content-Type", "application/samlmetadata+xml")])
            return [metadata if isinstance(metadata, bytes) else metadata.encode()]
        request = {
            "https": "off",
            "http_host": f"127.0.0.1:{self.port}",
            "script_name": path,
            "get_data": {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()},
            "post_data": {name: values[0] for name, values in parse_qs(body).items()},
        }
        auth = OneLogin_Saml2_Auth(request, self.settings())
        if path == "/login":
            address = auth.login(return_to=f"{self.base}/home")
            self.request_id = auth.get_last_request_id()
            start_response("302 Found", [("Location", address)])
            return [b""]
        auth.process_response(request_id=self.request_id)
        self.request_id = None
        if auth.get_errors() or not auth.is_authenticated():
            self.errors.append(f"{auth.get_errors()} {auth.get_last_error_reason()}")
            start_response("403 Forbidden", [("Content-Type", "text/plain")])
            return [self.errors[-1].encode()]
        self.signed_in.append(
            {
                "name_id": auth.get_nameid(),
                "format": auth.get_nameid_format(),
                "attributes": auth.get_attributes(),
                "relay_state": request["post_data"].get("RelayState"),
                "in_response_to": auth.get_last_response_in_response_to(),
            }
        )
        start_response("200 OK", [("Content-Type", "text/html")])
        return [f"<h1>Hello {auth.get_nameid()}</h1>".encode()]

    def _without_idp(self) -> dict[str, Any]:
        return {
            "strict": True,
            "sp": {
                "entityId": f"{self.base}/metadata",
                "assertionConsumerService": {"url": f"{self.base}/acs"},
            },
        }


@contextmanager
def strict_service_provider() -> Iterator[StrictServiceProvider]:
    provider = StrictServiceProvider()
    with make_server("127.0.0.1", 0, provider, _Server, _Quiet) as server:
        provider.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield provider
        server.shutdown()
        thread.join(timeout=5)


@dataclass
class ForeignTarget:
    base_url: str
    token: str

    def resources(self, kind: str) -> list[dict[str, Any]]:
        answer = requests.get(
            f"{self.base_url}/{kind}", headers={"Authorization": f"Bearer {self.token}"}, timeout=10
        )
        found: list[dict[str, Any]] = answer.json().get("Resources", [])
        return found


@contextmanager
def foreign_scim_server(folder: Path) -> Iterator[ForeignTarget]:
    token = "foreign-token-of-the-journey"
    with scim2_server(folder, token) as address:
        yield ForeignTarget(f"{address}/v2", token)
