"""R6 and R7: who waits behind whom."""

import statistics
import time

import redis
from django.db import transaction

from apps.outbox.models import Topic
from apps.outbox.publish import publish
from apps.tenants.context import in_tenant
from tests.chaos import naive
from tests.chaos.scenarios.scene import LONGEST, PATIENCE, Numbers, Scene, until
from tests.chaos.servers import Stage

LEAVERS = 20


def fairness(stage: Stage, scale: int, mistake: str) -> Numbers:
    """A small customer's delay from commit to request, alone and behind `scale` rows of a large one."""
    large = Scene(stage, "large", scale, latency=0.2)
    small = Scene(stage, "small", 10).activate()
    small.settle()
    idle = _delays(small, 1, 15)
    large.activate()
    _lined_up(large, scale)
    owed = large.owed()
    behind = _delays(small, 101, 15)
    numbers = {
        "idle": statistics.median(idle),
        "behind": statistics.median(behind),
        "idle_slowest": max(idle),
        "behind_slowest": max(behind),
        "owed": owed,
        "still_owed": large.owed(),
    }
    large.stand_still()
    return numbers


def _lined_up(scene: Scene, scale: int) -> None:
    """Most of them: they come in pages, and the first are done before the last are there."""
    until(lambda: float(scene.owed() > scale * 3 // 4), LONGEST)


def _delays(scene: Scene, first: int, count: int) -> list[float]:
    """Seconds from commit until the request arrives, for one change after the other."""
    delays = []
    for version in range(first, first + count):
        name = f"person{version % 10}"
        committed = scene.change(name, version)
        arrived = scene.arrival(name, version, 30)
        delays.append(max(0.0, arrived - committed) if arrived else 30.0)
        time.sleep(0.1)
    return delays


def one_queue(stage: Stage, scale: int, mistake: str) -> Numbers:
    """The control of fairness: one task for each change, of all customers in one queue."""
    places = {name: stage.targets.start(f"queue-{name}") for name in ("large", "small")}
    stage.targets.set("queue-large", latency=0.2)

    def send(name: str, username: str, version: int) -> float:
        document = {"userName": username, "title": f"v{version}", "active": True}
        message = (places[name]["base_url"], places[name]["token"], document)
        naive.send.apply_async(message, queue=naive.QUEUE)
        return time.time()

    def delay(version: int, seconds: float = PATIENCE) -> float:
        sent = send("small", "person1", version)
        asked = {"seen": "queue-small", "key": "person1", "version": version}
        found = until(lambda: stage.targets.ask(**asked), seconds)
        return found - sent if found else seconds

    delay(1, LONGEST)  # the worker is up
    idle = [delay(version) for version in range(2, 8)]
    for number in range(scale):
        send("large", f"person{number}", 1)
    behind = delay(9)
    redis.Redis.from_url(stage.redis_url).delete(naive.QUEUE)  # nobody else shall wait for it
    return {"idle": statistics.median(idle), "behind": behind}


def deactivation(stage: Stage, scale: int, mistake: str) -> Numbers:
    """Twenty people lose access behind `scale` creations in the same application."""
    scene = Scene(stage, "leavers", 200, mistake=mistake).activate()
    scene.settle()
    scene.set(latency=0.4)
    scene.hire(scale, "new")
    with in_tenant(scene.company.tenant), transaction.atomic():
        publish(Topic.APPLICATION_CHANGED, scene.application.id)
    _lined_up(scene, scale)
    owed = scene.owed()
    left = {f"person{number}": scene.suspend(f"person{number}") for number in range(LEAVERS)}
    ends = time.monotonic() + (PATIENCE if mistake else 60)
    delays = []
    for name, committed in left.items():
        arrived = scene.arrival(name, 0, ends - time.monotonic(), after=committed - 0.5)
        if arrived:
            delays.append(arrived - committed)
    still_owed = scene.owed()
    scene.stand_still()
    return {
        "owed": owed,
        "arrived": len(delays),
        "slowest": max(delays, default=0.0),
        "still_owed": still_owed,
    }
