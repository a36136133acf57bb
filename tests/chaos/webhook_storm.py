"""
A storm for webhooks: `python -m tests.chaos --webhooks`. Workers are killed, Redis is emptied, receivers answer whatever they like, and
transactions are rolled back. Beside the organisation that has to get through stand others whose workers leave one mechanism out.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from tests.chaos.mistakes_by_name import DEAF, NO_QUARANTINE, NO_SWEEPER, NO_TURN
from tests.chaos.receivers import EVERYTHING, THROTTLED, Asked, Endpoint, Receivers
from tests.chaos.servers import Stage, stage

KEPT = "kept"
HASTY = "told before the commit"
REQUEST_SECONDS = 1.0
TIMES = {
    "CHAOS_SWEEP": "1",
    "CHAOS_VISIBILITY": "8",
    "CHAOS_PROBES": "0.05,0.05,0.05,0.05",
    "CHAOS_WEBHOOK_SECONDS": str(REQUEST_SECONDS),
}
PATIENCE = 150.0  # seconds until what has to come has come, however busy the machine is
PEOPLE, GROUPS = ["user_update"], ["group_update"]
DECK = [
    fault for each in EVERYTHING for fault in (None, None, each)
]  # every third request of the first eighteen
BUSY = [fault for each in (*THROTTLED, *THROTTLED) for fault in (None, each)]
# organisation → endpoint → what it is like, and which events it wants
ENDPOINTS: dict[str, dict[str, tuple[dict[str, Any], list[str]]]] = {
    KEPT: {
        "well": ({}, PEOPLE),
        "flaky": ({"deck": DECK}, PEOPLE),
        "slow": ({"latency": 0.2}, GROUPS),
        "busy": ({"deck": BUSY}, GROUPS),
        "sick": ({"refuses": True}, GROUPS),
    },
    DEAF: {"deaf": ({"deck": BUSY, "pause": 20.0}, GROUPS)},
    NO_QUARANTINE: {"never-left-alone": ({"refuses": True}, GROUPS)},
    NO_TURN: {"crowded": ({"latency": 0.2}, GROUPS)},
    NO_SWEEPER: {"unswept": ({}, GROUPS)},
}
CROWDED = ("slow", "crowded")  # rung for once too often at each event


@dataclass
class Written:
    """By type, the ids of what was committed and of what was rolled back."""

    committed: dict[str, set[str]] = field(
        default_factory=lambda: {"user_update": set(), "group_update": set()}
    )
    rolled_back: set[str] = field(default_factory=set)


class WebhookStorm:
    def __init__(self, log: Callable[[str], None], events: int = 120) -> None:
        self.log, self.events = log, events
        self.random = random.Random(7)
        self.tenants: dict[str, Any] = {}
        self.rows: dict[str, Any] = {}
        self.written = {name: Written() for name in ENDPOINTS}
        self.numbers: dict[str, Any] = {}

    def run(self) -> dict[str, Any]:
        with stage(TIMES) as standing:
            self.receivers = Receivers(3 * REQUEST_SECONDS)
            self.receivers.add(HASTY)
            try:
                self._found()
                standing.add_beat()
                workers = [standing.add_worker(concurrency=4) for _ in range(2)]
                self._rage(standing, workers)
                self._last_blow(standing, workers)
                self._let_the_sick_one_recover()
                return self._verdict()
            finally:
                self.receivers.stop()

    def _found(self) -> None:
        from apps.events.actors import Actor
        from apps.tenants.actions import create_tenant
        from apps.tenants.context import in_tenant
        from apps.webhooks.actions import add_webhook

        for number, (name, endpoints) in enumerate(ENDPOINTS.items()):
            self.tenants[name] = create_tenant(slug=f"storm{number}", name=name)
            with in_tenant(self.tenants[name]):
                for each, (options, types) in endpoints.items():
                    url = self.receivers.add(each, **options)
                    row, _ = add_webhook(actor=Actor.system(), name=each, url=url, event_types=types)
                    self.rows[each] = row

    def _rage(self, standing: Stage, workers: list[Any]) -> None:
        blows = {
            self.events // 3: ("kill -9", workers[0].kill_and_restart),
            self.events // 2: ("FLUSHALL", lambda: _flush(standing)),
            2 * self.events // 3: ("kill -9", workers[1].kill_and_restart),
        }
        self._until("the first delivery", self._something_arrives)
        for number in range(self.events):
            for name in ENDPOINTS:
                self._write(name, "user_update" if number % 4 else "group_update")
            if number in blows:
                words, strike = blows[number]
                strike()
                self.log(f"{number} events: {words}")
            time.sleep(0.03)

    def _something_arrives(self) -> bool:
        self._write(KEPT, "user_update")
        time.sleep(0.5)
        return bool(self.receivers.endpoints["well"].taken())

    def _last_blow(self, standing: Stage, workers: list[Any]) -> None:
        """Nobody rings any more after it: what is owed then only the sweeper finds. Controls without it have all that came before."""
        self._until("the groups' events", lambda: not self._missing(NO_SWEEPER, "unswept"))
        for worker in workers:
            worker.kill()
        for name in ENDPOINTS:
            for _ in range(3):
                self._write(name, "group_update", back=False)
        _flush(standing)
        for worker in workers:
            worker.start()
        self.log("every worker killed, three events, FLUSHALL")
        for each in ("well", "flaky", "slow", "busy"):
            self._until(each, lambda each=each: not self._missing(KEPT, each))  # type: ignore[misc]
        self.log("all arrived but at the sick endpoint")

    def _let_the_sick_one_recover(self) -> None:
        sick, control = self.receivers.endpoints["sick"], self.receivers.endpoints["never-left-alone"]
        self._until("quarantine", lambda: self._state(KEPT, "sick") == "quarantined")
        self._until("the control's refusals", lambda: len(control.journal) > 3)
        self._until("a request inside a pause", lambda: _inside(self.receivers.endpoints["deaf"]) > 0)
        self.numbers |= {
            "sick": self._state(KEPT, "sick"),
            "sick without quarantine": self._state(NO_QUARANTINE, "never-left-alone"),
            "held meanwhile": len(self._missing(KEPT, "sick")),
            "others held meanwhile": sum(len(self._missing(KEPT, each)) for each in ("well", "slow")),
        }
        sick.refuses = False
        self._until("the sick endpoint", lambda: not self._missing(KEPT, "sick"))
        self._until("resumption", lambda: self._state(KEPT, "sick") == "active")
        self.log("the sick endpoint has everything")

    def _write(self, name: str, event_type: str, *, back: bool = True) -> None:
        """One event in a transaction of its own; one in ten is rolled back."""
        from django.db import transaction

        from apps.events.actions import record
        from apps.events.actors import Actor, Target
        from apps.events.types import EventType
        from apps.tenants.context import in_tenant
        from apps.webhooks import tasks

        event_id, rolled_back = uuid4(), back and self.random.random() < 0.1
        with in_tenant(self.tenants[name]), transaction.atomic():
            target = Target("user", "1", "Mia")
            record(EventType(event_type), actor=Actor.system(), target=target, id=event_id)
            self.receivers.arrive(HASTY, str(event_id))  # the control that tells what is not committed yet
            transaction.set_rollback(rolled_back)
        if rolled_back:
            self.written[name].rolled_back.add(str(event_id))
            return
        self.written[name].committed[event_type].add(str(event_id))
        for each in CROWDED:
            if each in ENDPOINTS[name]:
                tasks.ring(str(self.tenants[name].pk), str(self.rows[each].pk))

    def _missing(self, name: str, endpoint: str) -> set[str]:
        _options, types = ENDPOINTS[name][endpoint]
        wanted: set[str] = set().union(*(self.written[name].committed[each] for each in types))
        return wanted - set(self.receivers.endpoints[endpoint].taken())

    def _state(self, name: str, endpoint: str) -> str:
        from apps.tenants.context import in_tenant
        from apps.webhooks.models import Webhook

        with in_tenant(self.tenants[name]):
            return str(Webhook.objects.get(name=endpoint).state)

    def _until(self, what: str, ask: Callable[[], bool]) -> None:
        ends = time.monotonic() + PATIENCE
        while not ask():
            if time.monotonic() > ends:
                self.log(f"not in time: {what}")
                return
            time.sleep(0.1)

    def _verdict(self) -> dict[str, Any]:
        found = self.receivers.endpoints
        kept = ENDPOINTS[KEPT]
        rolled_back = set().union(*(each.rolled_back for each in self.written.values()))
        seen = {asked.event_id for name, each in found.items() if name != HASTY for asked in each.journal}
        return self.numbers | {
            "committed": sum(len(ids) for ids in self.written[KEPT].committed.values()),
            "rolled_back": len(rolled_back),
            "requests": sum(len(found[each].journal) for each in kept),
            "faults": {each: sum(asked.status != 200 for asked in found[each].journal) for each in kept},
            "missing": {each: len(self._missing(KEPT, each)) for each in kept},
            "backward": {each: self._backward(KEPT, found[each]) for each in kept},
            "at_once": {each: found[each].most_at_once for each in kept},
            "rolled_back_seen": len(rolled_back & seen),
            "told": _told(found["busy"]),
            "inside": _inside(found["busy"]) + _inside(found["flaky"]),
            "without": {
                "Retry-After": _inside(found["deaf"]),
                "the commit": len(rolled_back & {asked.event_id for asked in found[HASTY].journal}),
                "the sweeper": len(self._missing(NO_SWEEPER, "unswept")),
                "the turn": found["crowded"].most_at_once,
                "order": self._shuffled_backward(found["well"]),
            },
        }

    def _backward(self, name: str, endpoint: Endpoint, ids: list[str] | None = None) -> int:
        """Requests about an event that stands in the log before one that was sent already. The same once more is no step back."""
        from apps.events.models import EventSeal
        from apps.tenants.context import in_tenant

        with in_tenant(self.tenants[name]):
            rows = EventSeal.objects.values_list("event_id", "sequence")
            places = {str(event_id): sequence for event_id, sequence in rows}
        furthest = steps = 0
        for event_id in ids or [asked.event_id for asked in endpoint.journal]:
            steps += places[event_id] < furthest
            furthest = max(furthest, places[event_id])
        return steps

    def _shuffled_backward(self, endpoint: Endpoint) -> int:
        """The measure itself: two neighbours change places."""
        ids = [asked.event_id for asked in endpoint.journal]
        ids[0], ids[-1] = ids[-1], ids[0]
        return self._backward(KEPT, endpoint, ids)


def _flush(standing: Stage) -> None:
    import redis

    redis.Redis.from_url(standing.redis_url).flushall()


def _told(endpoint: Endpoint) -> int:
    return sum(asked.pause_until > 0 for asked in endpoint.journal)


def _inside(endpoint: Endpoint) -> int:
    """Requests that came before a pause was over that was asked for."""
    pauses = [(asked.at, asked.pause_until) for asked in endpoint.journal if asked.pause_until]

    def within(asked: Asked) -> bool:
        return any(begins < asked.at < ends for begins, ends in pauses)

    return sum(within(asked) for asked in endpoint.journal)
