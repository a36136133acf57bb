"""scim2-server, as its own command serves it: users and groups by the book, in memory, one store for each tenant."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conformance.programs import running
from tests.processes import free_port


@contextmanager
def scim2_server(folder: Path, token: str, *tenants: str) -> Iterator[str]:
    """Yields the address in front of `/<tenant>/v2`, or of `/v2` where there are no tenants."""
    port = free_port()
    options = ["--port", str(port), "--bearer-token", token]
    for tenant in tenants:
        options += ["--tenant", tenant]
    command = (sys.executable, "-m", "scim2_server.testserver.cli", *options)
    with running("scim2-server", command, folder / "scim2-server.log"):
        yield f"http://127.0.0.1:{port}"
