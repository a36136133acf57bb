"""The accounts of an import as a file."""

from collections.abc import Iterator

from apps.lib.spreadsheets import as_csv
from apps.provisioning.imports.queries import rows_of
from apps.provisioning.models import Import, RowState

COLUMNS = ["name", "user_name", "email", "active", "id_there", "status", "person", "problem"]
PARTS = ("all", "new", "failed")
CHUNK = 1000


def written(run: Import, part: str) -> Iterator[bytes]:
    """`part` is one of PARTS; "failed" are those that were not taken in, with the reason."""
    rows = rows_of(run)
    if part == "new":
        rows = rows.importable()
    elif part == "failed":
        rows = rows.exclude(problem="").exclude(state=RowState.IMPORTED)
    return as_csv(
        COLUMNS,
        (
            (
                row.name,
                row.user_name,
                row.email,
                {True: "true", False: "false", None: ""}[row.active],
                row.remote_id,
                row.state,
                row.user.username if row.user else "",
                row.problem,
            )
            for row in rows.iterator(chunk_size=CHUNK)
        ),
    )
