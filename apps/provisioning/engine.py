"""Claims what is due for one integration, compares it with the directory as it is now, and holds the conversations.

No transaction is open while a request is under way. Whatever kills this process, the leases run out and the work is done again.
"""

import time
import uuid
from collections.abc import Callable

import structlog

from apps.lib.errors import SecretError
from apps.outbox import turns
from apps.provisioning import health, jobs, notices, recording, removals, synchronizations
from apps.provisioning.agenda import Agenda
from apps.provisioning.claimed import Claimed
from apps.provisioning.client import ScimClient
from apps.provisioning.gate import SICK_AFTER, Gate
from apps.provisioning.models import Integration, IntegrationState, ResourceKind
from apps.provisioning.pipeline import Pipeline, Planned
from apps.provisioning.wire import Target

log = structlog.get_logger(__name__)

MOST_JOBS = 500  # in hand at once
JOBS_PER_WIDTH = 16  # and at most so many times the width
SLICE_SECONDS = 5.0  # of one task; then the next integration has its turn
GRACE_SECONDS = 2.0  # for what is planned by then; whoever was not begun is given back
KEEP_ALIVE_SECONDS = 5.0
LOCKED_SECONDS = 0.05  # until a row that somebody else has in hand is tried again
LOOK_SECONDS = 1.0  # after a claim that found nothing more, as long as something is under way


def work(integration_id: uuid.UUID) -> bool:
    """Works for a slice of time; True when more is due now and this integration may go on."""
    integration = _workable(integration_id)
    if integration is None:
        return False
    slot = uuid.uuid4()
    if not health.take_slot(integration, slot):
        return False  # whoever has it looks for due work once more after giving it back; a pause has its end
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
    found: Integration | None = (
        Integration.objects.select_related("application")
        .filter(turns.unpaused(), pk=integration_id)
        .filter(state__in=[IntegrationState.ACTIVE, IntegrationState.QUARANTINED])
        .first()
    )
    return found


def _work_for_a_slice(integration: Integration, slot: uuid.UUID) -> None:
    try:
        target = Target(integration.base_url, integration.token, integration.dialect)
    except SecretError as error:  # the key is not here: nothing can be sent until the operator puts it back
        health.pause(integration, slot, str(error))
        return
    Slice(integration, slot, target).run()


class Slice:
    """Some seconds of one integration: jobs are claimed while earlier ones are under way, so that its width is always used.

    At most JOBS_PER_WIDTH times the width are in hand; more are claimed when half of them are done. What is claimed later and is
    more urgent goes before what still waits. Groups wait for all people, and people for groups, as the dialect says.
    """

    def __init__(self, integration: Integration, slot: uuid.UUID, target: Target) -> None:
        self.integration = integration
        self.slot = slot
        self.target = target
        self.lease = uuid.uuid4()
        self.gate = Gate(
            integration.rate,
            failures=integration.consecutive_failures,
            auth_failures=integration.consecutive_auth_failures,
        )
        self.pipeline = Pipeline(integration.width)
        self.locked: recording.Reports = {}  # somebody else has their rows in hand for a moment
        self.ends = time.monotonic() + SLICE_SECONDS
        self.kept_alive = time.monotonic()
        self.dry_since = 0.0  # when a claim found less than there was room for; 0: the latest did not
        self.unsettled = False
        self.noted = False

    def run(self) -> None:
        try:
            while True:
                if self._may_claim() and not self._claim() and not self._is_busy():
                    break
                if self._is_busy():
                    self._record_some(low=0 if self.dry_since else self._room // 2)
                if self.gate.is_closed or time.monotonic() >= self.ends:
                    break
            self._end()
        finally:
            if self.pipeline.outstanding:
                self.pipeline.stop()
        self._settle_up()

    def _end(self) -> None:
        while self._is_busy():
            self._record_some()
            if self.pipeline.outstanding and time.monotonic() >= self.ends + GRACE_SECONDS:
                jobs.put_back(self.pipeline.recall(), self.lease)

    # --- claiming

    @property
    def _room(self) -> int:
        """How many jobs may be in hand now. While it is sick: one, which tries whether it is well again."""
        if self.gate.failures >= SICK_AFTER:
            return 1
        return min(MOST_JOBS, JOBS_PER_WIDTH * max(1, self.integration.width))

    def _may_claim(self) -> bool:
        if self.pipeline.outstanding > self._room // 2:
            return False
        found_all = self.dry_since and time.monotonic() - self.dry_since < LOOK_SECONDS
        return not (found_all and self._is_busy())

    def _claim(self) -> bool:
        """False when nothing is due, or nothing may be done about it any more."""
        self._settle_up()
        if not self._is_ours_still():
            return False
        wanted = self._room - self.pipeline.outstanding
        agenda = Agenda(self.integration, self.lease, self._new_client, self._clear_removals)
        claimed = jobs.claim(self.integration, wanted, self.lease, agenda.foresee)
        self.dry_since = time.monotonic() if len(claimed) < wanted else 0.0
        self._line_up(claimed, agenda)
        return bool(claimed)

    def _is_ours_still(self) -> bool:
        """Read again: it may have been paused, or be another width or mapping now."""
        self.integration.refresh_from_db(from_queryset=Integration.objects.select_related("application"))
        if self.integration.busy_token != self.slot:
            self.gate.stopped = True
            return False
        return True

    def _line_up(self, claimed: list[Claimed], agenda: Agenda) -> None:
        if not claimed:
            return
        self.unsettled = True
        users = [job for job in claimed if job.kind == ResourceKind.USER]
        groups = [job for job in claimed if job.kind == ResourceKind.GROUP]
        if not groups:
            self.pipeline.feed(agenda.users(users))
        elif self.target.dialect.leaves_groups_first:
            self._one_after_the_other(lambda: agenda.groups(groups), lambda: agenda.users(users))
        else:  # users before the groups that name them
            self._one_after_the_other(lambda: agenda.users(users), lambda: agenda.groups(groups))

    def _one_after_the_other(self, *steps: "Callable[[], list[Planned]]") -> None:
        """Each is planned when all that is before it is on record."""
        for step in steps:
            self._clear()
            self.pipeline.feed(step())
        self._clear()

    def _new_client(self) -> ScimClient:
        return ScimClient(self.target, self.gate, prefers_put=self.integration.updates_by_put)

    # --- recording

    def _is_busy(self) -> bool:
        return bool(self.pipeline.outstanding or self.locked)

    def _clear(self) -> None:
        while self._is_busy():
            self._record_some()

    def _clear_removals(self) -> None:
        while self.pipeline.removing or self.locked:
            self._record_some()

    def _record_some(self, *, low: int = 0) -> None:
        """In this thread: the event loop never waits for the database. Sooner when no more than `low` are left."""
        ended = self.pipeline.take(low=low)
        if self.locked and not ended:
            time.sleep(LOCKED_SECONDS)
        for each in ended:
            if each.defect is not None:  # ours, not the application's
                log.error("conversation_failed", job_id=str(each.planned.job.id), exc_info=each.defect)
                recording.record_defect(each.planned.job, self.lease)
        reports = {each.planned.job: each.report for each in ended if each.report is not None}
        self.locked = recording.record_reports(self.integration, self.lease, self.locked | reports)
        if not self.integration.updates_by_put and any(each.prefers_put for each in reports.values()):
            self.integration.updates_by_put = True
            self.integration.save(update_fields=["updates_by_put"])
        self._keep_alive()

    def _settle_up(self) -> None:
        """After each claim's work: what it has taught about the application as a whole, and who may go on now."""
        if self.unsettled:
            self.unsettled = False
            removals.let_groups_go(self.integration)
            notices.tell_of_held_removals(self.integration)
            health.note(self.integration, self.slot, self.gate)

    def _keep_alive(self) -> None:
        if self.gate.closed_by is not None and not self.noted:
            self.noted = True  # at once: should this process die now, the pause is still kept
            health.note(self.integration, self.slot, self.gate)
        if time.monotonic() - self.kept_alive >= KEEP_ALIVE_SECONDS:
            self.kept_alive = time.monotonic()
            jobs.renew(self.lease)
            if not health.keep_slot(self.integration, self.slot):
                # Deactivated, or taken for dead: what is in flight ends, the rest is let go.
                self.gate.stopped = True
