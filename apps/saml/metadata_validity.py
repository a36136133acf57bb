"""How long metadata may be used and when it is fetched again (metadata 2.3.1: validUntil, cacheDuration)."""

import datetime as dt
import random
import re
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from apps.saml.errors import MetadataRefused
from apps.saml.times import read_time

SOONEST = dt.timedelta(hours=1)
LATEST = dt.timedelta(hours=24)
FIRST_RETRY = dt.timedelta(minutes=15)
LONGEST_WARNING = dt.timedelta(days=7)
_DURATION = re.compile(
    r"P(?:(\d{1,6})Y)?(?:(\d{1,6})M)?(?:(\d{1,6})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})(?:\.\d{1,9})?S)?)?"
)
_SECONDS = (365 * 86400, 30 * 86400, 86400, 3600, 60, 1)  # years and months as near as a cache needs them

Element = Any  # lxml.etree._Element


@dataclass(frozen=True, slots=True)
class Validity:
    """None: the file does not say."""

    until: dt.datetime | None
    cache_seconds: int | None


def validity_of(role: Element) -> Validity:
    """Of the role, its entity and whatever surrounds them: the earliest counts. An unreadable cacheDuration says nothing."""
    elements = (role, *role.iterancestors())
    moments = [_moment(text) for element in elements if (text := element.get("validUntil")) is not None]
    durations = [_seconds(element.get("cacheDuration", "")) for element in elements]
    return Validity(
        min(moments, default=None), min((each for each in durations if each is not None), default=None)
    )


def refuse_expired(validity: Validity, now: dt.datetime) -> None:
    if validity.until is not None and validity.until <= now:
        raise MetadataRefused(
            _("This file expired on %(date)s. Ask the application for its current metadata.")
            % {"date": validity.until.date().isoformat()}
        )


def _moment(text: str) -> dt.datetime:
    until = read_time(text.strip())
    if until is None:
        raise MetadataRefused(_("The file's validUntil is not a time that can be read."))
    return until


def _seconds(text: str) -> int | None:
    """xs:duration; None for what is none, is negative, or is empty."""
    match = _DURATION.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        return None
    parts = zip(match.groups(), _SECONDS, strict=True)
    return min(sum(int(count or 0) * seconds for count, seconds in parts), 10**9)


def next_refresh(validity: Validity, now: dt.datetime) -> dt.datetime:
    """In one to 24 hours: as the file asks, and at half the time that it has left. Spread, so that not all come at once."""
    wanted = [LATEST]
    if validity.cache_seconds is not None:
        wanted.append(dt.timedelta(seconds=validity.cache_seconds))
    if validity.until is not None:
        wanted.append((validity.until - now) / 2)
    return now + max(SOONEST, min(wanted) * random.uniform(0.85, 1))  # noqa: S311 - a schedule, no secret


def next_attempt(failures: int, now: dt.datetime) -> dt.datetime:
    """After that many failures in a row: 15 minutes, doubled each time, at most a day."""
    wait: dt.timedelta = min(LATEST, FIRST_RETRY * 2 ** min(failures - 1, 10))
    return now + wait * random.uniform(0.85, 1)  # noqa: S311 - a schedule, no secret


def warn_from(until: dt.datetime, now: dt.datetime) -> dt.datetime:
    """A week ahead, or when a quarter of its time is left: metadata made anew each day for two days is no reason to warn."""
    return until - min(LONGEST_WARNING, (until - now) / 4)
