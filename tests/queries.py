"""What a test counts when it counts questions to the database."""

import re
from collections.abc import Iterable

TENANT = re.compile(r"^SELECT set_config\([^;]*; ")


def statements(captured: Iterable[dict[str, str]]) -> list[str]:
    """Of CaptureQueriesContext. On PostgreSQL each stands behind the one that says for which tenant it runs: without that."""
    return [TENANT.sub("", query["sql"]) for query in captured]
