"""
What was written down in English (apps.lib.language.for_the_record), told again in the reader's language: why a row was refused, what changed.

The sentences are our own, so the catalogue knows them; those with values in them are found by what stands around the values. Whatever
it does not know, such as an application's own words, stays as it is.
"""

import re
from datetime import date
from functools import lru_cache
from typing import Any

from django.utils import translation
from django.utils.translation import trans_real

from apps.lib.language import WRITTEN, day

PLACE = re.compile(r"%\((\w+)\)s")
ENOUGH = 10  # letters of our own around the values: with fewer, a sentence of somebody else's could be taken for it
SEAM = re.compile(r"(?<=[.!?]) (?=[A-Z“]|\w+: )")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAY = re.compile(rf"([1-9]|[12]\d|3[01]) ({'|'.join(MONTHS)}) (\d{{4}})")
FIELD = re.compile(r"\A(\w+): (.+)\Z", re.DOTALL)


def retold(text: str) -> str:
    language = translation.get_language() or WRITTEN
    return text if not text or language == WRITTEN else _retold(language, text)


@lru_cache(maxsize=4096)
def _retold(language: str, text: str) -> str:
    return _known(language, text) or _in_parts(language, text) or text


def _known(language: str, text: str) -> str:
    if (exactly := translation.gettext(text)) != text:
        return exactly
    for pattern, template in _templates(language):
        if found := pattern.fullmatch(text):
            return translation.gettext(template) % {
                name: _day_retold(value) for name, value in found.groupdict().items()
            }
    return ""


def _day_retold(value: str) -> str:
    """A date that was written down in English ("1 Jan 2026"); anything else as it is."""
    found = DAY.fullmatch(value)
    if found is None:
        return value
    try:
        return day(date(int(found[3]), MONTHS.index(found[2]) + 1, int(found[1])))
    except ValueError:  # there is no such day: not a date of ours
        return value


def _in_parts(language: str, text: str) -> str:
    """Some sentences that were put one after another, or one about a field: "email: This is already taken."."""
    parts = SEAM.split(text)
    if len(parts) > 1:
        return " ".join(_retold(language, part) for part in parts)
    if (field := FIELD.match(text)) and (sentence := _known(language, field[2])):
        return f"{field[1]}: {sentence}"
    return ""


@lru_cache(maxsize=8)
def _templates(language: str) -> list[tuple[re.Pattern[str], str]]:
    """(pattern, text of the catalogue), those that say most first."""
    translations: Any = trans_real.translation(language)
    texts = translations._catalog.keys()  # noqa: SLF001 - read so by Django's own JavaScriptCatalog
    found = [text for text in texts if isinstance(text, str) and _is_a_template(text)]
    return [(_pattern(text), text) for text in sorted(found, key=lambda text: -len(PLACE.sub("", text)))]


def _is_a_template(text: str) -> bool:
    around = PLACE.sub("", text)
    return around != text and "\x04" not in text and sum(map(str.isalpha, around)) >= ENOUGH


def _pattern(template: str) -> re.Pattern[str]:
    seen: set[str] = set()

    def place(match: re.Match[str]) -> str:
        name = match[1]
        again = name in seen
        seen.add(name)
        return f"(?P={name})" if again else f"(?P<{name}>.+?)"

    # re.escape leaves "%" and letters alone, and writes the brackets with a backslash.
    escaped = re.escape(template.replace("%%", "%"))
    return re.compile(re.sub(r"%\\\((\w+)\\\)s", place, escaped), re.DOTALL)
