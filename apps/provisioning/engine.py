"""Claims what is due for one integration, compares it with the directory as it is now, and holds the conversations.

No transaction is open while a request is under way. Whatever kills this process, the leases run out and the work is done again.
"""

import asyncio
import time
import uuid
from collections.abc import Coroutine
from datetime import datetime
from typing import Any

import structlog
from django.db.models import Q
from django.utils import timezone

from apps.lib import http
from apps.lib.errors import SecretError
from apps.provisioning import (
    directory_now,
    health,
    jobs,
    notices,
    passwords,
    recording,
    remote_state,
    removals,
    synchronizations,
)
from apps.provisioning import plan as planning
from apps.provisioning.client import ScimClient
from apps.provisioning.conversation import Conversation, Report
from apps.provisioning.gate import SICK_AFTER, Gate
from apps.provisioning.group_conversation import GroupConversation, GroupTask
from apps.provisioning.models import Integration, IntegrationState, Job, ResourceKind
from apps.provisioning.user_conversation import UserConversation, UserTask
from apps.provisioning.wire import Target

log = structlog.get_logger(__name__)

MOST_JOBS = 500  # in one batch
BATCH_PER_WIDTH = 8  # and at most so many times the width: what is urgent waits for one batch at the longest
SLICE_SECONDS = 5.0  # of one task; then the next integration has its turn
KEEP_ALIVE_SECONDS = 5.0

# Deactivate before anything else: losing access is what people wait for.
PHASES = ("deactivate", "delete", "reactivate", "update", "create")
REMOVALS = planning.Deactivate | planning.Delete


def work(integration_id: uuid.UUID) -> bool:
    """Works for a slice of time; True when more is due now and this integration may go on."""
    integration = _workable(integration_id)
    if integration is None:
        return False
    slot = uuid.uuid4()
    if not health.take_slot(integration, slot):
        return False  # whoever has it looks for due work once more after giving it back
    try:
        if integration.state == IntegrationState.QUARANTINED:
            health.probe(integration, slot)
        else:
            _work_for_a_slice(integration, slot)
            synchronizations.close_if_finished(integration)
    finally:
        health.free_slot(integration, slot)
    integration = _workable(integration_id)
    return integration is not None and integration.is_active and jobs.has_due(integration)


def _workable(integration_id: uuid.UUID) -> Integration | None:
    now = timezone.now()
    free = Q(not_before=None) | Q(not_before__lte=now)
    found: Integration | None = (
        Integration.objects.select_related("application")
        .filter(free, pk=integration_id)
        .filter(state__in=[IntegrationState.ACTIVE, IntegrationState.QUARANTINED])
        .first()
    )
    return found


def _work_for_a_slice(integration: Integration, slot: uuid.UUID) -> None:
    ends = time.monotonic() + SLICE_SECONDS
    try:
        target = Target(integration.base_url, integration.token, integration.dialect)
    except SecretError as error:  # the key is not here: nothing can be sent until the operator puts it back
        health.pause(integration, slot, str(error))
        return
    while Batch(integration, slot, target).run() and time.monotonic() < ends:
        if not health.keep_slot(integration, slot):  # paused or deactivated meanwhile
            return
        integration.refresh_from_db()


class Batch:
    """One claim of jobs and everything that is done about them."""

    def __init__(self, integration: Integration, slot: uuid.UUID, target: Target) -> None:
        self.integration = integration
        self.slot = slot
        self.target = target
        self.lease = uuid.uuid4()
        self.now = timezone.now()
        self.gate = Gate(
            integration.width,
            integration.rate,
            failures=integration.consecutive_failures,
            auth_failures=integration.consecutive_auth_failures,
        )
        self.kept_alive = time.monotonic()
        self.noted = False

    def run(self) -> bool:
        """True when it did something and nothing speaks against another batch."""
        claimed = jobs.claim(self.integration, self._size(), self.lease)
        users = [job for job in claimed if job.kind == ResourceKind.USER]
        groups = [job for job in claimed if job.kind == ResourceKind.GROUP]
        if self.target.dialect.leaves_groups_first:
            self._hold(self._group_conversations(groups))
            self._hold(self._user_conversations(users))
        else:  # users before the groups that name them
            self._hold(self._user_conversations(users))
            self._hold(self._group_conversations(groups))
        if claimed:
            removals.let_groups_go(self.integration)
            notices.tell_of_held_removals(self.integration)
            health.note(self.integration, self.slot, self.gate)
        return bool(claimed) and not self.gate.is_closed

    def _size(self) -> int:
        if self.integration.consecutive_failures >= SICK_AFTER:
            return 1  # half open: one job tries whether the application is well again
        return min(MOST_JOBS, BATCH_PER_WIDTH * self.integration.width)

    # --- what has to be said

    def _user_conversations(self, claimed: list[Job]) -> dict[Job, Conversation]:
        rules = directory_now.user_rules(self.integration)
        remote_state.take_charge(self.integration, [job.resource_id for job in claimed])
        states = {
            each.user_id: each
            for each in directory_now.users_now(self.integration, [job.resource_id for job in claimed])
        }
        secrets = passwords.waiting(self.integration, [job.resource_id for job in claimed])
        guard = removals.MassRemovalGuard(self.integration)
        planned: list[tuple[int, Job, Conversation]] = []
        creating: dict[Job, planning.Values] = {}
        idle: dict[Job, datetime | None] = {}
        for job in claimed:
            state = states[job.resource_id]
            jobs.name(job, state.name)
            plan = planning.plan_user(state.wanted, state.account, rules, self.now, until=state.until)
            password = secrets.get(job.resource_id) if state.wanted is not None else None
            unknown = job.read_back and (state.account or job.expected)
            if isinstance(plan, planning.Nothing) and not unknown and password is None:
                idle[job] = plan.look_again_at
            elif isinstance(plan, REMOVALS) and self._waits(job, guard):
                continue
            else:
                phase = PHASES.index(plan.operation) if plan.operation in PHASES else 0
                expected = job.expected if job.read_back else None
                task = UserTask(
                    state.wanted,
                    state.account,
                    rules,
                    self.now,
                    job.read_back,
                    expected,
                    state.until,
                    password,
                )
                if isinstance(plan, planning.Create) and not expected:
                    creating[job] = plan.values
                planned.append((phase, job, UserConversation(self._client(), task)))
        jobs.finish(idle, self.lease)
        jobs.expect(creating)
        planned.sort(key=lambda each: each[0])
        return {job: conversation for _, job, conversation in planned}

    def _waits(self, job: Job, guard: removals.MassRemovalGuard) -> bool:
        removals.mark(job)
        verdict = guard.verdict_on_user(job)
        if verdict is not None:
            jobs.put_back(job, self.lease, state=verdict)
        return verdict is not None

    def _group_conversations(self, claimed: list[Job]) -> dict[Job, Conversation]:
        rules = directory_now.group_rules(self.integration)
        states = {
            each.group_id: each
            for each in directory_now.groups_now(self.integration, [job.resource_id for job in claimed])
        }
        idle: dict[Job, datetime | None] = {}
        creating: dict[Job, planning.Values] = {}
        conversations: dict[Job, Conversation] = {}
        guard = removals.MassRemovalGuard(self.integration)
        for job in claimed:
            state = states[job.resource_id]
            jobs.name(job, state.name)
            plan = planning.plan_group(state.wanted, state.remote, rules, exists=state.exists)
            unknown = rules.managed and job.read_back and (state.remote or job.expected)
            if isinstance(plan, planning.Nothing) and not unknown:
                idle[job] = None
                continue
            if verdict := guard.verdict_on_group(job, plan, state.wanted, state.remote):
                jobs.put_back(job, self.lease, state=verdict)
                continue
            expected = (job.expected or {}).get("displayName", "") if job.read_back else ""
            task = GroupTask(
                state.wanted, state.remote, rules, state.exists, str(job.resource_id), job.read_back, expected
            )
            if isinstance(plan, planning.CreateGroup) and not expected:
                creating[job] = {"displayName": plan.name}
            conversations[job] = GroupConversation(self._client(), task)
        jobs.finish(idle, self.lease)
        jobs.expect(creating)
        return conversations

    def _client(self) -> ScimClient:
        return ScimClient(self.target, self.gate, prefers_put=self.integration.updates_by_put)

    # --- saying it

    def _hold(self, conversations: dict[Job, Conversation]) -> None:
        """Records each as it ends, in this thread: the event loop never waits for the database."""
        if not conversations:
            return
        running = http.run(_start([self._limited(each) for each in conversations.values()]))
        of = dict(zip(running, conversations, strict=True))
        pending = set(running)
        try:
            while pending:
                ended, pending = http.run(_some(pending))
                for task in ended:
                    self._record(of[task], task)
                self._keep_alive()
        finally:
            if pending:
                http.run(_cancel(pending))

    async def _limited(self, conversation: Conversation) -> Report:
        async with self.gate.width:
            return await conversation.run()

    def _record(self, job: Job, task: "asyncio.Task[Report]") -> None:
        if error := task.exception():  # ours, not the application's: it must not take the others down with it
            log.error("conversation_failed", job_id=str(job.id), exc_info=error)
            recording.record_defect(job, self.lease)
            return
        report = task.result()
        recording.record_report(self.integration, job, self.lease, report)
        if report.prefers_put and not self.integration.updates_by_put:
            self.integration.updates_by_put = True
            self.integration.save(update_fields=["updates_by_put"])

    def _keep_alive(self) -> None:
        if self.gate.closed_by is not None and not self.noted:
            self.noted = True  # at once: should this process die now, the pause is still kept
            health.note(self.integration, self.slot, self.gate)
        if time.monotonic() - self.kept_alive >= KEEP_ALIVE_SECONDS:
            self.kept_alive = time.monotonic()
            jobs.renew(self.lease)
            if not health.keep_slot(self.integration, self.slot):
                self.gate.stopped = (
                    True  # deactivated, or taken for dead: what is in flight ends, the rest is let go
                )


async def _start(coroutines: list[Coroutine[Any, Any, Report]]) -> list["asyncio.Task[Report]"]:
    return [asyncio.ensure_future(each) for each in coroutines]


async def _some(
    tasks: "set[asyncio.Task[Report]]",
) -> "tuple[set[asyncio.Task[Report]], set[asyncio.Task[Report]]]":
    return await asyncio.wait(tasks, timeout=KEEP_ALIVE_SECONDS, return_when=asyncio.FIRST_COMPLETED)


async def _cancel(tasks: "set[asyncio.Task[Report]]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
