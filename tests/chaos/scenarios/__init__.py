"""
One promise each, against the same processes as the storm, and beside it the same with one mechanism switched off, which has to break it.
Each returns numbers; tests/chaos/test_each_promise_stands_alone.py says which are right.
"""

import importlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tests.chaos.servers import Stage, stage

KEPT = "kept"
TIMES = {  # seconds; the first three are long enough for a machine that has other things to do
    "CHAOS_LEASE": "20",
    "CHAOS_SLOT": "15",
    "SETTLE_SECONDS": "8",
    "CHAOS_KEEP_ALIVE": "2",
    "CHAOS_SWEEP": "2",
    "CHAOS_VISIBILITY": "12",
    "CHAOS_PROBES": "0.05,0.05,0.05,0.05",
}
SHORT = {
    "CHAOS_LEASE": "12",
    "CHAOS_SLOT": "8",
    "SETTLE_SECONDS": "4",
}  # for the disaster, which waits for all of them


@dataclass(frozen=True)
class Scenario:
    """`function` takes the stage, `scale` and the mistake that is made, "" for none. `mistakes` are its negative controls."""

    module: str
    function: str
    mistakes: tuple[str, ...] = ()
    scale: int = 0

    def run(self, standing: Stage, mistake: str, scale: int | None = None) -> Any:
        module = importlib.import_module(f"tests.chaos.scenarios.{self.module}")  # Django is set up by now
        function: Callable[[Stage, int, str], Any] = getattr(module, self.function)
        return function(standing, self.scale if scale is None else scale, mistake)


SCENARIOS = {
    "fairness": Scenario("queues", "fairness", scale=1200),
    "one-queue": Scenario("queues", "one_queue", scale=400),
    "deactivation": Scenario("queues", "deactivation", ("in order of arrival",), scale=1200),
    "mass-removal": Scenario("sickness", "mass_removal", ("no guard",)),
    "sick-target": Scenario("sickness", "sick_target", ("neither quarantine nor pauses",)),
    "retry-after": Scenario("sickness", "retry_after", ("deaf to Retry-After",)),
    "poison": Scenario("sickness", "poison", ("never gives up",), scale=100),
    "duplicates": Scenario("writes", "duplicates", ("never looks first",), scale=12),
    "order": Scenario("writes", "order", ("no settle window",), scale=2),
    "log": Scenario("log", "log", ("forgets the event", "repeats what it was told"), scale=15),
    "disaster": Scenario("disaster", "disaster", scale=40),
}
ALONE = ("fairness",)  # first: what others do would count
TOGETHER = tuple(name for name in SCENARIOS if name not in {"fairness", "disaster"})
CROWD = 16  # more worker processes, so that those side by side do not wait for each other's slices of time
LAST = ("disaster",)  # nothing else survives it


def run_one(name: str, scale: int | None) -> dict[str, Any]:
    """What it was with everything in place, and then under each mistake."""
    scenario = SCENARIOS[name]
    with stage(TIMES | (SHORT if name in LAST else {})) as standing:
        _start(standing)
        return {
            mistake or KEPT: scenario.run(standing, mistake, scale) for mistake in ("", *scenario.mistakes)
        }


def run_all(log: Callable[[str], None]) -> dict[str, Any]:
    """As CI runs them: small, on the same servers, side by side as far as they leave each other alone."""
    results: dict[str, Any] = {}
    with stage(TIMES) as standing:
        _start(standing)
        for name in ALONE:
            results[name] = {KEPT: SCENARIOS[name].run(standing, "")}
            log(name)
        standing.add_worker(concurrency=CROWD)
        results |= _side_by_side(standing, log)
        standing.send_everybody_home()
        standing.times |= SHORT
        _start(standing)
        for name in LAST:
            results[name] = {KEPT: SCENARIOS[name].run(standing, "")}
            log(name)
    return results


def _start(standing: Stage) -> None:
    standing.add_beat()
    standing.add_worker(concurrency=2)
    standing.add_worker(concurrency=2, queue="naive")


def _side_by_side(standing: Stage, log: Callable[[str], None]) -> dict[str, Any]:
    def watched(name: str, mistake: str) -> Any:
        from django.db import connection

        try:
            return SCENARIOS[name].run(standing, mistake)
        finally:
            connection.close()
            log(f"{name}, {mistake}" if mistake else name)

    under_way: dict[tuple[str, str], Future[Any]] = {}
    with ThreadPoolExecutor(max_workers=3 * len(TOGETHER)) as pool:
        for name in TOGETHER:
            for mistake in ("", *SCENARIOS[name].mistakes):
                under_way[name, mistake or KEPT] = pool.submit(watched, name, mistake)
    results: dict[str, Any] = {name: {} for name in TOGETHER}
    for (name, mistake), future in under_way.items():
        results[name][mistake] = future.result()
    return results
