"""The storm: changes, faults, kill -9, FLUSHALL and a database crash at the same time, and then the reckoning."""

import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import redis

from tests.chaos.servers import stage
from tests.processes import Process

Log = Callable[[str], None]
SECONDS_FOR_ONE = (
    0.05  # of a request, as the convergence bound has it: targets here answer at once, two cores do the rest
)


@dataclass(frozen=True)
class Profile:
    """`settle`, `lease`, `slot`, `keep_alive` and `sweep` are seconds; a real installation has 60, 120, 20, 5 and 5."""

    changes: int = 10_000
    people: int = 1000
    applications: int = 4
    kills: int = 20
    flushes: int = 2
    crashes: int = 1
    faults: float = 0.31  # of all requests: dealt in whole decks, so a little more than is asked for
    rate: float = 40.0  # changes a second at the most
    writers: int = 4
    settle: float = 5.0
    lease: float = 15.0
    slot: float = 8.0
    keep_alive: float = 2.0
    sweep: float = 1.5
    visibility: float = 20.0  # until the broker delivers again what a killed worker had in hand
    seed: int = 1
    naive: bool = True  # one more application, driven by one task for each change
    linger: float = (
        600.0  # seconds after the last change for which the faults go on, while more than `remainder` is owed
    )
    remainder: int = 50  # jobs that may be left for the time after the last fault
    hang: float = 0.3  # seconds until a connection is cut
    late: float = 1.0  # seconds after that until the write is carried out; less than `settle`

    def times(self) -> dict[str, str]:
        named = {
            "SETTLE_SECONDS": self.settle,
            "CHAOS_LEASE": self.lease,
            "CHAOS_SLOT": self.slot,
            "CHAOS_KEEP_ALIVE": self.keep_alive,
            "CHAOS_SWEEP": self.sweep,
            "CHAOS_VISIBILITY": self.visibility,
            "CHAOS_PROBES": "0.03,0.05,0.05,0.1",
        }
        return {name: str(value) for name, value in named.items()}


@dataclass
class Storm:
    profile: Profile
    log: Log
    results: dict[str, Any] = field(default_factory=dict)
    approved: int = 0  # removals that the guard had held

    def run(self) -> dict[str, Any]:
        with stage(self.profile.times()) as standing:
            self.stage = standing
            self._prepare()
            self._rage()
            self._calm_down()
            return self._judge()

    # --- before

    def _prepare(self) -> None:
        from tests.chaos.company import found_company
        from tests.chaos.people import Roster
        from tests.chaos.writers import Progress, Writer

        profile = self.profile
        self.company, self.roster = found_company(self.stage), Roster()
        groups = [f"group {letter}" for letter in "abcdefgh"[: profile.applications + 1]]
        for key in groups:
            self.company.add_group(key)
            self.roster.group_names[key] = key
        for number in range(profile.applications):
            bound = {groups[number], groups[number + 1]}
            duplicates = number % 2 == 1
            self.company.add_application(f"app{number}", bound, allows_duplicates=duplicates, seed=number)
        self.progress = Progress(profile.changes, profile.rate)
        self.writers = [
            Writer(number, self.company, self.roster, self.progress, seed=profile.seed)
            for number in range(profile.writers)
        ]
        for _ in range(2):
            self.stage.add_worker()
        self.stage.add_beat()
        if profile.naive:
            self.stage.add_worker(concurrency=4, queue="naive")
        self._hire()
        self.log(f"{profile.people} people in {len(groups)} groups, {profile.applications} applications")

    def _hire(self) -> None:
        from apps.tenants.context import in_tenant

        naively = {name: self.stage.targets.start(name, seed=99) for name in self._naive_targets()}
        with in_tenant(self.company.tenant):
            for writer in self.writers:
                writer.sends_naively, writer.sends_hastily = naively.get("naive"), naively.get("hasty")
                writer.hire(math.ceil(self.profile.people / self.profile.writers))

    def _naive_targets(self) -> list[str]:
        """Told by tasks, after the commit and before it: the negative controls of R1 and R2."""
        return ["naive", "hasty"] if self.profile.naive else []

    # --- during

    def _rage(self) -> None:
        profile = self.profile
        self._until_owed_is(0, 90)  # the workers are up
        self.company.activate()  # reads once: before the first fault
        for name in (*self.company.applications, *self._naive_targets()):
            self.stage.targets.set(
                name, share=profile.faults, hang_seconds=profile.hang, late_seconds=profile.late
            )
        self.began = time.time()
        self.progress.start()
        for writer in self.writers:
            writer.start()
        self._strike_until_all_is_written()
        self._until_owed_is(profile.remainder, profile.linger)
        self.ended = time.time()

    def _strike_until_all_is_written(self) -> None:
        blows = self._blows()
        while any(writer.is_alive() for writer in self.writers):
            while blows and self.progress.share >= blows[0][0]:
                _, words, strike = blows.pop(0)
                self.log(f"{self.progress.made:6} changes: {words}")
                strike()
            self._approve()
            time.sleep(0.5)
        for writer in self.writers:
            writer.join()
            if writer.failure:
                raise writer.failure

    def _blows(self) -> list[tuple[float, str, Callable[[], None]]]:
        """(share of the changes that is made, words, blow), spread evenly."""
        profile = self.profile
        chance = random.Random(profile.seed)
        kills = [(f"kill -9 {name}", victim) for name, victim in self._victims(profile.kills)]
        others: list[tuple[str, Callable[[], None]]] = [("FLUSHALL", self._flush)] * profile.flushes
        others += [("database: immediate restart", self.stage.postgres.crash)] * profile.crashes
        blows = kills + others
        chance.shuffle(blows)
        return [((n + 1) / (len(blows) + 1), words, blow) for n, (words, blow) in enumerate(blows)]

    def _victims(self, kills: int) -> list[tuple[str, Callable[[], None]]]:
        trees: list[tuple[str, Process]] = [
            (f"worker {number + 1}", worker) for number, worker in enumerate(self.stage.workers)
        ]
        victims = [trees[number % len(trees)] for number in range(kills)]
        if kills > len(trees) + 1:
            victims[-1] = ("beat", self.stage.beat)
        return [(name, process.kill_and_restart) for name, process in victims]

    def _flush(self) -> None:
        redis.Redis.from_url(self.stage.redis_url).flushall()

    def _approve(self) -> None:
        from django.db import Error as DatabaseError
        from django.db import connection

        try:
            self.approved += self.company.approve_removals()
        except DatabaseError:
            connection.close()

    # --- after

    def _until_owed_is(self, owed: int, seconds: float) -> float:
        """How long it took; an administrator stands by."""
        began = time.monotonic()
        while sum(self.company.backlog()) > owed and time.monotonic() - began < seconds:
            self._approve()
            time.sleep(0.5)
        return time.monotonic() - began

    def _calm_down(self) -> None:
        for name in (*self.company.applications, *self._naive_targets()):
            self.stage.targets.set(name, share=0.0)
        entries, jobs = self.company.backlog()
        width = 8 * self.profile.applications
        waits = self.company.longest_wait()  # back-off: whoever failed n times in a row waits up to 2^n s
        bound = 60 + (entries + jobs) * SECONDS_FOR_ONE * 8 / width + self.profile.lease + self.profile.settle
        bound += waits
        self.log(f"the last fault: {entries} entries and {jobs} jobs are owed")
        self.results |= {
            "seconds": round(self._until_owed_is(0, 4 * bound), 1),
            "bound": round(bound, 1),
            "backlog": jobs,
            "longest_wait": round(waits, 1),
            "left": sum(self.company.backlog()),
        }
        self.log("nothing is owed" if not self.results["left"] else "the wait is over")
        if self.profile.naive:
            self._wait_for_naive()
        for process in (self.stage.beat, *self.stage.workers):
            process.kill()

    def _wait_for_naive(self) -> None:
        """As long as anything of its is queued or in hand: it must not fail for want of time."""
        client = redis.Redis.from_url(self.stage.redis_url)
        ends = time.monotonic() + 2 * self.profile.visibility
        quiet = 0
        while quiet < 6 and time.monotonic() < ends:
            time.sleep(0.5)
            waiting = client.llen("naive") + client.hlen("unacked")
            quiet = 0 if waiting else quiet + 1

    def _judge(self) -> dict[str, Any]:
        from tests.chaos import verdict
        from tests.fakes.scim_target import TOKEN

        company, roster, dump = self.company, self.roster, self.stage.targets.dump()
        targets = [dump[name] for name in company.applications]
        asked = [request for target in targets for request in target["journal"]]
        raging = [request for request in asked if self.began <= request["at"] <= self.ended]
        self.results |= {
            "committed": roster.committed,
            "rolled_back": len(roster.rolled_back),
            "in_doubt": roster.in_doubt,
            "requests": len(asked),
            "raging": len(raging),
            "faulty": sum(bool(request["fault"]) for request in raging),
            "late": sum(request["fault"] == "late" and bool(request["applied"]) for request in asked),
            "approved": self.approved,
            "raged": round(self.ended - self.began, 1),
            "R1": verdict.missing_or_wrong(company, roster, dump),
            "R2": verdict.rolled_back_but_seen(roster, targets),
            "R3": {name: verdict.duplicates(dump[name]) for name in company.applications},
            "R4_backward": [each for target in targets for each in target["backward"]],
            "R4_at_once": max(target["most_of_one"] for target in targets),
            "most_in_flight": max(target["most_in_flight"] for target in targets),
            "R12": verdict.lost_by_the_database(company, roster),
            "R15": verdict.unexplained_attempts(company),
            "R15_token": verdict.places_of(TOKEN, company),
            "compared_at_night": verdict.compared_at_night(company),
            "quarantines": verdict.quarantines(company),
            "attempts": verdict.attempts_made(company),
            "parked": verdict.parked(company),
        }
        if self.profile.naive:
            self.results |= {
                "naive_wrong": len(verdict.naively_wrong(roster, dump["naive"])),
                "naive_backward": len(dump["naive"]["backward"]),
                "hasty_seen": len(verdict.rolled_back_but_seen(roster, [dump["hasty"]])),
            }
        return self.results
