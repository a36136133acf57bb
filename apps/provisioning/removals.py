"""
The guard against removing many people by mistake, and what became of its questions.

What is counted together is one evaluation: removals that became owed within ten minutes of each other. Single ones that piled
up over days, because the application was away, are nobody's accident (docs/decisions/0015-what-a-mass-removal-is.md).
"""

import hashlib
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Count, DateTimeField, Exists, Q, When
from django.db.models.functions import TruncMinute
from django.utils import timezone

from apps.directory.models import User
from apps.provisioning import directory_now
from apps.provisioning import plan as planning
from apps.provisioning.claimed import Claimed
from apps.provisioning.models import Integration, Job, JobState, Priority, RemoteUser, ResourceKind

TOGETHER = timedelta(minutes=10)
CHUNK = 500  # ids in one statement


@dataclass(frozen=True, slots=True)
class Evaluations:
    """Removals nobody has decided about: by the minute they became owed in, and those that are new to us."""

    by_minute: dict[datetime, int]
    unmarked: int
    accounts: int

    def around(self, moment: datetime, now: datetime) -> int:
        reach = TOGETHER + timedelta(minutes=1)  # minutes are cut off
        marked = sum(count for minute, count in self.by_minute.items() if abs(minute - moment) <= reach)
        return marked + (self.unmarked if abs(now - moment) <= reach else 0)


class MassRemovalGuard:
    """Asked only when there is something to remove, and then once for a claim."""

    def __init__(self, integration: Integration, weighed: tuple[int, int] | None = None) -> None:
        """`weighed`: what directory_now.removals_now would say, where it is known."""
        self.integration = integration
        self.now = timezone.now()
        self._weighed = weighed
        self._evaluations: Evaluations | None = None

    def verdicts_on_users(self, jobs: Iterable[Claimed]) -> dict[Claimed, JobState]:
        """HELD or KEPT; nothing of those against whose removal nothing speaks."""
        undecided = [job for job in jobs if not job.approved]
        because = reasons([job.resource_id for job in undecided if job.kept_because])
        verdicts: dict[Claimed, JobState] = {}
        for job in undecided:
            if job.kept_because and job.kept_because == because[job.resource_id]:
                verdicts[job] = JobState.KEPT
            elif self.holds(job.removal_since):
                verdicts[job] = JobState.HELD
        return verdicts

    def verdict_on_group(
        self,
        job: Claimed,
        plan: planning.GroupPlan,
        wanted: planning.Team | None,
        remote: planning.RemoteTeam | None,
    ) -> JobState | None:
        """A group that would lose there whom the guard holds waits with them."""
        removed = _members_removed(plan, remote)
        if job.approved or not removed:
            return None
        if is_group_kept(job.kept_because, plan, wanted, remote):
            return JobState.KEPT
        return JobState.HELD if self._holds_any_of(removed) else None

    def holds(self, since: datetime | None) -> bool:
        found = self._read()
        around = found.around(since or self.now, self.now)
        return planning.removals_need_approval(around, found.accounts)

    def holds_anything(self) -> bool:
        return any(self.holds(moment) for moment in (self.now, *self._read().by_minute))

    def _holds_any_of(self, remote_ids: Collection[str]) -> bool:
        if not self.holds_anything():
            return False
        ids, entitled = sorted(remote_ids), directory_now.entitled(self.integration).values("pk")
        for start in range(0, len(ids), CHUNK):
            leavers = (
                RemoteUser.objects.filter(
                    integration=self.integration, active=True, remote_id__in=ids[start : start + CHUNK]
                )
                .exclude(user__in=entitled)
                .values_list("user_id", flat=True)
            )
            jobs = {
                job.resource_id: job for job in _user_jobs(self.integration).filter(resource_id__in=leavers)
            }
            if any(self._waits(jobs.get(user_id)) for user_id in leavers):
                return True
        return False

    def _waits(self, job: Job | None) -> bool:
        if job is None:
            return self.holds(None)
        return not job.approved and not job.kept_because and self.holds(job.removal_since)

    def _read(self) -> Evaluations:
        if self._evaluations is None:
            removals, accounts = self._weighed or directory_now.removals_now(self.integration)
            if planning.removals_need_approval(removals, accounts):
                self._evaluations = _evaluations(self.integration, removals, accounts)
            else:
                self._evaluations = Evaluations({}, removals, accounts)
        return self._evaluations


def _evaluations(integration: Integration, removals: int, accounts: int) -> Evaluations:
    """`removals` are of the directory as it is: what the relay has not told us of yet is new."""
    decided = Q(approved=True) | ~Q(kept_because="")
    jobs = _user_jobs(integration).filter(decided | Q(removal_since__isnull=False)).order_by()
    undecided = Case(When(decided, then=None), default="removal_since", output_field=DateTimeField())
    counted = dict(jobs.annotate(minute=TruncMinute(undecided)).values_list("minute").annotate(Count("id")))
    settled = counted.pop(None, 0)
    return Evaluations(counted, max(0, removals - settled - sum(counted.values())), accounts)


def _user_jobs(integration: Integration) -> Any:
    return Job.objects.filter(integration=integration, kind=ResourceKind.USER)


def _members_removed(plan: planning.GroupPlan, remote: planning.RemoteTeam | None) -> frozenset[str]:
    if isinstance(plan, planning.ChangeMembers):
        return plan.remove
    if isinstance(plan, planning.DeleteGroup) and remote is not None:
        return remote.members or frozenset()
    return frozenset()


def mark(jobs: Iterable[Claimed]) -> None:
    """Time alone ended this access, an expired password for one: the relay has not heard of it."""
    unmarked = [job for job in jobs if job.removal_since is None]
    if not unmarked:
        return
    now = timezone.now()
    for job in unmarked:
        job.removal_since = now
    Job.objects.checked(removal_since=None).filter(pk__among=[job.id for job in unmarked]).update(
        removal_since=now
    )


def let_groups_go(integration: Integration) -> None:
    """Groups wait for the people they would lose, and no longer."""
    held = Job.objects.filter(integration=integration, kind=ResourceKind.GROUP, state=JobState.HELD)
    if not held.exists():
        return
    waiting = _user_jobs(integration).filter(
        Q(state=JobState.HELD)
        | Q(state__in=[JobState.PENDING, JobState.RUNNING], priority=Priority.DEACTIVATE)
    )
    held.filter(~Exists(waiting)).update(state=JobState.PENDING, next_at=timezone.now())


# --- why somebody has no access: a decision to keep an account holds as long as this stays as it was

GONE, SUSPENDED, EXPIRED, NO_GROUP = "gone", "suspended", "expired", "no_group"


def reasons(user_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """For people who have no access."""
    ids = list(user_ids)
    found = dict.fromkeys(ids, GONE)
    now = timezone.now()
    for start in range(0, len(ids), CHUNK):
        rows = User.objects.filter(pk__in=ids[start : start + CHUNK])
        for user_id, active, expires in rows.values_list("pk", "active", "password_expires_at"):
            found[user_id] = reason_of(active, expires, now)
    return found


def reason_of(active: bool, password_expires_at: datetime | None, now: datetime) -> str:
    """For somebody in the directory who has no access."""
    expired = password_expires_at is not None and password_expires_at <= now
    return SUSPENDED if not active else EXPIRED if expired else NO_GROUP


def fingerprint(wanted: planning.Team | None) -> str:
    """Of a group as it should be: for a group, what "no change" means."""
    if wanted is None:
        return GONE
    text = "\n".join([wanted.name, *sorted(wanted.members)])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def is_group_kept(
    kept_because: str,
    plan: planning.GroupPlan,
    wanted: planning.Team | None,
    remote: planning.RemoteTeam | None,
) -> bool:
    """A group there keeps whom it would lose, by a decision that still holds."""
    return kept_because == fingerprint(wanted) and bool(_members_removed(plan, remote))


def is_kept(job: Job | None, state: directory_now.UserNow, now: datetime) -> bool:
    """The account of somebody without access is kept by a decision that still holds."""
    if job is None or not job.kept_because:
        return False
    person = state.person
    return job.kept_because == (reason_of(person.active, person.password_expires_at, now) if person else GONE)
