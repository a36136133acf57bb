"""The worker's half of "Password forgotten"."""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import ResetRequest
from apps.accounts.one_time_links import send_reset_link
from apps.directory.models import User
from apps.events.actors import Actor
from apps.tenants.context import every_tenant

KEPT = dt.timedelta(days=1)  # longer than any limit looks back
BATCH = 100


def tenants_with_open_requests() -> list[str]:
    """Across tenants, for the sweeper alone."""
    waiting = ResetRequest.unscoped.filter(answered_at=None).order_by()
    with every_tenant():
        return [str(row) for row in waiting.values_list("tenant_id", flat=True).distinct()]


def answer_requests() -> int:
    """Writes to those who asked in the tenant in context; returns how many requests were looked at."""
    ResetRequest.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
    waiting = list(ResetRequest.objects.filter(answered_at=None).order_by("created_at")[:BATCH])
    for request in waiting:
        _answer(request)
    return len(waiting)


@transaction.atomic
def _answer(request: ResetRequest) -> None:
    """Once, whichever worker is first. A name that two people share, or nobody has, is nobody's."""
    taken = ResetRequest.objects.filter(pk=request.pk, answered_at=None).update(answered_at=timezone.now())
    people = list(User.objects.checked().named(request.account_key).active()[:2]) if taken else []
    if len(people) == 1:
        actor = Actor("person", "", "anonymous", request.client_ip)
        send_reset_link(people[0], actor=actor)
