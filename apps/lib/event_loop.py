"""One event loop in one thread per process, for everything asynchronous that synchronous Django code waits for."""

import asyncio
import atexit
import os
import selectors
import sys
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from inspect import CORO_CREATED, getcoroutinestate
from typing import Any, TypeVar

import structlog

from apps.lib.errors import LoopEnded

log = structlog.get_logger(__name__)

T = TypeVar("T")

# The loop and whoever waits for it share one interpreter. A thread that comes back from the network or the database asks for it
# after this long; at Python's 5 ms a busy neighbour made each request cost a millisecond more.
SWITCH_SECONDS = 0.0005

# Name lookups run here and cannot be interrupted: enough that a few dead name servers do not stop the others.
LOOKUP_THREADS = 32

ALIVE_SECONDS = 1.0  # whoever waits looks so often whether the loop is still there


class LoopThread:
    """Started by the first caller; `closers` run in the loop, last first, before it stops."""

    def __init__(self) -> None:
        sys.setswitchinterval(SWITCH_SECONDS)
        self._selector = selectors.DefaultSelector()
        self.loop = asyncio.SelectorEventLoop(self._selector)
        self.loop.set_default_executor(ThreadPoolExecutor(LOOKUP_THREADS, thread_name_prefix="lookup"))
        self.closers: list[Callable[[], Coroutine[Any, Any, None]]] = []
        self._thread = threading.Thread(target=self._work, name="outbound", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Raises what it raises, and LoopEnded."""
        if threading.current_thread() is self._thread:
            coroutine.close()
            raise RuntimeError("Already in the event loop: await the coroutine instead.")
        future = asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        try:
            while True:
                try:
                    return future.result(ALIVE_SECONDS)
                except TimeoutError:
                    if future.done():  # meanwhile, or the time-out is its own
                        return future.result()
                    if not self.is_alive:
                        _forget(coroutine)
                        raise LoopEnded from None
        except BaseException:  # a worker told to stop: what it waited for must not go on behind its back
            future.cancel()
            raise

    def close(self) -> None:
        while self.closers:
            self.run(self.closers.pop()())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def abandon(self) -> None:
        """In a forked child: the thread is not here, and the epoll set is the parent's own, so let go of it untouched. So is a loop
        whose thread died: nothing can be awaited in it.
        """
        self.loop.set_exception_handler(lambda _loop, _context: None)
        self._selector.close()


_lock = threading.Lock()
_current: LoopThread | None = None
# By the parent, or by a thread that died: kept, because what lives in them cannot be closed.
_left: list[LoopThread] = []


def current() -> LoopThread:
    """One that is alive: where its thread died, by a defect, a new one takes its place."""
    global _current  # noqa: PLW0603
    with _lock:
        if _current is not None and not _current.is_alive:
            log.error("event_loop_died")
            _leave(_current)
            _current = None
        if _current is None:
            _current = LoopThread()
        return _current


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run it in the process's loop and wait, from any thread but the loop's own. Its exception is raised here; LoopEnded where the
    loop ended first.
    """
    return current().run(coroutine)


def close() -> None:
    """End the loop and what lives in it; the next call starts afresh."""
    global _current  # noqa: PLW0603
    with _lock:
        if _current is not None:
            if _current.is_alive:
                _current.close()
            else:
                _leave(_current)
            _current = None


def _forget(coroutine: Coroutine[Any, Any, Any]) -> None:
    """One that began is left where it stopped: closing it would run its clean-up outside any loop."""
    if getcoroutinestate(coroutine) == CORO_CREATED:
        coroutine.close()


def _leave(loop: LoopThread) -> None:
    loop.abandon()
    _left.append(loop)


def _start_over() -> None:
    global _current, _lock  # noqa: PLW0603
    _lock = threading.Lock()
    if _current is not None:
        _leave(_current)
        _current = None


os.register_at_fork(after_in_child=_start_over)
atexit.register(close)
