"""When to try again, for everything that sends requests to somebody else's server: back-off, Retry-After, probes of a quarantine."""

import email.utils
import random
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.utils import timezone

LONGEST_BACKOFF = 1800.0  # seconds
ENOUGH_ATTEMPTS = 11  # from here on it is the longest; two to the power of 1024 is no number any more
LONGEST_PAUSE = 3600.0  # seconds of Retry-After: nobody may silence us for longer
PROBE_MINUTES = (1, 5, 15, 30)
# Probes, or relapses: more change nothing, and two years of probes are more than their columns hold.
MOST_COUNTED = 1000
RELAPSE_WITHIN = timedelta(hours=1)  # of a resumption: then the next quarantine begins with a longer wait
PAUSE_WITHOUT_KEY = timedelta(minutes=5)  # a secret cannot be opened until the operator puts its key back


def backoff(attempts: int) -> timedelta:
    """Full jitter over 2^n seconds, up to 30 minutes."""
    longest = min(2.0 ** min(attempts, ENOUGH_ATTEMPTS), LONGEST_BACKOFF)
    return timedelta(seconds=random.uniform(0.5, longest))  # noqa: S311 - not a secret


def until_probe(number: int) -> timedelta:
    """How long what is quarantined is left alone: 1, 5, 15, then every 30 minutes."""
    return timedelta(minutes=PROBE_MINUTES[min(number, len(PROBE_MINUTES) - 1)])


def one_more(number: int) -> int:
    """Of probes, or of relapses; not without end."""
    return min(number + 1, MOST_COUNTED)


def relapses(before: int, resumed_at: datetime | None, now: datetime) -> int:
    """Of a quarantine that begins now: how many followed soon upon a resumption, this one included."""
    soon = resumed_at is not None and now - resumed_at < RELAPSE_WITHIN
    return one_more(before) if soon else 0


def retry_after(headers: Mapping[str, str]) -> float | None:
    """In seconds, from either form (RFC 9110 section 10.2.3); a date is measured against the other side's own clock."""
    told = headers.get("Retry-After", "").strip()
    if told.isascii() and told.isdigit():
        return min(float(told), LONGEST_PAUSE)
    until = _date(told)
    if until is None:
        return None
    now = _date(headers.get("Date", "")) or timezone.now()
    return min(max((until - now).total_seconds(), 0.0), LONGEST_PAUSE)


def _date(text: str) -> datetime | None:
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return moment if moment.tzinfo else None
