"""Versions (RFC 7644 section 3.14): a write with If-Match happens only to what its sender has seen, a read with If-None-Match tells only news."""

import hashlib
import re
from typing import Any

from django.http import HttpRequest

from apps.lib.scim.errors import PreconditionFailed

TAGS = re.compile(r'\s*(?:W/)?"([^"]*)"\s*(?:,|\Z)')


def version(*parts: Any) -> str:
    """Weak: it says that nothing of the resource's own has changed, not that the bytes are the same."""
    told = "\n".join(part.isoformat() if hasattr(part, "isoformat") else str(part) for part in parts)
    return f'W/"{hashlib.sha256(told.encode()).hexdigest()[:20]}"'


def check(request: HttpRequest, current: str) -> bool:
    """Whether a read may be answered with 304. Raises PreconditionFailed. Weak and strong spellings are the same here, as in the RFC's examples."""
    if_match, if_none_match = request.headers.get("If-Match"), request.headers.get("If-None-Match")
    if if_match is not None and not _names(if_match, current):
        raise PreconditionFailed
    if if_none_match is None or not _names(if_none_match, current):
        return False
    if request.method == "GET":
        return True
    raise PreconditionFailed


def _names(header: str, current: str) -> bool:
    return header.strip() == "*" or current.removeprefix("W/").strip('"') in TAGS.findall(header)
