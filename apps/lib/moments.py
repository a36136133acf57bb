"""Moments for programs."""

from datetime import UTC, datetime


def in_utc(moment: datetime, timespec: str = "auto") -> str:
    """ISO 8601 with a Z (RFC 3339, section 5.6); `timespec` as datetime.isoformat has it."""
    return moment.astimezone(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")
