"""
One promise each, against the same processes as the storm: `bin/chaos --scenario NAME`, and with `--control` its negative control.
Each returns numbers; the tests beside this say which are right.
"""

import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from tests.chaos.servers import Stage, stage

Numbers = dict[str, Any]
PATIENCE = 20.0  # seconds that a control is waited for; what it keeps waiting is far longer


def run(name: str, *, control: bool, scale: int) -> Numbers:
    scenario, blunder = SCENARIOS[name]
    times = {"CHAOS_PROBES": "0.05,0.05,0.05,0.05"}
    if control and blunder:
        times["CHAOS_BLUNDER"] = blunder
    with ExitStack() as stack:
        standing = stack.enter_context(stage(times))
        standing.add_beat()
        return scenario(standing, scale, control)


# --- what they share


def _company(standing: Stage, slug: str, people: int, **target: Any) -> Any:
    """A tenant whose one application, of the same name, all of its people have; not active yet."""
    from tests.chaos.company import found_company

    company = found_company(standing, slug)
    company.add_group(f"{slug} staff")
    company.add_application(slug, {f"{slug} staff"})
    company.add_people(f"{slug} staff", [f"{slug}{number}" for number in range(people)])
    standing.targets.set(slug, **target)
    return company


def _settle(seconds: float = 120) -> float:
    from tests.chaos.company import backlog

    began = time.monotonic()
    while any(backlog()) and time.monotonic() - began < seconds:
        time.sleep(0.2)
    return time.monotonic() - began


def _states(company: Any) -> dict[str, int]:
    from collections import Counter

    from apps.provisioning.models import Job
    from apps.tenants.context import in_tenant

    with in_tenant(company.tenant):
        return dict(Counter(Job.objects.values_list("state", flat=True)))


def _until(ask: Callable[[], float], seconds: float) -> float:
    """The first answer that is not 0; 0 when time is up."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if found := ask():
            return found
        time.sleep(0.02)
    return 0.0


def _change(company: Any, username: str, version: int) -> float:
    """Committed when this returns; the moment."""
    from apps.directory import actions as directory
    from apps.directory.models import User
    from apps.tenants.context import in_tenant
    from tests.chaos.company import SYSTEM

    with in_tenant(company.tenant):
        user = User.objects.get(username=username)
        directory.update_user(user, actor=SYSTEM, job_title=f"v{version}")
    return time.time()


def _delays(standing: Stage, company: Any, slug: str, first: int, count: int) -> list[float]:
    """Seconds from commit until the request arrives, for one change after the other."""
    delays = []
    for version in range(first, first + count):
        name = f"{slug}{version % 10}"
        committed = _change(company, name, version)
        arrived = _until(lambda: standing.targets.ask(seen=slug, key=name, version=version), 30)  # noqa: B023
        delays.append(max(0.0, arrived - committed) if arrived else 30.0)
        time.sleep(0.1)
    return delays


# --- R6


def fairness(standing: Stage, scale: int, control: bool) -> Numbers:
    """A small customer's delay, alone and behind `scale` rows of a large one. The control puts both into one queue of tasks."""
    large = _company(standing, "large", 0 if control else scale, latency=0.2)
    small = _company(standing, "small", 10)
    if control:
        return _one_queue(standing, scale)
    standing.add_worker(concurrency=2)
    small.activate()
    _settle()
    idle = _delays(standing, small, "small", 1, 15)
    large.activate()
    owed = _until(lambda: float(_states(large).get("pending", 0)), 60)
    behind = _delays(standing, small, "small", 101, 15)
    return {
        "idle": statistics.median(idle),
        "behind": statistics.median(behind),
        "idle_p95": sorted(idle)[-1],
        "behind_p95": sorted(behind)[-1],
        "owed": owed,
        "still_owed": _states(large).get("pending", 0),
    }


def _one_queue(standing: Stage, scale: int) -> Numbers:
    from tests.chaos import naive

    standing.add_worker(concurrency=2, queue=naive.QUEUE)
    places = {name: standing.targets.ask(place=name) for name in ("large", "small")}

    def delay(name: str, username: str, version: int) -> float:
        document = {"userName": username, "title": f"v{version}", "active": True}
        message = (places[name]["base_url"], places[name]["token"], document)
        naive.send.apply_async(message, queue=naive.QUEUE)
        return time.time()

    def arrival(sent: float, version: int) -> float:
        found = _until(lambda: standing.targets.ask(seen="small", key="small1", version=version), PATIENCE)
        return found - sent if found else PATIENCE

    arrival(delay("small", "small1", 1), 1)  # the worker is up
    idle = [arrival(delay("small", "small1", version), version) for version in range(2, 8)]
    for number in range(scale):
        delay("large", f"large{number}", 1)
    behind = arrival(delay("small", "small1", 9), 9)
    return {"idle": statistics.median(idle), "behind": behind}


# --- R7


def deactivation(standing: Stage, scale: int, control: bool) -> Numbers:
    """Twenty people lose access behind `scale` creations in the same application. The control goes by order of arrival."""
    from django.db import transaction

    from apps.directory import actions as directory
    from apps.directory.models import User
    from apps.outbox.models import Topic
    from apps.outbox.publish import publish
    from apps.tenants.context import in_tenant
    from tests.chaos.company import SYSTEM

    company = _company(standing, "staff", 200)
    standing.add_worker(concurrency=2)
    company.activate()
    _settle()
    standing.targets.set("staff", latency=0.1)
    company.add_people("staff staff", [f"new{number}" for number in range(scale)])
    with in_tenant(company.tenant), transaction.atomic():
        publish(Topic.APPLICATION_CHANGED, company.applications["staff"].id)
    owed = _until(lambda: float(_states(company).get("pending", 0)), 60)
    sent: dict[str, float] = {}
    with in_tenant(company.tenant):
        for number in range(20):
            directory.deactivate_user(User.objects.get(username=f"staff{number}"), actor=SYSTEM)
            sent[f"staff{number}"] = time.time()
    delays = []
    ends = time.monotonic() + (PATIENCE if control else 60)
    for name, committed in sent.items():
        asked = {"seen": "staff", "key": name, "version": 0, "after": committed - 0.5}
        arrived = _until(lambda: standing.targets.ask(**asked), max(0.05, ends - time.monotonic()))  # noqa: B023
        if arrived:
            delays.append(arrived - committed)
    return {
        "owed": owed,
        "arrived": len(delays),
        "slowest": max(delays, default=0.0),
        "still_owed": _states(company).get("pending", 0),
    }


# --- R8


def mass_removal(standing: Stage, scale: int, control: bool) -> Numbers:
    """The group that gives half of the people the application is taken away, given back, taken away again and approved."""
    from apps.applications.actions import assign_group, remove_assignment
    from apps.tenants.context import in_tenant
    from tests.chaos.company import SYSTEM

    company = _company(standing, "staff", 30)
    company.add_group("more")
    with in_tenant(company.tenant):
        assign_group(company.applications["staff"], company.groups["more"], actor=SYSTEM)
    company.add_people("more", [f"more{number}" for number in range(30)])
    standing.add_worker()
    company.activate()
    _settle()

    def gone() -> int:
        users = standing.targets.dump()["staff"]["users"].values()
        return sum(not user["active"] for user in users)

    def move(act: Callable[..., Any]) -> None:
        with in_tenant(company.tenant):
            act(company.applications["staff"], company.groups["more"], actor=SYSTEM)

    move(remove_assignment)
    _until(lambda: float(_states(company).get("held", 0) + gone() >= 30), 60)
    numbers: Numbers = {"held": _states(company).get("held", 0), "gone_before": gone()}
    if control:
        return numbers
    move(assign_group)
    _settle()
    numbers |= {"gone_after_giving_back": gone(), "states_after_giving_back": _states(company)}
    move(remove_assignment)
    _until(lambda: float(_states(company).get("held", 0) >= 30), 60)
    numbers["approved"] = company.approve_removals()
    _settle()
    return numbers | {"gone_after": gone()}


# --- R9


def sick_target(standing: Stage, scale: int, control: bool) -> Numbers:
    """The token is refused for a while, and then accepted again. The control goes on asking."""
    from apps.provisioning.models import Integration
    from apps.tenants.context import in_tenant

    company = _company(standing, "staff", 20)
    standing.add_worker()
    company.activate()
    _settle()
    before = len(standing.targets.dump()["staff"]["journal"])
    standing.targets.set("staff", token="another")
    for number in range(10):
        _change(company, f"staff{number}", number + 1)
    time.sleep(PATIENCE)
    with in_tenant(company.tenant):
        state = Integration.objects.get().state
    refused = len(standing.targets.dump()["staff"]["journal"]) - before
    standing.targets.set("staff", token=_token())
    took = _settle(60)
    titles = {
        user["userName"]: user.get("title") for user in standing.targets.dump()["staff"]["users"].values()
    }
    wrong = [number for number in range(10) if titles[f"staff{number}"] != f"v{number + 1}"]
    return {"state": state, "refused": refused, "resumed_after": took, "wrong": wrong}


def _token() -> str:
    from tests.fakes.scim_target import TOKEN

    return TOKEN


# --- R10


def retry_after(standing: Stage, scale: int, control: bool) -> Numbers:
    """One request in fifteen is answered with 429 and four seconds, in both forms. The control does not hear it."""
    company = _company(standing, "staff", 60)
    standing.targets.set("staff", share=1 / 15, kinds=["throttled"], pause_seconds=4, latency=0.02)
    standing.add_worker()
    _until_activated(company)
    _settle(90)
    journal = standing.targets.dump()["staff"]["journal"]
    told = [asked for asked in journal if asked["pause_until"]]
    # What was in flight may arrive; a date has whole seconds.
    windows = [(asked["at"] + 0.7, asked["pause_until"] - 1) for asked in told]
    inside = [asked for asked in journal for begins, ends in windows if begins < asked["at"] < ends]
    return {"told": len(told), "inside": len(inside), "states": _states(company)}


def _until_activated(company: Any) -> None:
    from apps.provisioning.errors import ActivationRefused

    while True:
        try:
            company.activate()
        except ActivationRefused:  # its one read was throttled
            time.sleep(1)
        else:
            return


# --- R11


def poison(standing: Stage, scale: int, control: bool) -> Numbers:
    """One person among `scale` is refused for good. The control never gives up."""
    company = _company(standing, "staff", scale, poison="staff7")
    standing.add_worker()
    company.activate()
    took = _settle(PATIENCE if control else 120)
    dump = standing.targets.dump()["staff"]
    tries = [asked for asked in dump["journal"] if asked["key"] == "staff7" and asked["method"] == "POST"]
    others = [
        asked for asked in dump["journal"] if asked["key"].startswith("staff") and asked["key"] != "staff7"
    ]
    return {
        "created": len(dump["users"]),
        "tries": len(tries),
        "requests_for_others": len(others),
        "states": _states(company),
        "seconds": took,
    }


SCENARIOS: dict[str, tuple[Callable[[Stage, int, bool], Numbers], str]] = {
    "fairness": (fairness, ""),
    "deactivation": (deactivation, "in order of arrival"),
    "mass-removal": (mass_removal, "no guard"),
    "sick-target": (sick_target, "no quarantine"),
    "retry-after": (retry_after, "deaf to Retry-After"),
    "poison": (poison, "never gives up"),
}
