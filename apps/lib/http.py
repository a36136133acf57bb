"""The one outbound HTTP client: whatever an administrator can name (SCIM base, metadata URL, webhook) is called from here.

It looks a name up once, judges every address and connects to a judged one; follows no redirect; knows no proxy, cookie or
environment; reads no encoded body; and ends within 30 s and 2 MiB whatever the other side does.
"""

import asyncio
import io
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
from django.utils.translation import gettext_noop
from multidict import CIMultiDict
from yarl import URL

from apps.lib import addresses, connections
from apps.lib.errors import AnswerLost, BadAnswer, NotReached, OutboundError, TargetRefused
from apps.lib.event_loop import run

__all__ = [
    "Answer",
    "AnswerLost",
    "BadAnswer",
    "NotReached",
    "OutboundError",
    "Request",
    "TargetRefused",
    "exchange",
    "run",
    "send",
]

LONGEST_SECONDS: Final = 30.0
LARGEST_BODY: Final = 2 * 1024 * 1024
LARGE_BODY: Final = 64 * 1024
DEEPEST_JSON: Final = 32
_SENDABLE: Final = re.compile(r"[\t\x20-\x7e]*")  # RFC 9110 section 5.5
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True)
class Request:
    """`url` goes out exactly as written: percent-encode before."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)  # holds the bearer token
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Answer:
    """`headers` ignore case; `seconds` is the whole call."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    seconds: float = 0.0

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """Raises BadAnswer when it is not JSON or nested deeper than 32."""
        try:
            document = _JSON.decode(self.body.decode(json.detect_encoding(self.body)))
        except (ValueError, RecursionError):
            raise BadAnswer(gettext_noop("The answer is not JSON."), self.status, self.headers) from None
        # Every level begins with one of these two; that there are few of them says enough about most answers.
        if self.body.count(b"{") + self.body.count(b"[") > DEEPEST_JSON and not _is_shallow(document):
            raise BadAnswer(gettext_noop("The answer's JSON is nested too deep."), self.status, self.headers)
        return document


async def exchange(request: Request, *, timeout: float = LONGEST_SECONDS) -> Answer:  # noqa: ASYNC109
    """One request, one answer, inside the process's loop (`run`). Any status is an answer, but a redirect is not.

    `timeout` is for the whole call, at most 30 s. Raises OutboundError.
    """
    permit = addresses.permit(request.url)
    _refuse_unsendable(request)
    progress = connections.Progress()
    token, told = connections.permitted.set(permit), connections.progress.set(progress)
    try:
        async with asyncio.timeout(min(timeout, LONGEST_SECONDS)):
            return await _call(request)
    except TimeoutError:
        late = f"{permit.host} did not answer in time."
        raise (AnswerLost(late) if progress.sent else NotReached(late)) from None
    except (aiohttp.ClientError, OSError) as error:
        raise connections.in_plain_words(error, permit.host, progress) from None
    finally:
        connections.permitted.reset(token)
        connections.progress.reset(told)


def send(request: Request, *, timeout: float = LONGEST_SECONDS) -> Answer:
    """`exchange` for synchronous code, from any thread."""
    return run(exchange(request, timeout=timeout))


async def _call(request: Request) -> Answer:
    started = time.monotonic()
    headers = CIMultiDict(request.headers)
    headers["Accept-Encoding"] = "identity"
    async with connections.session().request(
        request.method,
        URL(request.url, encoded=True),
        headers=headers,
        data=_payload(request.body),
        allow_redirects=False,
    ) as response:
        answered = _storable(response.headers)
        _refuse_form(response.status, answered)
        body = await _body(response, answered)
        return Answer(response.status, answered, body, time.monotonic() - started)


def _payload(body: bytes | None) -> bytes | io.BytesIO | None:
    """A large body in pieces: sent as one it would hold up everybody else's requests."""
    return io.BytesIO(body) if body is not None and len(body) > LARGE_BODY else body


def _refuse_unsendable(request: Request) -> None:
    if request.method not in _METHODS:
        raise ValueError(f"{request.method} is not a method that we send.")
    for name, value in request.headers.items():
        if not _SENDABLE.fullmatch(value):  # a pasted token may end in a line break
            raise TargetRefused(f"The header {name} holds a character that cannot be sent.")


def _refuse_form(status: int, headers: Mapping[str, str]) -> None:
    if 300 <= status < 400:
        raise BadAnswer(
            gettext_noop("The answer is a redirect, and redirects are not followed."), status, headers
        )
    if headers.get("Content-Encoding", "").strip().lower() not in {"", "identity"}:
        raise BadAnswer(gettext_noop("The answer is compressed although that was declined."), status, headers)
    if headers.get("Transfer-Encoding", "").strip().lower() not in {"", "chunked"}:
        raise BadAnswer(
            gettext_noop("The answer has a transfer coding that we do not read."), status, headers
        )


async def _body(response: aiohttp.ClientResponse, headers: Mapping[str, str]) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > LARGEST_BODY:
            response.close()
            raise BadAnswer(gettext_noop("The answer is larger than 2 MiB."), response.status, headers)
    return bytes(body)


def _storable(headers: Mapping[str, str]) -> Mapping[str, str]:
    """aiohttp keeps odd bytes as lone surrogates, which no database stores."""
    if all(value.isascii() for value in headers.values()):
        return headers
    return CIMultiDict(
        (
            name,
            value if value.isascii() else value.encode("utf-8", "surrogateescape").decode("utf-8", "replace"),
        )
        for name, value in headers.items()
    )


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON (RFC 8259 section 6).")


_JSON = json.JSONDecoder(parse_constant=_no_constant)  # json.loads would make one for each answer


def _is_shallow(document: Any) -> bool:
    level = [document]
    for _ in range(DEEPEST_JSON + 1):
        level = [node for node in level if isinstance(node, dict | list)]
        if not level:
            return True
        level = [child for node in level for child in (node.values() if isinstance(node, dict) else node)]
    return False
