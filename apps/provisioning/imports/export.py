"""The accounts of an import as a file, for people (CSV) and for programs (a JSON object in each line)."""

import json
from collections.abc import Iterator
from typing import Any

from apps.lib.spreadsheets import CONTENT_TYPE, as_csv
from apps.provisioning.imports.queries import rows_of
from apps.provisioning.models import Import, RowState

COLUMNS = ["name", "user_name", "email", "active", "id_there", "status", "person", "problem"]
PARTS = ("all", "new", "failed")
CHUNK = 1000


def part_of(run: Import, part: str) -> Any:
    """QuerySet. `part` is one of PARTS; "failed" are those that were not taken in, with the reason."""
    rows = rows_of(run)
    if part == "new":
        return rows.importable()
    if part == "failed":
        return rows.exclude(problem="").exclude(state=RowState.IMPORTED)
    return rows


def as_table(rows: Any) -> Iterator[bytes]:
    """CSV, written while it is read."""
    words = {True: "true", False: "false", None: ""}
    return as_csv(
        COLUMNS,
        ([words[cell] if isinstance(cell, bool | None) else cell for cell in line] for line in _lines(rows)),
    )


def as_json_lines(rows: Any) -> Iterator[bytes]:
    for line in _lines(rows):
        yield json.dumps(dict(zip(COLUMNS, line, strict=True))).encode() + b"\n"


FORMATS = {"csv": (CONTENT_TYPE, as_table), "jsonl": ("application/jsonl", as_json_lines)}


def _lines(rows: Any) -> Iterator[tuple[Any, ...]]:
    """In the order of COLUMNS. `active` is None where the application does not say."""
    for row in rows.iterator(chunk_size=CHUNK):
        person = row.user.username if row.user else ""
        yield row.name, row.user_name, row.email, row.active, row.remote_id, row.state, person, row.problem
