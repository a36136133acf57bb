"""How the installation is: each line looks at one thing and says in words what is wrong with it."""

import datetime as dt
import shutil
import time
from dataclasses import dataclass

from celery import current_app
from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from kombu.exceptions import OperationalError

from apps.outbox import signs_of_life
from apps.platform.counts import Everywhere, Waiting, everywhere

LATE = dt.timedelta(minutes=2)  # for what the sweeper finds within five seconds
SILENT = dt.timedelta(minutes=1)  # for the workers together: beat rings every five seconds
BROKER_SECONDS = 1
LITTLE_SPACE = 0.1  # of the disk


@dataclass(frozen=True, slots=True)
class Line:
    """`state` is a chip's: active, pending (look at it soon) or failing."""

    name: str
    state: str
    text: str


def health() -> list[Line]:
    counts = everywhere()
    return [
        _database(),
        _doorbell(),
        _workers(),
        _late(_("Changes to hand on"), counts.outbox),
        _late(_("Accounts to write"), counts.jobs),
        _late(_("Mails to send"), counts.letters),
        _connections(counts),
        _certificates(counts),
        _disk(),
    ]


def _database() -> Line:
    began = time.monotonic()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return Line(_("Database"), "failing", str(error).splitlines()[0])
    milliseconds = (time.monotonic() - began) * 1000
    text = _("%(kind)s answers in %(milliseconds)s ms.")
    return Line(
        _("Database"),
        "active",
        text % {"kind": connection.display_name, "milliseconds": f"{milliseconds:.1f}"},
    )


def _doorbell() -> Line:
    if not settings.REDIS_URL:
        return Line(_("Queue"), "active", _("Inside this process; without Redis there is one web process."))
    try:
        with current_app.connection_for_write() as broker:
            broker.ensure_connection(max_retries=1, timeout=BROKER_SECONDS)
    except (OperationalError, OSError) as error:
        text = _(
            "Redis does not answer (%(error)s). Nothing is lost: it is found by looking, some seconds later."
        )
        return Line(_("Queue"), "failing", text % {"error": type(error).__name__})
    return Line(_("Queue"), "active", _("Redis answers."))


def _workers() -> Line:
    now = timezone.now()
    seen = signs_of_life.workers()
    if not seen:
        return Line(_("Workers"), "failing", _("None was at work within a day."))
    alive = [one.worker for one in seen if now - one.seen_at <= 5 * SILENT]
    last = _("Last sign of life %(time)s ago.") % {"time": timesince(seen[0].seen_at, now)}
    if now - seen[0].seen_at > SILENT:
        return Line(_("Workers"), "failing", last)
    return Line(_("Workers"), "active", f"{', '.join(alive)}. {last}")


def _late(name: str, waiting: Waiting) -> Line:
    if waiting.oldest is None:
        return Line(name, "active", _("Nothing waits."))
    now = timezone.now()
    words = {"number": waiting.number, "time": timesince(waiting.oldest, now)}
    late = now - waiting.oldest > LATE
    return Line(
        name, "failing" if late else "active", _("%(number)s wait, the oldest since %(time)s.") % words
    )


def _connections(counts: Everywhere) -> Line:
    if not counts.quarantined:
        return Line(_("Connections to applications"), "active", _("None is left alone."))
    text = ngettext("%(number)s is left alone.", "%(number)s are left alone.", counts.quarantined)
    return Line(_("Connections to applications"), "pending", text % {"number": counts.quarantined})


def _certificates(counts: Everywhere) -> Line:
    words = {"expired": counts.expired, "expiring": counts.expiring}
    text = _("%(expired)s expired, %(expiring)s expire within 30 days.") % words
    state = "failing" if counts.expired else "pending" if counts.expiring else "active"
    return Line(_("Certificates"), state, text)


def _disk() -> Line:
    try:
        usage = shutil.disk_usage(settings.DATA_DIR)
    except OSError as error:
        return Line(_("Disk of the data directory"), "failing", str(error))
    free = usage.free / usage.total
    words = {"free": f"{usage.free / 2**30:.1f}", "total": f"{usage.total / 2**30:.1f}"}
    text = _("%(free)s of %(total)s GiB are free.") % words
    return Line(_("Disk of the data directory"), "failing" if free < LITTLE_SPACE else "active", text)
