"""Claimed jobs beside the directory as it is now: what has to be said about each, and how urgent it is.

About whom nothing has to be said is finished here, and whose removal waits for an administrator is put back. The number of queries is
the same however many there are.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from apps.provisioning import directory_now, jobs, passwords, remote_state, removals
from apps.provisioning import plan as planning
from apps.provisioning.claimed import Claimed
from apps.provisioning.client import ScimClient
from apps.provisioning.directory_now import GroupNow, UserNow
from apps.provisioning.group_conversation import GroupConversation, GroupTask
from apps.provisioning.models import Integration, ResourceKind
from apps.provisioning.passwords import Password
from apps.provisioning.pipeline import Planned
from apps.provisioning.plan import UserPlan, UserRules
from apps.provisioning.user_conversation import UserConversation, UserTask

# Deactivate before anything else: losing access is what people wait for.
PHASES = ("deactivate", "delete", "reactivate", "update", "create")
REMOVALS = planning.Deactivate | planning.Delete


@dataclass(frozen=True, slots=True)
class Foreseen:
    """People as they are now, and the plan for each."""

    rules: UserRules
    states: Mapping[uuid.UUID, UserNow]
    plans: Mapping[Claimed, UserPlan]

    @property
    def creating(self) -> jobs.Expected:
        """Whose account may be half made already has that on record."""
        return {
            job: plan.values
            for job, plan in self.plans.items()
            if isinstance(plan, planning.Create) and not (job.read_back and job.expected)
        }


class Agenda:
    """Of one claim. `clear_removals` waits until no removal is under way: the guard counts what is on record."""

    def __init__(
        self,
        integration: Integration,
        lease: uuid.UUID,
        new_client: Callable[[], ScimClient],
        clear_removals: Callable[[], None],
    ) -> None:
        self.integration = integration
        self.lease = lease
        self.new_client = new_client
        self.clear_removals = clear_removals
        self.now = timezone.now()
        self.foreseen: Foreseen | None = None

    # --- people

    def foresee(self, claimed: Sequence[Claimed]) -> jobs.Expected:
        """What accounts will be created with, before the claim is committed; users() then carries out what was planned for it here.

        Not beside groups: whatever comes before the people then changes what is planned for them.
        """
        self.foreseen = None  # a claim that gave way asks anew
        if any(job.kind != ResourceKind.USER for job in claimed):
            return {}
        self.foreseen = self._look(claimed)
        return self.foreseen.creating

    def _look(self, claimed: Sequence[Claimed]) -> "Foreseen":
        rules = directory_now.user_rules(self.integration)
        now = directory_now.users_now(self.integration, [job.resource_id for job in claimed])
        states = {each.user_id: each for each in now}
        plans = {job: self._plan(states[job.resource_id], rules) for job in claimed}
        return Foreseen(rules, states, plans)

    def users(self, claimed: Sequence[Claimed]) -> list[Planned]:
        if not claimed:
            return []
        foreseen = self.foreseen or self._look(claimed)
        rules, states, plans = foreseen.rules, foreseen.states, foreseen.plans
        secrets = passwords.waiting(self.integration, [job.resource_id for job in claimed])
        remote_state.take_charge(self.integration, states.values())
        jobs.name({job: states[job.resource_id].name for job in claimed})
        waiting = self._held_back([job for job, plan in plans.items() if isinstance(plan, REMOVALS)])
        idle: dict[Claimed, datetime | None] = {}
        planned: list[Planned] = []
        for job, plan in plans.items():
            state = states[job.resource_id]
            password = secrets.get(job.resource_id) if state.wanted is not None else None
            unknown = job.read_back and (state.account or job.expected)
            if isinstance(plan, planning.Nothing) and not unknown and password is None:
                idle[job] = plan.look_again_at
            elif job not in waiting:
                planned.append(self._about_user(job, state, plan, rules, password))
        jobs.finish(idle, self.lease)
        if self.foreseen is None:
            jobs.expect(foreseen.creating)
        return planned

    def _plan(self, state: UserNow, rules: UserRules) -> UserPlan:
        return planning.plan_user(state.wanted, state.account, rules, self.now, until=state.until)

    def _about_user(
        self, job: Claimed, state: UserNow, plan: UserPlan, rules: UserRules, password: Password | None
    ) -> Planned:
        task = UserTask(
            state.wanted,
            state.account,
            rules,
            self.now,
            job.read_back,
            job.expected if job.read_back else None,
            state.until,
            password,
        )
        phase = PHASES.index(plan.operation) if plan.operation in PHASES else 0
        conversation = UserConversation(self.new_client(), task)
        return Planned(job, conversation, phase, isinstance(plan, REMOVALS))

    def _held_back(self, removing: Sequence[Claimed]) -> set[Claimed]:
        """Those that wait, or are kept, after all."""
        removals.mark(removing)
        if any(not job.approved for job in removing):
            self.clear_removals()
        verdicts = removals.MassRemovalGuard(self.integration).verdicts_on_users(removing)
        for state in set(verdicts.values()):
            jobs.set_aside([job for job, verdict in verdicts.items() if verdict == state], self.lease, state)
        return set(verdicts)

    # --- groups

    def groups(self, claimed: Sequence[Claimed]) -> list[Planned]:
        if not claimed:
            return []
        rules = directory_now.group_rules(self.integration)
        found = directory_now.groups_now(self.integration, [job.resource_id for job in claimed])
        states = {each.group_id: each for each in found}
        jobs.name({job: states[job.resource_id].name for job in claimed})
        guard = removals.MassRemovalGuard(self.integration)
        idle: dict[Claimed, datetime | None] = {}
        creating: dict[Claimed, planning.Values] = {}
        planned: list[Planned] = []
        for job in claimed:
            state = states[job.resource_id]
            plan = planning.plan_group(state.wanted, state.remote, rules, exists=state.exists)
            unknown = rules.managed and job.read_back and (state.remote or job.expected)
            if isinstance(plan, planning.Nothing) and not unknown:
                idle[job] = None
            elif verdict := guard.verdict_on_group(job, plan, state.wanted, state.remote):
                jobs.set_aside([job], self.lease, verdict)
            else:
                if isinstance(plan, planning.CreateGroup) and not (job.read_back and job.expected):
                    creating[job] = {"displayName": plan.name}
                planned.append(self._about_group(job, state, rules))
        jobs.finish(idle, self.lease)
        jobs.expect(creating)
        return planned

    def _about_group(self, job: Claimed, state: GroupNow, rules: planning.GroupRules) -> Planned:
        expected = (job.expected or {}).get("displayName", "") if job.read_back else ""
        task = GroupTask(
            state.wanted, state.remote, rules, state.exists, str(job.resource_id), job.read_back, expected
        )
        return Planned(job, GroupConversation(self.new_client(), task))
