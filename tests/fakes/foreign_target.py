"""A SCIM service provider that nobody here wrote: scim2-server's own application, on loopback."""

import contextlib
import threading
from collections.abc import Iterator
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from scim2_models import ScimProvider
from scim2_server.memory import InMemoryStorage
from scim2_server.testserver.application import BEARER_TOKEN_SCHEME, BearerTokenApplication
from scim2_server.utils import (
    load_default_resource_types,
    load_default_schemas,
    load_default_service_provider_config,
)

TOKEN = "foreign-token-93c1-4b7d"


class ForeignTarget:
    def __init__(self, base_url: str, storage: InMemoryStorage) -> None:
        self.base_url = base_url
        self.token = TOKEN
        self._storage = storage

    def _named(self, kind: str) -> list[dict[str, Any]]:
        documents = [each.model_dump() for each in self._storage.resources]
        return [each for each in documents if each["meta"]["resourceType"] == kind]

    @property
    def users(self) -> dict[str, dict[str, Any]]:
        """By userName, as JSON."""
        return {user["userName"]: user for user in self._named("User")}

    @property
    def groups(self) -> dict[str, set[str]]:
        """displayName → userNames of its members."""
        names = {user["id"]: user["userName"] for user in self._named("User")}
        return {
            group["displayName"]: {names[member["value"]] for member in group.get("members") or []}
            for group in self._named("Group")
        }


class _Threading(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Silent(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        """pytest shows what failed."""


@contextlib.contextmanager
def foreign_target() -> Iterator[ForeignTarget]:
    config = load_default_service_provider_config()
    config.authentication_schemes = [BEARER_TOKEN_SCHEME]
    provider = ScimProvider.from_discovery(
        load_default_schemas().values(), load_default_resource_types().values(), config=config
    )
    storage = InMemoryStorage()
    application = BearerTokenApplication(storage, provider, bearer_tokens=[TOKEN])
    server = make_server("127.0.0.1", 0, application, server_class=_Threading, handler_class=_Silent)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield ForeignTarget(f"http://127.0.0.1:{server.server_port}/v2", storage)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
