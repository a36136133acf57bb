"""Filters that we send (RFC 7644 section 3.4.2.2). Percent-encode the result where it enters a URL."""

import json
import re

# An optional schema URN, the attribute, an optional sub-attribute.
_ATTRIBUTE = re.compile(r"([A-Za-z][\w:.-]*:)?[A-Za-z$][\w$-]*(\.[A-Za-z$][\w$-]*)?", re.ASCII)


def equals(attribute: str, value: str | bool) -> str:
    """`userName eq "mia"`, the value as JSON, so that a quote or backslash in it stays inside it."""
    if not _ATTRIBUTE.fullmatch(attribute):
        raise ValueError(f"{attribute!r} is not the name of an attribute.")
    return f"{attribute} eq {json.dumps(value, ensure_ascii=False)}"


def both(first: str, second: str) -> str:
    return f"{first} and {second}"
