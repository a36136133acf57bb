"""One live installation with an application for every pair: what happens in its directory, and what then is at the targets."""

import dataclasses
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.conformance.provisioning.connectors import Group, Person
from tests.conformance.provisioning.kinds import Pair
from tests.conformance.provisioning.state import State, Target, differences
from tests.conformance.provisioning.tap import Asked, Tap
from tests.rest import Api

PATIENCE = 240.0  # seconds: twice a settle window and what comes after it; machines are shared
# Everybody and everything of one scenario has a name that starts with its own, so that scenarios do not meet.
STORIES = ("token", "life", "found", "conflict", "keep", "gone", "team", "leaver", "same", "unbound", "patch", "ignored", "without",
    "nothing", "plan", "control")  # fmt: skip
TEAMS = tuple(f"{story} {name}" for story in STORIES for name in ("Engineers", "Platform", "Others"))
Findings = Mapping[Pair, list[str]]
Expect = Callable[[Pair], State]


@dataclass(frozen=True)
class Activation:
    """`refused` with a token that the target does not know, then `answer`, and what the target was `asked` for that."""

    refused_with: int
    refused: dict[str, Any]
    answer: dict[str, Any]
    asked: list[Asked]


@dataclass
class Application:
    """One application here and its target: `tap` is what it is told by, `target` is what there is."""

    pair: Pair
    api: Api
    id: str
    tap: Tap
    target: Target
    activation: Activation | None = None

    @property
    def path(self) -> str:
        return f"applications/{self.id}"

    @property
    def settings(self) -> dict[str, Any]:
        return {"base_url": self.tap.base_url}

    def integration(self) -> dict[str, Any]:
        return dict(self.api.call("GET", f"{self.path}/identity-management/"))

    def configure(self, **settings: Any) -> None:
        self.api.call("PUT", f"{self.path}/identity-management/", json=self.settings | settings)

    def post(self, what: str, **document: Any) -> Any:
        return self.api.call("POST", f"{self.path}/identity-management/{what}/", json=document)

    def plan(self) -> dict[str, Any]:
        return dict(self.api.call("GET", f"{self.path}/identity-management/plan/"))

    def synchronize(self) -> None:
        """Everybody is compared; returns when that has ended."""
        begun = self.post("synchronizations")
        path = f"{self.path}/identity-management/synchronizations/{begun['id']}/"
        until(lambda: self.api.call("GET", path)["state"] == "done")

    def refused(self) -> dict[str, str]:
        parked = self.api.everything(f"{self.path}/jobs/", state="parked")
        return {job["resource"]: job["last_error"] for job in parked}

    def state(self, starting: str, ids: set[str]) -> State:
        refused = {each: words for each, words in self.refused().items() if each in ids}
        return dataclasses.replace(self.target.state(starting), refused=refused)


@dataclass
class Stage:
    api: Api
    applications: dict[Pair, Application]
    ids: dict[str, set[str]] = field(default_factory=dict)  # of people and groups, by story

    # --- the directory

    def person(self, story: str, name: str, **fields: str) -> Person:
        """In no group yet."""
        document = {
            "username": f"{story}.{name}",
            "email": f"{story}.{name}@example.com",
            "first_name": name.title(),
            "last_name": "Example",
            "display_name": f"{name.title()} of {story}",
        } | fields
        made = self.api.call("POST", "users/", json=document)
        self.ids.setdefault(story, set()).add(made["id"])
        return Person(made["id"], **document)

    def change(self, person: Person, **fields: str) -> Person:
        self.api.call("PATCH", f"users/{person.id}/", json=fields)
        return dataclasses.replace(person, **fields)

    def suspend(self, person: Person) -> None:
        self.api.call("PATCH", f"users/{person.id}/", json={"active": False})

    def reactivate(self, person: Person) -> None:
        self.api.call("PATCH", f"users/{person.id}/", json={"active": True})

    def group(self, story: str, name: str, *people: Person, bind: bool = True) -> Group:
        """Named "<story> <name>", and bound to every application."""
        made = self.api.call("POST", "groups/", json={"name": f"{story} {name}"})
        self.ids.setdefault(story, set()).add(made["id"])
        group = Group(made["id"], made["name"])
        for person in people:
            self.join(group, person)
        if bind:
            self.bind(group)
        return group

    def join(self, group: Group, person: Person) -> None:
        self.api.call("POST", f"groups/{group.id}/members/", json={"user": person.id})

    def leave(self, group: Group, person: Person) -> None:
        self.api.call("DELETE", f"groups/{group.id}/members/{person.id}/")

    def rename(self, group: Group, name: str) -> Group:
        self.api.call("PATCH", f"groups/{group.id}/", json={"name": name})
        return Group(group.id, name)

    def remove_group(self, group: Group) -> None:
        self.api.call("DELETE", f"groups/{group.id}/")

    def bind(self, group: Group) -> None:
        for application in self.applications.values():
            self.api.call("POST", f"{application.path}/assignments/", json={"group": group.id})

    def unbind(self, group: Group) -> None:
        for application in self.applications.values():
            self.api.call("DELETE", f"{application.path}/assignments/{group.id}/")

    # --- the targets

    def reached(self, story: str, expect: Expect) -> Findings:
        """In what each target differs from what should be there, once it does not any more, or patience is at its end."""
        found: dict[Pair, list[str]] = {}
        waiting = dict(self.applications)
        end = time.monotonic() + PATIENCE
        while waiting:
            for pair, application in list(waiting.items()):
                state = application.state(story, self.ids.get(story, set()))
                found[pair] = differences(expect(pair), state)
                if not found[pair] or time.monotonic() > end:
                    del waiting[pair]
            time.sleep(0.1)
        return found

    def after_a_synchronization(self, story: str, expect: Expect) -> Findings:
        """For what must not happen: everybody was compared once more, and nothing is owed."""
        for application in self.applications.values():
            application.synchronize()
        return self.reached(story, expect)


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, f"not true within {PATIENCE} s"
        time.sleep(0.1)
