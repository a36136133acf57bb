"""What the directory asks of its columns besides `apps.lib.names.validate_text`."""

import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.lib.names import validate_text

__all__ = ["fold", "validate_text", "validate_timezone"]


def fold(value: str) -> str:
    """The key under which names are unique: `ADMIN`, `admin` and their full-width spelling are one."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold()).strip()


def validate_timezone(value: str) -> None:
    from zoneinfo import available_timezones

    if value not in available_timezones():
        raise ValidationError(_("This is not an IANA time zone, such as Europe/London."), code="timezone")
