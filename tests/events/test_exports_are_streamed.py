"""However long the log is, a file of it is written from some lines at a time."""

import tracemalloc

import pytest

from apps.events.actions import line, record_all
from apps.events.actors import Actor, Target
from apps.events.export import CHUNK, FORMATS, exported
from apps.events.models import Event
from apps.events.search import Search
from apps.events.types import EventType

LINES = 6 * CHUNK


@pytest.fixture
def long_log(inside):
    actor = Actor("person", "a" * 32, "=cmd()", "192.0.2.1", "Mozilla/5.0 " + "x" * 200)
    told = {"actor": actor, "target": Target("user", "b" * 32, "ben"), "error_message": "y" * 1000}
    for _chunk in range(6):
        record_all([line(EventType.USER_UPDATE, **told) for _number in range(CHUNK)])


def peak(pieces):
    """Bytes that were held at once while all pieces went by."""
    tracemalloc.start()
    try:
        size = sum(len(piece) for piece in pieces)
        return tracemalloc.get_traced_memory()[1], size
    finally:
        tracemalloc.stop()


def at_once(written):
    yield from list(written(list(Event.objects.all())))


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_is_never_in_memory_as_a_whole(long_log, form):
    _content_type, written = FORMATS[form]
    held, size = peak(written(exported(Search(), form, "", actor=Actor.system())))
    assert size > LINES * 1000
    whole, _size = peak(at_once(written))
    assert held * 3 < whole  # the same lines at once, which is what must not be


def test_lines_are_read_while_they_are_written(long_log, monkeypatch):
    read = []
    monkeypatch.setattr(
        Event, "from_db", classmethod(lambda cls, *row, made=Event.from_db: read.append(1) or made(*row))
    )
    _content_type, written = FORMATS["jsonl"]
    pieces = written(exported(Search(), "jsonl", "", actor=Actor.system()))
    next(pieces)
    assert len(read) <= CHUNK
    assert sum(1 for _piece in pieces) + 1 == len(read) == LINES
