"""`attribute eq "value"`: the one filter that every target reads, and for some the only one."""

import json
import re
from typing import NamedTuple

_EQUALITY = re.compile(r'\s*([A-Za-z][\w.]*)\s+(eq)\s+("(?:[^"\\]|\\.)*")\s*', re.ASCII | re.IGNORECASE)


class Equality(NamedTuple):
    attribute: str  # case-folded: attribute names ignore case (RFC 7643 section 2.1)
    value: str


def equality(text: str) -> Equality | None:
    """None for every other filter."""
    match = _EQUALITY.fullmatch(text)
    if match is None:
        return None
    try:
        value = json.loads(match[3])
    except ValueError:
        return None
    return Equality(match[1].casefold(), value)
