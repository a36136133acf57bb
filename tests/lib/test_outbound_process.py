import asyncio
import multiprocessing
import os
import threading
import warnings

import pytest

from apps.lib import event_loop, http
from apps.lib.http import Request


def test_a_wide_batch_runs_in_the_one_loop(loopback, call, allow):
    server = loopback()

    async def batch() -> list[int]:
        request = Request("GET", f"http://127.0.0.1:{server.port}/")
        return [each.status for each in await asyncio.gather(*(http.exchange(request) for _ in range(64)))]

    assert http.run(batch()) == [200] * 64


def test_many_threads_share_the_loop(loopback, call):
    server = loopback()
    statuses = []
    threads = [threading.Thread(target=lambda: statuses.append(call(server).status)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 16
    assert sum(thread.name == "outbound" for thread in threading.enumerate()) == 1


def test_waiting_inside_the_loop_is_refused_instead_of_hanging(allow):
    async def inside() -> None:
        http.send(Request("GET", "https://example.com/"))

    with pytest.raises(RuntimeError, match="await the coroutine"):
        http.run(inside())


def test_a_foreign_loop_is_refused(allow):
    allow("127.0.0.1")
    with pytest.raises(RuntimeError, match=r"run\(\) or send\(\)"):
        asyncio.run(http.exchange(Request("GET", "http://127.0.0.1:1/")))


def test_a_forked_child_makes_its_own_loop_and_leaves_the_parents_alone(loopback, call):
    server = loopback()
    assert call(server).status == 200  # leaves a kept connection in the parent's pool
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 and later on forking beside threads
        child = multiprocessing.get_context("fork").Process(target=_ask_in_child, args=(call, server, writer))
        child.start()
    os.close(writer)
    child.join(20)
    assert child.exitcode == 0
    assert os.read(reader, 3) == b"200"
    os.close(reader)
    assert call(server).status == 200


def _ask_in_child(call, server, writer):
    os.write(writer, str(call(server).status).encode())
    event_loop.close()
