"""Just enough DER (X.690) to see how dearly a key is encrypted before anybody starts to decrypt it."""

import base64
import binascii
from collections.abc import Iterator

SEQUENCE, INTEGER = 0x30, 0x02
MOST_NODES = 64


def integers(pem: str) -> list[int]:
    """Those in the algorithm of an EncryptedPrivateKeyInfo (RFC 5958 section 3): rounds, costs, key lengths. [] for what is none."""
    try:
        der = base64.b64decode("".join(pem.splitlines()[1:-1]))
        outer = next(_elements(der))[1]
        return list(_integers(next(_elements(outer))[1]))
    except (binascii.Error, ValueError, IndexError, StopIteration):
        return []


def _integers(content: bytes) -> Iterator[int]:
    waiting, seen = [content], 0
    while waiting and seen < MOST_NODES:
        for tag, inner in _elements(waiting.pop()):
            seen += 1
            if tag == SEQUENCE:
                waiting.append(inner)
            elif tag == INTEGER:
                yield int.from_bytes(inner, "big")


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(tag, content) of each element in a row. Raises IndexError or ValueError when cut short."""
    position = 0
    while position < len(data):
        tag, length = data[position], data[position + 1]
        position += 2
        if length & 0x80:
            size = length & 0x7F
            length = int.from_bytes(data[position : position + size], "big")
            position += size
        if position + length > len(data):
            raise ValueError("cut short")
        yield tag, data[position : position + length]
        position += length
