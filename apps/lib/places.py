"""Where and in which language somebody reads: what may be chosen."""

from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.lib.language import spoken


def zone(name: str) -> ZoneInfo | None:
    """None for "", and for what this machine does not know."""
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, ZoneInfoNotFoundError):
        return None


@cache
def timezones() -> frozenset[str]:
    """Kept: zoneinfo looks through its files anew each time, and a file of people has ten thousand of them."""
    return frozenset(available_timezones())


def validate_timezone(value: str) -> None:
    if value not in timezones():
        raise ValidationError(_("This is not an IANA time zone, such as Europe/London."), code="timezone")


def validate_language(value: str) -> None:
    if not spoken(value):
        raise ValidationError(_("The portal does not speak this language."), code="language")
