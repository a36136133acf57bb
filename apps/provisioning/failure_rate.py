"""How many of an application's latest requests failed through no fault of one resource: what makes the whole of it sick."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Q
from django.utils import timezone

from apps.provisioning.models import Attempt, Integration, Outcome

WINDOW = timedelta(minutes=5)
ENOUGH = 20  # attempts; fewer say nothing
SICK_SHARE = 0.5
TOO_MANY_REQUESTS = 429  # a well application that is asked too fast: obeyed, and counted for nothing


@dataclass(frozen=True, slots=True)
class Rate:
    failed: int
    total: int

    @property
    def is_sick(self) -> bool:
        return self.total >= ENOUGH and self.failed >= SICK_SHARE * self.total


def failure_rate(integration: Integration) -> Rate:
    """Of the last five minutes, and of what was tried since it was last verified: what was before that is forgiven.

    A permanent refusal is an answer, and one resource's own.
    """
    since = timezone.now() - WINDOW
    if integration.last_verified_at is not None:
        since = max(since, integration.last_verified_at)
    attempts = Attempt.objects.filter(job__integration=integration, created_at__gte=since).order_by()
    bad = Q(outcome__in=[Outcome.PASSING, Outcome.AMBIGUOUS, Outcome.AUTH])
    counted = attempts.exclude(status=TOO_MANY_REQUESTS).aggregate(
        total=Count("id"), failed=Count("id", filter=bad)
    )
    return Rate(counted["failed"], counted["total"])
