"""R3 and R4: writes whose fate is unknown, and what comes after them."""

from tests.chaos import verdict
from tests.chaos.scenarios.scene import LONGEST, Numbers, Scene, until
from tests.chaos.servers import Stage

PEOPLE = 4  # fewer than failures in a row open the circuit
LATE = 5.0  # seconds, less than the settle window
VERY_LATE = 25.0  # for the control: the next change is there before, however slow the machine is


def duplicates(stage: Stage, scale: int, mistake: str) -> Numbers:
    """Half of all creations are carried out without a good answer: at once, late, or after the connection was cut."""
    fate = {"share": 0.5, "kinds": ["carried_out", "late", "hang"], "only_first_creations": True}
    scenes = {
        kind: Scene(stage, kind, scale, mistake=mistake, started_with={"allows_duplicates": allowed}, **fate)
        for kind, allowed in (("allows", True), ("refuses", False))
    }
    for scene in scenes.values():
        scene.activate()
    for scene in scenes.values():
        scene.settle()
    return {kind: _doubled(scene) for kind, scene in scenes.items()}


def _doubled(scene: Scene) -> Numbers:
    dump = scene.dump()
    faulty = [asked for asked in dump["journal"] if asked["fault"]]
    return {
        "duplicates": verdict.duplicates(dump),
        "accounts": len(dump["users"]),
        "faults": len(faulty),
        "parked": scene.states().get("parked", 0),
    }


def order(stage: Stage, scale: int, mistake: str) -> Numbers:
    """In each of `scale` rounds a write is carried out five seconds after its connection was cut, and the next change is there by then."""
    scene = Scene(
        stage,
        "order",
        PEOPLE,
        mistake=mistake,
        kinds=["late"],
        reads_fail=False,
        hang_seconds=0.1,
        late_seconds=VERY_LATE if mistake else LATE,
    ).activate()
    scene.settle()
    names = [f"person{number}" for number in range(PEOPLE)]
    for version in range(1, 2 * scale, 2):
        scene.set(share=1.0)
        for name in names:
            scene.change(name, version)
        for name in names:
            scene.arrival(name, version, LONGEST)
        scene.set(share=0.0)
        for name in names:
            scene.change(name, version + 1)
        scene.settle()
        until(lambda: float(all(asked["applied"] for asked in scene.journal() if asked["fault"])), LONGEST)
    dump = scene.dump()
    titles = {user["userName"]: user["title"] for user in dump["users"].values()}
    return {
        "wrong": [name for name in names if titles[name] != f"v{2 * scale}"],
        "late": sum(asked["fault"] == "late" and bool(asked["applied"]) for asked in dump["journal"]),
        "backward": dump["backward"],
        "at_once": dump["most_of_one"],
    }
