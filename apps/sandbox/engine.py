"""One SCIM request to a target: token, fault, route, record. Nothing here knows HTTP but by its words."""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F

from apps.lib import crypto
from apps.lib.xml import is_xml_text
from apps.sandbox.errors import ScimRefused
from apps.sandbox.models import KEPT_REQUESTS, Fault, SandboxRequest, SandboxTarget
from apps.sandbox.targets import KINDS
from apps.sandbox.targets.wire import Answer, Call, Document, Kind

SLOW_SECONDS = 5.0
RETRY_AFTER_SECONDS = 3
KEPT_BODY = 4000
_SECRET = re.compile(r'("(?:password|access_token)"\s*:\s*)"(?:[^"\\]|\\.)*"', re.IGNORECASE)


@dataclass(frozen=True)
class Request:
    """`path` stands below the base URL, unquoted; `address` is the same as it was sent, for the record."""

    method: str
    path: str
    query: Mapping[str, str]
    authorization: str
    body: bytes
    address: str


def answer(target: SandboxTarget, request: Request) -> Answer:
    started = time.monotonic()
    kind = KINDS[target.kind]
    fault = ""
    if not _is_authorized(target, request):
        given = kind.unauthorized
    else:
        fault = _next_fault(target)
        if fault == Fault.SLOW:
            time.sleep(SLOW_SECONDS)
        given = _injected(kind, fault) or _routed(target, kind, request)
        if fault == Fault.LOST:
            given = kind.refusal(ScimRefused(500, "The answer was lost."))
    _record(target, request, given, fault, started)
    return given


def _is_authorized(target: SandboxTarget, request: Request) -> bool:
    scheme, _, token = request.authorization.partition(" ")
    return crypto.token_matches(token.strip(), target.token_digest) and scheme.lower() == "bearer"


# --- faults


def _next_fault(target: SandboxTarget) -> str:
    """Takes one from the counter; two requests never share it."""
    there = SandboxTarget.objects.filter(pk=target.pk, fault_count__gt=0)
    fault = str(there.values_list("fault", flat=True).first() or "")
    return fault if fault and there.update(fault_count=F("fault_count") - 1) else ""


def _injected(kind: Kind, fault: str) -> Answer | None:
    if fault == Fault.UNAUTHORIZED:
        return kind.unauthorized
    if fault == Fault.CONFLICT:
        return kind.refusal(ScimRefused(409, "The value has already been taken.", "uniqueness"))
    if fault == Fault.TOO_MANY:
        return Answer(
            429,
            text="Retry later\n",
            content_type="text/plain",
            headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
        )
    if fault == Fault.SERVER_ERROR:
        return Answer(500, text="Internal Server Error\n", content_type="text/plain")
    return None


# --- routes


def _routed(target: SandboxTarget, kind: Kind, request: Request) -> Answer:
    """Ids hold "@", "." and "/" (GitLab's route takes anything), so only the first part of the path is a name."""
    collection, _, resource_id = request.path.partition("/")
    handler = kind.routes.get(f"{request.method} {collection}" + ("/{id}" if resource_id else ""))
    if handler is None:
        known = {route.partition(" ")[2].partition("/")[0] for route in kind.routes}
        return kind.wrong_method if collection in known else kind.elsewhere
    try:
        call = Call(target, request.method, _id(resource_id), _query(request), _body(request))
        with transaction.atomic():
            # One write at a time per target: what is looked up first stays true until it is written.
            SandboxTarget.objects.select_for_update().get(pk=target.pk)
            return handler(call)
    except ScimRefused as refused:
        return kind.refusal(refused)


def _id(resource_id: str) -> str:
    if not is_xml_text(resource_id):
        raise ScimRefused(404, "Resource not found")
    return resource_id


def _query(request: Request) -> Mapping[str, str]:
    if not all(is_xml_text(text) for text in request.query.values()):
        raise ScimRefused(400, "The query holds a character that no text has.", "invalidValue")
    return request.query


def _body(request: Request) -> Document:
    return _document(request.body) if request.method in {"POST", "PUT", "PATCH"} else {}


def _document(body: bytes) -> Document:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise ScimRefused(400, "The body is not a JSON object.", "invalidSyntax")
    if not all(is_xml_text(text) for text in _texts(document)):
        raise ScimRefused(400, "The body holds a character that no text has.", "invalidValue")
    return document


def _texts(document: Any) -> list[str]:
    texts: list[str] = []
    waiting = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            texts.append(node)
        elif isinstance(node, dict):
            waiting += [*node.keys(), *node.values()]
        elif isinstance(node, list):
            waiting += node
    return texts


# --- the record


def _record(target: SandboxTarget, request: Request, given: Answer, fault: str, started: float) -> None:
    """The last requests, for the page. A stranger's body is not kept."""
    is_known = _is_authorized(target, request)
    SandboxRequest.objects.create(
        target=target,
        method=request.method[:10],
        path=_printable(request.address)[:1000],
        token_hint=_hint(request.authorization),
        fault=fault,
        status=given.status,
        request_body=_shown(request.body) if is_known else "",
        response_body=_shown(body_of(given)),
        milliseconds=int((time.monotonic() - started) * 1000),
    )
    oldest = SandboxRequest.objects.filter(target=target).values_list("created_at", flat=True)
    kept = oldest[KEPT_REQUESTS - 1 : KEPT_REQUESTS].first() if oldest.count() > KEPT_REQUESTS else None
    if kept is not None:
        SandboxRequest.objects.filter(target=target, created_at__lt=kept).delete()


def body_of(given: Answer) -> bytes:
    if given.document is None:
        return given.text.encode()
    return json.dumps(given.document, ensure_ascii=False).encode("utf-8", "replace")


def _hint(authorization: str) -> str:
    """The last four characters tell tokens apart and open nothing."""
    token = authorization.partition(" ")[2].strip()
    return f"…{_printable(token[-4:])}" if len(token) > 12 else ("…" if token else "")


def _shown(body: bytes) -> str:
    return _printable(_SECRET.sub(r'\1"[FILTERED]"', body.decode("utf-8", "replace")))[:KEPT_BODY]


def _printable(text: str) -> str:
    return "".join(character if is_xml_text(character) else "\ufffd" for character in text)
