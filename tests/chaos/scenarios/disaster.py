"""R5 and R12: every worker and beat killed, the database crashed and Redis emptied, all at once; and then nobody lends a hand."""

import time

import psycopg
import redis
from django.db import connection

from apps.tenants.context import in_tenant
from tests.chaos import verdict
from tests.chaos.company import found_company
from tests.chaos.people import Roster
from tests.chaos.scenarios.scene import LONGEST, Numbers, Scene, until
from tests.chaos.servers import Stage
from tests.chaos.writers import Progress, Writer

PERIODS = ("CHAOS_LEASE", "CHAOS_SLOT", "CHAOS_SWEEP", "SETTLE_SECONDS")
BEFORE, AFTER = 20, 40  # people who are hired before the workers die, and afterwards
SLOW = 2.0  # seconds for each request, two at a time: no application is done before all are in the middle; less than the settle window


def disaster(stage: Stage, scale: int, mistake: str) -> Numbers:
    """It happens to applications in the middle of `scale` creations, and to changes that no worker has seen yet."""
    mistakes = ("", "nobody sweeps", "leases never end")
    scenes = {each: Scene(stage, "ended", scale, mistake=each, latency=SLOW) for each in mistakes}
    office = _Office(stage, "office")
    office.hire(BEFORE)
    office.company.activate()
    until(lambda: float(not any(office.company.backlog()) and not office.naively_wrong()), LONGEST)
    before = len(office.naively_wrong())
    for scene in scenes.values():
        scene.narrow(2)
        scene.activate()
    until(lambda: float(_in_the_middle(scenes)), LONGEST)
    _kill_workers(stage)
    office.hire(AFTER)
    _crash(stage)
    for scene in scenes.values():
        scene.set(latency=0.1)
    restarted = time.monotonic()
    _start_workers(stage)
    return {
        "convergence": _convergence(stage, scenes, restarted),
        "crash": office.found() | {"naively_wrong_before": before},
        "commits that do not wait": _commits_that_do_not_wait(stage),
    }


def _in_the_middle(scenes: dict[str, Scene]) -> bool:
    """There are fewer worker processes than applications: the one whose leases never end has to have its turn just now."""
    in_hand = scenes["leases never end"].states().get("running", 0)
    return in_hand > 0 and all(scene.is_in_the_middle() for scene in scenes.values())


def _convergence(stage: Stage, scenes: dict[str, Scene], restarted: float) -> Numbers:
    """What is still owed when the one with everything in place is done, and all that could have helped the others is over."""
    owed = sum(scenes[""].company.backlog())
    scenes[""].settle()
    seconds = time.monotonic() - restarted
    periods = sum(float(stage.times[name]) for name in PERIODS)
    time.sleep(max(0.0, restarted + 1.5 * periods - time.monotonic()))
    left = {mistake or "kept": sum(scene.company.backlog()) for mistake, scene in scenes.items()}
    accounts = len(scenes[""].dump()["users"])
    return {"owed": owed, "seconds": seconds, "bound": 60 + periods, "left": left, "accounts": accounts}


class _Office:
    """People are hired through the product's own actions; of one in four a task tells another application as well."""

    def __init__(self, stage: Stage, slug: str) -> None:
        self.stage, self.company, self.roster = stage, found_company(stage, slug), Roster()
        for key in (f"{slug} a", f"{slug} b"):
            self.company.add_group(key)
            self.roster.group_names[key] = key
        self.company.add_application(slug, set(self.company.groups))
        self.tasks = f"{slug}-tasks"
        self.place = stage.targets.start(self.tasks)
        self._writers = 0

    def hire(self, people: int) -> None:
        writer = Writer(self._writers, self.company, self.roster, Progress(0, 1), seed=1)
        writer.sends_naively = self.place
        self._writers += 1
        with in_tenant(self.company.tenant):
            writer.hire(people)

    def naively_wrong(self) -> list[str]:
        return verdict.naively_wrong(self.roster, self.stage.targets.dump(self.tasks)[self.tasks])

    def found(self) -> Numbers:
        lost = verdict.lost_by_the_database(self.company, self.roster)
        until(lambda: float(not any(self.company.backlog())), LONGEST)
        dump = self.stage.targets.dump(*self.company.applications)
        return {
            "committed": self.roster.committed,
            "lost": lost,
            "wrong": verdict.missing_or_wrong(self.company, self.roster, dump),
            "naively_wrong": len(self.naively_wrong()),
        }


def _commits_that_do_not_wait(stage: Stage) -> Numbers:
    """The control of what a commit is worth: the same crash where the database says "committed" before it has handed it over."""
    _kill_workers(stage)
    with psycopg.connect(stage.postgres.url("root", "gatehouse"), autocommit=True) as database:
        database.execute("ALTER ROLE gatehouse SET synchronous_commit = off")
        database.execute("ALTER SYSTEM SET wal_writer_delay = '10s'")
        database.execute("SELECT pg_reload_conf()")
    connection.close()  # the role's setting is read when a connection begins
    numbers: Numbers = {}
    for attempt in range(3):  # the writer comes by every ten seconds: it may have done so just now
        office = _Office(stage, f"hasty-office-{attempt}")
        office.hire(BEFORE)
        _crash(stage)
        lost = verdict.lost_by_the_database(office.company, office.roster)
        numbers = {"committed": office.roster.committed, "lost": lost}
        if lost:
            break
    return numbers


def _kill_workers(stage: Stage) -> None:
    for process in (*stage.workers, stage.beat):
        process.kill()


def _start_workers(stage: Stage) -> None:
    for process in (*stage.workers, stage.beat):
        process.start()


def _crash(stage: Stage) -> None:
    stage.postgres.crash()
    connection.close()
    redis.Redis.from_url(stage.redis_url).flushall()
