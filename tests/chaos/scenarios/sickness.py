"""R8 to R11: what is held back, from whom, and for how long."""

import time
from typing import Any

from apps.applications.actions import assign_group, remove_assignment
from apps.tenants.context import in_tenant
from tests.chaos.company import SYSTEM
from tests.chaos.scenarios.scene import LONGEST, Numbers, Scene, until
from tests.chaos.servers import Stage
from tests.fakes.scim_target import TOKEN

HOLDING = 6.0  # seconds in which held removals are watched: three rounds of the sweeper of scenarios.TIMES
REFUSING = 12.0  # seconds that are watched once the token was refused
PROBE = 3.0  # seconds between the probes of scenarios.TIMES


def mass_removal(stage: Stage, scale: int, mistake: str) -> Numbers:
    """The group that gives half of the people the application is taken away, given back, taken away again and approved."""
    scene = Scene(stage, "removed", 30, mistake=mistake)
    more = scene.company.add_group("more")
    with in_tenant(scene.company.tenant):
        assign_group(scene.application, more, actor=SYSTEM)
    scene.company.add_people("more", [f"more{number}" for number in range(30)])
    scene.activate().settle()

    def move(act: Any) -> None:
        with in_tenant(scene.company.tenant):
            act(scene.application, more, actor=SYSTEM)

    def held() -> int:
        return scene.states().get("held", 0)

    move(remove_assignment)
    until(lambda: float(held() + scene.inactive() >= 30), LONGEST)
    numbers: Numbers = {"held": held(), "gone_before": scene.inactive()}
    if mistake:
        return numbers
    time.sleep(HOLDING)
    numbers["gone_while_held"] = scene.inactive()
    move(assign_group)
    scene.settle()
    numbers |= {"gone_after_giving_back": scene.inactive(), "states_after_giving_back": scene.states()}
    move(remove_assignment)
    until(lambda: float(held() >= 30), LONGEST)
    numbers["changed_before"] = _changes(scene)
    numbers["approved"] = scene.company.approve_removals()
    scene.settle()
    return numbers | {"gone_after": scene.inactive()}


def _changes(scene: Scene) -> int:
    """Requests that ever changed somebody who was there, taken back since or not. Not of groups: they are filled as people come."""
    about_people = [asked for asked in scene.journal() if not asked["key"].startswith("Groups/")]
    return sum(asked["method"] in {"PATCH", "PUT", "DELETE"} for asked in about_people)


def sick_target(stage: Stage, scale: int, mistake: str) -> Numbers:
    """The token is refused for a while, and then accepted again. `allowed` are probes: the control has to exceed them twice over."""
    scene = Scene(stage, "sick", 20, mistake=mistake).activate()
    scene.settle()

    def refused() -> int:
        return sum(asked["status"] == 401 for asked in scene.journal())

    scene.set(token="another")
    for number in range(10):
        scene.change(f"person{number}", number + 1)
    until(lambda: float(refused()), LONGEST)
    if not mistake:
        until(lambda: float(scene.integration_state() == "quarantined"), LONGEST)
    before, began = refused(), time.monotonic()

    def allowed() -> float:
        """A probe at each end, too."""
        return 2 + (time.monotonic() - began) / PROBE

    time.sleep(REFUSING)
    if mistake:
        until(lambda: float(refused() - before > 2 * allowed()), LONGEST)
    else:
        until(lambda: float(refused() > before), LONGEST)
    numbers: Numbers = {
        "state": scene.integration_state(),
        "refused": before,
        "and_then": refused() - before,
        "allowed": allowed(),
    }
    scene.set(token=TOKEN)
    took = scene.settle()
    titles = {user["userName"]: user.get("title") for user in scene.dump()["users"].values()}
    wrong = [number for number in range(10) if titles[f"person{number}"] != f"v{number + 1}"]
    return numbers | {"resumed_after": took, "wrong": wrong}


def retry_after(stage: Stage, scale: int, mistake: str) -> Numbers:
    """One request in thirty is answered with 429 and five seconds, in both forms; people change until that was told often enough.

    The control goes on until it has sent something inside a pause: each change is a reason to.
    """
    throttles = {"share": 1 / 30, "kinds": ["throttled"], "pause_seconds": 5}
    scene = Scene(stage, "busy", 60, mistake=mistake, latency=0.02, **throttles)
    scene.activate().settle()
    began, version = time.monotonic(), 0
    while True:
        told, inside = _asked_inside(scene.journal())
        enough = inside if mistake else told > 2
        if enough or time.monotonic() - began > LONGEST:
            return {"told": told, "inside": inside, "states": scene.states()}
        version += 1
        for number in range(60):
            scene.change(f"person{number}", version)
        scene.settle()


def _asked_inside(journal: list[dict[str, Any]]) -> tuple[int, int]:
    """(pauses that were asked for, requests inside them). What was in flight may arrive; a date has whole seconds."""
    told = [asked for asked in journal if asked["pause_until"]]
    windows = [(asked["at"] + 1.2, asked["pause_until"] - 1) for asked in told]
    inside = [asked for asked in journal for begins, ends in windows if begins < asked["at"] < ends]
    return len(told), len(inside)


def poison(stage: Stage, scale: int, mistake: str) -> Numbers:
    """One person among `scale` is refused for good."""
    scene = Scene(stage, "poisoned", scale, mistake=mistake, poison="person7").activate()

    def about_people() -> list[Any]:
        return [asked for asked in scene.journal() if asked["key"].startswith("person")]

    def tries() -> int:
        return sum(asked["key"] == "person7" and asked["method"] == "POST" for asked in about_people())

    if mistake:
        until(lambda: float(tries() > 1), LONGEST)
        scene.stand_still()
    else:
        scene.settle()
    return {
        "created": len(scene.dump()["users"]),
        "tries": tries(),
        "writes_for_others": sum(
            asked["key"] != "person7" and asked["method"] != "GET" for asked in about_people()
        ),
        "states": scene.states(),
    }
