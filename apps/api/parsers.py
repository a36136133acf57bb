"""Bodies within limits; what cannot be read is a problem, never a 500."""

import json
from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from apps.api.errors import PayloadTooLarge

MOST_BYTES = 1024 * 1024


def read(stream: IO[Any]) -> bytes:
    body: bytes = stream.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise PayloadTooLarge(f"The body is larger than {MOST_BYTES // 1024} KiB.")
    return body


class JsonParser(BaseParser):
    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            return _written(read(stream).decode("utf-8"))
        except (
            ValueError,
            RecursionError,
        ):  # also bytes that are not UTF-8, numbers of thousands of digits, and half a character
            raise ParseError("The body is not JSON in UTF-8, or nested too deep.") from None


class XmlParser(BaseParser):
    """The bytes as they came: apps.lib.xml is what reads XML from outside."""

    media_type = "application/samlmetadata+xml"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        return read(stream)


class PlainXmlParser(XmlParser):
    media_type = "application/xml"


class TextXmlParser(XmlParser):
    media_type = "text/xml"


def _written(text: str) -> Any:
    document = json.loads(text, parse_constant=_refuse)
    # An escape can name half of a character, which neither a database nor an answer can hold.
    if "\\u" in text:
        json.dumps(document, ensure_ascii=False).encode()
    return document


def _refuse(constant: str) -> None:
    raise ValueError(constant)
