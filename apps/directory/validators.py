"""What the directory asks of its columns besides `apps.lib.names.validate_text`."""

import unicodedata

from apps.lib.names import validate_text
from apps.lib.places import validate_language, validate_timezone

__all__ = ["fold", "validate_language", "validate_text", "validate_timezone"]


def fold(value: str) -> str:
    """The key under which names are unique: `ADMIN`, `admin` and their full-width spelling are one."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold()).strip()
