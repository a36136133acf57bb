"""The access report as a file: CSV, cells that a spreadsheet would run defused, or JSON lines; row after row, in the log's language."""

import json
from collections.abc import Callable, Iterable, Iterator

from apps.insights.access_report import COLUMNS, Access, as_document, as_row
from apps.lib.language import for_the_record
from apps.lib.spreadsheets import CONTENT_TYPE, as_csv


def _as_csv(rows: Iterable[Access]) -> Iterator[bytes]:
    return as_csv([*COLUMNS], (_row(each) for each in rows))


def _row(access: Access) -> list[str]:
    with for_the_record():
        return as_row(access)


def _as_jsonl(rows: Iterable[Access]) -> Iterator[bytes]:
    for each in rows:
        yield json.dumps(as_document(each), ensure_ascii=False).encode() + b"\n"


FORMATS: dict[str, tuple[str, Callable[[Iterable[Access]], Iterator[bytes]]]] = {
    "csv": (CONTENT_TYPE, _as_csv),
    "jsonl": ("application/jsonl", _as_jsonl),
}
