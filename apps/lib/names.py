"""What may stand in a name, whoever types or sends it: everything that also survives XML, a terminal and a spreadsheet."""

import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.lib.xml import is_xml_text

# Nothing to see: direction marks, zero widths, soft hyphens, tags (Cf), separators of lines (Zl) and paragraphs (Zp).
INVISIBLE = frozenset({"Cf", "Zl", "Zp"})


def with_escapes(text: str) -> str:
    """For showing what was sent: whatever cannot be seen stands there as JSON would write it, \\u202e."""
    if text.isascii():
        return text
    return "".join(f"\\u{ord(one):04x}" if unicodedata.category(one) in INVISIBLE else one for one in text)


def validate_text(value: str) -> None:
    if value.isascii() and value.isprintable():
        return  # as most are
    # A control character would make XML signing fail for this person's every sign-in; a bidi mark lets one name look like another.
    categories = {unicodedata.category(character) for character in value}
    if not is_xml_text(value) or "Cc" in categories:
        raise ValidationError(_("This contains control characters."), code="characters")
    if not INVISIBLE.isdisjoint(categories):
        raise ValidationError(
            _("This contains invisible or direction-changing characters."), code="characters"
        )
