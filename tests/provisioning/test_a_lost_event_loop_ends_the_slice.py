"""The event loop's thread dies under a worker: the slice ends at once, and its jobs are found again when their lease is over."""

import asyncio
import threading
from types import SimpleNamespace

import pytest

from apps.lib import event_loop
from apps.lib.errors import LoopEnded
from apps.provisioning.pipeline import Pipeline, Planned
from tests.ending_loops import kill_the_loop

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


class Endless:
    def __init__(self):
        self.begun = threading.Event()

    async def run(self):
        self.begun.set()
        await asyncio.sleep(60)


class Short:
    async def run(self):
        return "done"


def line_up(line, conversation):
    line.feed([Planned(SimpleNamespace(id=1), conversation)])


def test_what_is_under_way_is_not_waited_for_and_the_next_slice_has_a_new_loop():
    line, endless = Pipeline(1), Endless()
    line_up(line, endless)
    assert endless.begun.wait(10)
    kill_the_loop()
    with pytest.raises(LoopEnded):
        line.take()
    line.stop()
    following = Pipeline(1)
    line_up(following, Short())
    taken = []
    while following.outstanding:
        taken += following.take()
    assert [each.report for each in taken] == ["done"]
    event_loop.close()


def test_what_had_ended_is_taken_first():
    line, endless = Pipeline(2), Endless()
    line_up(line, Short())
    line_up(line, endless)
    assert endless.begun.wait(10)
    kill_the_loop()
    assert [each.report for each in line.take()] == ["done"]
    with pytest.raises(LoopEnded):
        line.take()
    event_loop.close()
