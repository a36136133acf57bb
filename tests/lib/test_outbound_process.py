import asyncio
import multiprocessing
import os
import threading
import warnings

import pytest

from apps.lib import event_loop, http
from apps.lib.http import Request
from tests.ending_loops import kill_the_loop

died = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


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


@died
def test_whoever_waits_when_the_loop_dies_is_told_and_the_next_call_has_a_new_one(loopback, call):
    server = loopback()
    waiter = threading.Thread(target=wait_in_vain, args=(told := [],), daemon=True)
    waiter.start()
    kill_the_loop()
    waiter.join(10)
    assert [type(each).__name__ for each in told] == ["LoopEnded"]
    asker = threading.Thread(target=lambda: told.append(call(server).status), daemon=True)
    asker.start()
    asker.join(10)
    assert told[1:] == [200]


@died
def test_a_loop_that_died_is_closed_without_waiting():
    kill_the_loop()
    closer = threading.Thread(target=event_loop.close, daemon=True)
    closer.start()
    closer.join(10)
    assert not closer.is_alive()


def test_a_time_out_within_the_loop_is_the_callers_own(allow):
    async def late() -> None:
        async with asyncio.timeout(0.01):
            await asyncio.sleep(60)

    with pytest.raises(TimeoutError):
        http.run(late())


def wait_in_vain(told):
    try:
        http.run(asyncio.sleep(60))
    except BaseException as error:  # noqa: BLE001 - the test looks at it
        told.append(error)


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
