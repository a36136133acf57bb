"""What scenarios are made of: one tenant with one application and a failing target of the same name, and ways to wait for it."""

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from apps.directory import actions as directory
from apps.directory.models import User
from apps.provisioning import running
from apps.provisioning.errors import ActivationRefused
from apps.provisioning.models import Integration, IntegrationState, Job
from apps.tenants.context import in_tenant
from tests.chaos.company import SYSTEM, Company, found_company
from tests.chaos.servers import Stage

Numbers = dict[str, Any]
PATIENCE = 20.0  # seconds in which a control must not get there; what it keeps waiting is far longer
LONGEST = 300.0  # seconds until a state that has to come has come, however much else the machine has to do


class Scene:
    """`people` are in the group that opens the application. `mistake`: the mechanism that is switched off for this tenant, if any.

    `target` are attributes of tests/chaos/target.py, `started_with` its parameters.
    """

    def __init__(
        self,
        stage: Stage,
        slug: str,
        people: int = 0,
        *,
        mistake: str = "",
        started_with: dict[str, Any] | None = None,
        **target: Any,
    ) -> None:
        self.stage, self.mistake = stage, mistake
        self.slug = slug_for(slug, mistake)
        self.company: Company = found_company(stage, self.slug, mistake=mistake)
        self.group = f"{self.slug} staff"
        self.company.add_group(self.group)
        self.application = self.company.add_application(self.slug, {self.group}, **(started_with or {}))
        self.hire(people)
        self.set(**target)

    # --- what happens here

    def hire(self, people: int, prefix: str = "person") -> None:
        """Past the actions: whoever activates next raises them all."""
        self.company.add_people(self.group, [f"{prefix}{number}" for number in range(people)])

    def activate(self) -> "Scene":
        while True:
            try:
                self.company.activate()
            except ActivationRefused:  # its one read was throttled
                time.sleep(1)
            else:
                return self

    def narrow(self, width: int) -> None:
        """So many requests at once, and no more."""
        with in_tenant(self.company.tenant):
            Integration.objects.update(width=width)

    def change(self, username: str, version: int) -> float:
        """Committed when this returns; the moment."""
        with in_tenant(self.company.tenant):
            user = User.objects.get(username=username)
            directory.update_user(user, actor=SYSTEM, job_title=f"v{version}")
        return time.time()

    def suspend(self, username: str) -> float:
        with in_tenant(self.company.tenant):
            directory.deactivate_user(User.objects.get(username=username), actor=SYSTEM)
        return time.time()

    def stand_still(self) -> None:
        """What is still owed is not sent: the stage is somebody else's."""
        with in_tenant(self.company.tenant):
            for integration in Integration.objects.filter(state=IntegrationState.ACTIVE):
                running.pause_integration(integration, actor=SYSTEM)

    def settle(self, seconds: float = LONGEST) -> float:
        """Until nothing is owed; how long that took."""
        began = time.monotonic()
        while any(self.company.backlog()) and time.monotonic() - began < seconds:
            time.sleep(0.2)
        return time.monotonic() - began

    # --- what is to be seen of it

    def set(self, **target: Any) -> None:
        self.stage.targets.set(self.slug, **target)

    def dump(self) -> dict[str, Any]:
        return self.stage.targets.dump(self.slug)[self.slug]  # type: ignore[no-any-return]

    def journal(self) -> list[dict[str, Any]]:
        return self.dump()["journal"]  # type: ignore[no-any-return]

    def inactive(self) -> int:
        return sum(not user["active"] for user in self.dump()["users"].values())

    def states(self) -> dict[str, int]:
        """How many jobs are in which state."""
        with in_tenant(self.company.tenant):
            return dict(Counter(Job.objects.values_list("state", flat=True)))

    def owed(self) -> int:
        return self.states().get("pending", 0)

    def is_in_the_middle(self) -> bool:
        """Some requests were answered, and much is owed."""
        return len(self.journal()) > 8 and sum(self.company.backlog()) > 10

    def integration_state(self) -> str:
        with in_tenant(self.company.tenant):
            return str(Integration.objects.get().state)

    def arrival(self, username: str, version: int, seconds: float, after: float = 0.0) -> float:
        """When that change came to the application, 0 when it has not within so many seconds. Version 0: one without a title."""
        asked = {"seen": self.slug, "key": username, "version": version, "after": after}
        return until(lambda: self.stage.targets.ask(**asked), seconds)


def slug_for(scenario: str, mistake: str) -> str:
    return f"{scenario}-{mistake}".lower().replace(" ", "-") if mistake else scenario


def until(ask: Callable[[], float], seconds: float) -> float:
    """The first answer that is not 0; 0 when time is up."""
    ends = time.monotonic() + seconds
    while True:
        if found := ask():
            return found
        if time.monotonic() > ends:
            return 0.0
        time.sleep(0.02)
