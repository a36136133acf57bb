"""An integration's rate holds to the request, also when the process had no time for it."""

import asyncio
import time
from itertools import pairwise

import pytest

from apps.provisioning.errors import Deferred
from apps.provisioning.gate import Gate

RATE = 100  # a second


def distances(moments):
    return [later - earlier for earlier, later in pairwise(moments)]


async def _gone_through(gate, requests, busy):
    moments = []

    async def send():
        await gate.pass_through()
        moments.append(time.monotonic())

    sending = [asyncio.create_task(send()) for _ in range(requests)]
    await asyncio.sleep(0)
    # As long as a TLS context takes, or a transaction: nothing else runs meanwhile.
    time.sleep(busy)  # noqa: ASYNC251
    await asyncio.gather(*sending)
    return moments


def test_a_process_that_was_busy_makes_up_for_nothing():
    moments = asyncio.run(_gone_through(Gate(RATE), 6, busy=0.1))
    assert min(distances(moments)) >= 0.99 / RATE


def test_without_a_rate_nobody_waits():
    """Negative control: they are seen to go at once."""
    moments = asyncio.run(_gone_through(Gate(), 6, busy=0))
    assert min(distances(moments)) < 0.5 / RATE


def test_who_waits_is_sent_away_when_the_gate_closes():
    async def closing():
        gate = Gate(RATE)
        waiting = [asyncio.create_task(gate.pass_through()) for _ in range(3)]
        await asyncio.sleep(0)
        gate.stopped = True
        return await asyncio.gather(*waiting, return_exceptions=True)

    assert [type(each) for each in asyncio.run(closing())] == [Deferred] * 3


def test_nobody_is_let_in_once_it_is_closed():
    gate = Gate(RATE)
    gate.stopped = True
    with pytest.raises(Deferred):
        asyncio.run(gate.pass_through())
