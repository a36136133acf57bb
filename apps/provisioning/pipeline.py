"""Conversations side by side: never more than `width` at once, the most urgent of those that wait first.

They run in the process's event loop; whoever feeds them and takes what they brought home is another thread, the one that may wait
for the database. What is taken is taken in groups, so that one transaction records many.
"""

import asyncio
import heapq
import itertools
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from apps.lib import event_loop
from apps.lib.errors import LoopEnded
from apps.provisioning.claimed import Claimed
from apps.provisioning.conversation import Conversation, Report

GROUP = 100  # that have ended are worth a transaction
HOLD_SECONDS = 0.2  # and no result is held back for longer


@dataclass(frozen=True, slots=True)
class Planned:
    """A lower `phase` goes first. `removes`: it takes somebody's access away."""

    job: Claimed
    conversation: Conversation = field(repr=False)
    phase: int = 0
    removes: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """`defect` is a mistake of our own, in place of the report."""

    planned: Planned
    report: Report | None = None
    defect: Exception | None = None


class Pipeline:
    """`outstanding` are those that were fed and not taken yet; of them `removing` take access away."""

    def __init__(self, width: int) -> None:
        self.outstanding = self.removing = 0
        self._width = max(1, width)
        self._ended: deque[Ended] = deque()
        self._worth_it = threading.Event()
        self._low = 0
        self._loop = event_loop.current()
        # From here on: the event loop's own.
        self._waiting: list[tuple[int, int, Planned]] = []
        self._numbers = itertools.count()
        self._left = self._open = 0  # conversations that have not ended, lanes that are open
        self._lanes: set[asyncio.Task[None]] = set()

    def feed(self, planned: Iterable[Planned]) -> None:
        more = list(planned)
        if more:
            self.outstanding += len(more)
            self.removing += sum(each.removes for each in more)
            self._loop.loop.call_soon_threadsafe(self._line_up, more)

    def take(self, *, low: int = 0) -> list[Ended]:
        """What has ended: as soon as it is a group, or no more than `low` are left; else after HOLD_SECONDS, and then it may be none.
        Raises LoopEnded where nothing more will end.
        """
        self._low = low
        if self.outstanding - len(self._ended) > low:
            self._worth_it.wait(HOLD_SECONDS)
        self._worth_it.clear()
        alive = self._loop.is_alive  # before the look: what ended with it is taken first
        taken = [self._ended.popleft() for _ in range(len(self._ended))]
        if self.outstanding and not (taken or alive):
            raise LoopEnded
        self.outstanding -= len(taken)
        self.removing -= sum(each.planned.removes for each in taken)
        return taken

    def recall(self) -> list[Claimed]:
        """Those that still wait do so no more, and are taken."""
        recalled = self._loop.run(self._let_go())
        self.outstanding -= len(recalled)
        self.removing -= sum(each.removes for each in recalled)
        return [each.job for each in recalled]

    def stop(self) -> None:
        """What is under way is broken off, its fate unknown; what waits is forgotten. With the loop both are gone already."""
        if self._loop.is_alive:
            self._loop.run(self._break_off())

    # --- in the event loop

    def _line_up(self, more: list[Planned]) -> None:
        self._left += len(more)
        for each in more:
            heapq.heappush(self._waiting, (each.phase, next(self._numbers), each))
        for _ in range(min(len(more), self._width - self._open)):
            self._open += 1
            lane = asyncio.ensure_future(self._lane())
            self._lanes.add(lane)
            lane.add_done_callback(self._lanes.discard)

    async def _lane(self) -> None:
        try:
            while self._waiting:
                _, _, planned = heapq.heappop(self._waiting)
                self._ended.append(await _held(planned))
                self._left -= 1
                if self._left <= self._low or len(self._ended) >= GROUP:
                    self._worth_it.set()
        finally:
            self._open -= 1

    async def _let_go(self) -> list[Planned]:
        recalled = [each for _, _, each in self._waiting]
        self._waiting.clear()
        self._left -= len(recalled)
        if self._left == 0:
            self._worth_it.set()
        return recalled

    async def _break_off(self) -> None:
        self._waiting.clear()
        lanes = list(self._lanes)
        for lane in lanes:
            lane.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)


async def _held(planned: Planned) -> Ended:
    try:
        return Ended(planned, await planned.conversation.run())
    except Exception as defect:  # noqa: BLE001 - it must not take the others down with it, and is told by the taker
        return Ended(planned, defect=defect)
