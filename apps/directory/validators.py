"""What may stand in a name: everything that also survives XML, a terminal and a spreadsheet of the applications behind us."""

import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.lib.xml import is_xml_text

BIDI_AND_ZERO_WIDTH = frozenset(
    "\u200b\u200c\u200d\u2060\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


def fold(value: str) -> str:
    """The key under which names are unique: `ADMIN`, `admin` and their full-width spelling are one."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold()).strip()


def validate_text(value: str) -> None:
    # A control character would make XML signing fail for this person's every sign-in; a bidi mark lets one name look like another.
    if not is_xml_text(value) or any(unicodedata.category(character) == "Cc" for character in value):
        raise ValidationError(_("This contains control characters."), code="characters")
    if not BIDI_AND_ZERO_WIDTH.isdisjoint(value):
        raise ValidationError(
            _("This contains invisible or direction-changing characters."), code="characters"
        )


def validate_timezone(value: str) -> None:
    from zoneinfo import available_timezones

    if value not in available_timezones():
        raise ValidationError(_("This is not an IANA time zone, such as Europe/London."), code="timezone")
