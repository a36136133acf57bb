"""What the directory asks of its columns besides `apps.lib.names.validate_text`."""

import unicodedata
from functools import cache
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.lib.language import spoken
from apps.lib.names import validate_text

__all__ = ["fold", "validate_language", "validate_text", "validate_timezone"]


def fold(value: str) -> str:
    """The key under which names are unique: `ADMIN`, `admin` and their full-width spelling are one."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold()).strip()


@cache
def _timezones() -> frozenset[str]:
    """Kept: zoneinfo looks through its files anew each time, and a file of people has ten thousand of them."""
    return frozenset(available_timezones())


def validate_timezone(value: str) -> None:
    if value not in _timezones():
        raise ValidationError(_("This is not an IANA time zone, such as Europe/London."), code="timezone")


def validate_language(value: str) -> None:
    if not spoken(value):
        raise ValidationError(_("The portal does not speak this language."), code="language")
