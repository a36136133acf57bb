"""Stretches of time, counted by the database, in C: SQLite would call Django back into Python for each line's day."""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from django.db.models import Func, IntegerField

FINEST = timedelta(minutes=15)  # every time zone's day begins on one
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


class Slot(Func):
    """The number of the slot since 1970, each `seconds` long."""

    output_field = IntegerField()

    def __init__(self, moment: Any, seconds: int) -> None:
        super().__init__(moment, seconds=seconds)

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        template = "CAST(strftime('%%%%s', %(expressions)s) AS INTEGER) / %(seconds)s"
        return self.as_sql(compiler, connection, template=template, **more)

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        template = "CAST(floor(extract(epoch FROM %(expressions)s) / %(seconds)s) AS bigint)"
        return self.as_sql(compiler, connection, template=template, **more)


def width_for(unit: str, zone: tzinfo) -> timedelta:
    """How wide slots may be so that none lies in two of these units there. An offset that somebody wrote by hand may be of odd minutes."""
    if unit in {"second", "minute"}:
        return SECOND if unit == "second" else MINUTE
    offset = datetime.now(zone).utcoffset() or timedelta()
    return MINUTE if offset % FINEST else FINEST


def beginning(moment: datetime, unit: str, zone: tzinfo) -> datetime:
    """When the second, minute, hour, day or week of that moment began there, in UTC. An hour that a clock shows twice is two."""
    local = moment.astimezone(zone).replace(microsecond=0)
    if unit != "second":
        local = local.replace(second=0)
    if unit in {"hour", "day", "week"}:
        local = local.replace(minute=0)
    if unit in {"day", "week"}:
        local = local.replace(hour=0, fold=0)
    if unit == "week":
        local -= timedelta(days=local.weekday())
    return local.astimezone(UTC)
