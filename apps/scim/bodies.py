"""Request bodies: JSON objects within limits, holding nothing that a database or an XML signature would choke on."""

import json
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest

from apps.lib.scim.errors import InvalidSyntax, InvalidValue, TooLarge
from apps.lib.scim.schemas import CONTENT_TYPE
from apps.lib.xml import is_xml_text
from apps.scim.errors import UnsupportedMediaType

MOST_BYTES = 1024 * 1024
DEEPEST = 32
CONTENT_TYPES = {CONTENT_TYPE, "application/json"}


def read_object(request: HttpRequest) -> dict[str, Any]:
    """Raises UnsupportedMediaType, TooLarge, InvalidSyntax, InvalidValue."""
    if isinstance(known := getattr(request, "scim_document", None), dict):
        return known  # one operation of a bulk request, whose body was read as a whole
    if (request.content_type or "").lower() not in CONTENT_TYPES:
        raise UnsupportedMediaType
    if _declared_length(request) > MOST_BYTES:
        raise TooLarge(f"The body is larger than {MOST_BYTES // 1024} KiB.")
    document = _parsed(request.body)
    if not isinstance(document, dict):
        raise InvalidSyntax("The body must be a JSON object.")
    if not _shows_its_letters(request.body):
        _check_each_text(document)
    return document


def _shows_its_letters(body: bytes) -> bool:
    """Nothing is written as an escape, and little is nested, as in most bodies: then JSON itself has refused what may not stand in a text."""
    return (
        b"\\" not in body
        and body.count(b"{") + body.count(b"[") < DEEPEST
        and (body.isascii() or is_xml_text(body.decode()))
    )


def _check_each_text(document: Any) -> None:
    for text, depth in _texts(document):
        if depth > DEEPEST:
            raise InvalidSyntax(f"The body is nested more than {DEEPEST} deep.")
        if not is_xml_text(text):
            raise InvalidValue("The body holds control characters.")


def _declared_length(request: HttpRequest) -> int:
    """Django reads no further than this."""
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    return int(length) if length.isdecimal() and len(length) < 20 else 0


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError):  # also bytes that are not UTF-8, and numbers of thousands of digits
        raise InvalidSyntax("The body is not JSON in UTF-8, or nested too deep.") from None


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _texts(document: Any) -> Iterator[tuple[str, int]]:
    """Every key and string with its depth; for empty arrays and objects "". Not recursive: the depth is the caller's."""
    rest: list[tuple[Any, int]] = [(document, 1)]
    while rest:
        value, depth = rest.pop()
        yield (value if isinstance(value, str) else ""), depth
        if isinstance(value, dict):
            rest += [(each, depth + 1) for pair in value.items() for each in pair]
        elif isinstance(value, list):
            rest += [(each, depth + 1) for each in value]
