"""Which workers were at work lately. Beat rings every five seconds, and one of them sweeps; with many, each has its turn in a while."""

import datetime as dt

from django.utils import timezone

from apps.outbox.models import SignOfLife

FORGOTTEN_AFTER = dt.timedelta(days=1)


def note(worker: str) -> None:
    now = timezone.now()
    SignOfLife.objects.update_or_create(worker=worker[:255], defaults={"seen_at": now})
    SignOfLife.objects.filter(seen_at__lt=now - FORGOTTEN_AFTER).delete()


def workers() -> list[SignOfLife]:
    """The latest first."""
    return list(SignOfLife.objects.all()[:20])
