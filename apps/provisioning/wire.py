"""One request to an application and its answer: what is sent, what is kept for people to read, which failure it was."""

import json
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext_noop

from apps.applications.catalog import ScimDialect
from apps.lib import http
from apps.lib.retrying import retry_after
from apps.lib.scim import messages, reading, schemas
from apps.lib.transcripts import MASKED, kept, scrubbed
from apps.provisioning.errors import Taken, TargetError, Throttled, Unavailable, Uncertain, error_for
from apps.provisioning.gate import Gate

Document = dict[str, Any]

REQUEST_SECONDS = 30.0


@dataclass(frozen=True)
class Target:
    """`base_url` and `token` of one integration, opened for one slice."""

    base_url: str
    token: str = field(repr=False)
    dialect: ScimDialect

    @cached_property
    def spellings(self) -> frozenset[str]:
        """Of the token, should the application echo it as it is or percent-encoded."""
        return frozenset({self.token, quote(self.token, safe="")} - {""})

    @cached_property
    def stands_as_it_is(self) -> bool:
        """In JSON, which spells some characters in another way."""
        return all(json.dumps(each) == f'"{each}"' for each in self.spellings)


@dataclass(frozen=True)
class Step:
    """One request as it is kept and shown. `request` is the body, secrets masked; headers are never kept."""

    method: str
    path: str
    status: int | None
    seconds: float
    request: Document | None
    answer: str

    def as_json(self) -> dict[str, Any]:
        return {
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "seconds": round(self.seconds, 3),
            "request": self.request,
            "answer": self.answer,
        }


class Wire:
    """`steps` collects every request of one conversation."""

    def __init__(self, target: Target, gate: Gate) -> None:
        self.target = target
        self.gate = gate
        self.steps: list[Step] = []

    async def ask(
        self, method: str, path: str, body: Document | None = None, *, secret: bool = False
    ) -> Document:
        """The answer's document, {} where it has none. Raises TargetError, and Deferred before anything is sent.

        `secret`: the body holds a password. Nothing of the answer is kept, in whatever spelling it may echo it.
        """
        await self.gate.pass_through()
        started = time.monotonic()
        status: int | None = None
        words = ""
        request = self._request(method, path, body)
        try:
            answer = await http.exchange(request, timeout=REQUEST_SECONDS)
            status, words = answer.status, MASKED if secret else kept(answer.text, self.target.spellings)
            document = self._read(method, answer)
        except http.OutboundError as error:
            failure = _from_outbound(error, writes=method != "GET")
            failure = _without_words(failure) if secret else failure
            status, words = failure.status, failure.detail
            self.gate.saw(failure)
            raise failure from None
        except TargetError as failure:
            failure = _without_words(failure) if secret else failure
            self.gate.saw(failure)
            raise
        finally:
            shown = self._shown(body, request.body)
            path = scrubbed(path, self.target.spellings)
            self.steps.append(Step(method, path, status, time.monotonic() - started, shown, words))
        self.gate.saw_answer()
        return document

    def _request(self, method: str, path: str, body: Document | None) -> http.Request:
        headers = {"Authorization": f"Bearer {self.target.token}", "Accept": schemas.ACCEPT}
        if body is not None:
            headers["Content-Type"] = schemas.CONTENT_TYPE
        encoded = None if body is None else messages.encode(body)
        return http.Request(method, f"{self.target.base_url.rstrip('/')}{path}", headers, encoded)

    def _read(self, method: str, answer: http.Answer) -> Document:
        writes = method != "GET"
        if not 200 <= answer.status < 300:
            told = reading.read_error(answer, hide=[self.target.token])
            detail = scrubbed(told.detail, self.target.spellings)
            if method == "POST" and answer.status in self.target.dialect.exists_statuses:
                raise Taken(detail, status=answer.status, scim_type=told.scim_type)
            pause = retry_after(answer.headers)
            raise error_for(answer.status, detail, writes=writes, scim_type=told.scim_type, retry_after=pause)
        if not answer.body.strip():
            return {}
        if _is_page(answer):  # a sign-in page answers 200 to anything, and has done nothing
            raise unreadable(
                gettext_noop("It answered with a web page instead of SCIM."), answer.status, writes=writes
            )
        try:
            document = answer.json()
        except http.BadAnswer as error:
            if writes:
                return {}
            raise unreadable(error.detail, answer.status, writes=False) from None
        if isinstance(document, list):
            return {"Resources": document}
        return document if isinstance(document, dict) else {}

    def _shown(self, body: Document | None, sent: bytes | None) -> Document | None:
        """Masked; most hold nothing that would have to be, which their text tells faster than a walk through them."""
        if body is None or sent is None:
            return None
        text = sent.decode()
        hides = not self.target.stands_as_it_is or "password" in text.casefold()
        if not hides and not any(each in text for each in self.target.spellings):
            return body
        found: Document = masked(body, self.target.spellings)
        return found


def _without_words(failure: TargetError) -> TargetError:
    failure.detail = gettext_noop(
        "It did not take the password. Its words are not kept, as they may repeat it."
    )
    failure.args = (failure.detail,)
    failure.scim_type = ""
    return failure


def _from_outbound(error: http.OutboundError, *, writes: bool) -> TargetError:
    if isinstance(error, http.BadAnswer):
        if error.status in {429, 503}:
            pause = retry_after(error.headers)
            return Throttled(error.detail, status=error.status, retry_after=pause, read_back=writes)
        redirected = 300 <= (error.status or 0) < 400  # refused at the door: nothing was carried out
        return unreadable(error.detail, error.status, writes=writes and not redirected)
    if isinstance(error, http.AnswerLost) and writes:
        return Uncertain(error.detail)
    return Unavailable(error.detail)


def unreadable(detail: str, status: int | None, *, writes: bool) -> TargetError:
    return Uncertain(detail, status=status) if writes else Unavailable(detail, status=status)


def _is_page(answer: http.Answer) -> bool:
    return "html" in answer.headers.get("Content-Type", "").lower() or answer.body.lstrip()[:1] == b"<"


def masked(value: Any, secrets: Collection[str]) -> Any:
    """A body as it may be stored: no password, no token."""
    if isinstance(value, str):
        return scrubbed(value, secrets)
    if isinstance(value, dict):
        if str(value.get("path", "")).casefold() == "password":
            value = {**value, "value": MASKED}
        return {
            key: MASKED if key.casefold() == "password" else masked(item, secrets)
            for key, item in value.items()
        }
    return [masked(item, secrets) for item in value] if isinstance(value, list) else value
