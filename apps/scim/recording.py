"""
What a source sent lately, kept for its administrators: every write and every refusal, and of reads that went well one a second at most.

A write that went well is remembered in its own transaction, everything else after it: a refusal undoes that. No more than KEPT rows of a
source stay, for KEPT_FOR. Of headers nothing is kept, of bodies nothing that is called a password, a token or a secret.
"""

import json
import re
import threading
import time
from datetime import timedelta
from functools import lru_cache
from typing import Any

from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.lib.names import with_escapes
from apps.lib.scim.schemas import CONTENT_TYPE
from apps.lib.xml import is_xml_text
from apps.scim.models import ReceivedRequest, Source
from apps.tenants.context import every_tenant
from apps.tenants.prepared import insert_values

KEPT = 200
KEPT_FOR = timedelta(days=7)
PRUNED_EVERY = 50  # rows written here: so a source never has more than KEPT, and these few of each process
LONGEST_BODY = 4000  # characters
LONGEST_READ = 64 * 1024  # bytes of a body that are looked at
READS_EVERY = 1.0  # seconds

MASKED = "[hidden]"
LONGEST_KNOWN = 100  # characters
SECRET_NAME = re.compile(r"passw|secret|token|credential|authorization|api.?key", re.IGNORECASE)
OUR_SECRETS = re.compile(r"gh_[a-z]{1,20}_[0-9a-f]{16}_[0-9a-f]{64}")
# In an ASCII text without any of these, and without an escape or the zeros of UTF-16 that could hide one, nothing is to be masked.
SUSPECT = ("passw", "secret", "token", "credential", "authorization", "api", "gh_", "\\", "\0")
IN_QUERY = re.compile(r"([?&][^=&]*(?:passw|secret|token|key)[^=&]*=)[^&]*", re.IGNORECASE)
# A member a line: indented by whoever shows it, which costs more than all the rest of this.
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",\n", ": "))

_last_read: dict[Any, float] = {}
_written: dict[Any, int] = {}
_lock = threading.Lock()


def note(
    source: Source, request: HttpRequest, body: bytes, response: HttpResponse, *, started: float
) -> None:
    """`started` by time.monotonic()."""
    reading = request.method in {"GET", "HEAD"} and response.status_code < 400
    if reading and not _is_time_for_a_read(source):
        return
    answer = _masked(response.content) if response.content else ""
    line = {
        "source_id": source.pk,
        "method": (request.method or "")[:10],
        "path": _path(request),
        "status": response.status_code,
        "seconds": round(time.monotonic() - started, 4),
        "detail": _detail(response),
        "request": _masked(body) if body else "",
        "answer": answer,
    }
    insert_values(ReceivedRequest, line)
    with _lock:
        _written[source.pk] = _written.get(source.pk, 0) + 1


def prune_in_time(source: Source) -> None:
    """Between transactions: two that prune at once must not wait for each other."""
    with _lock:
        if _written.get(source.pk, 0) < PRUNED_EVERY:
            return
        _written[source.pk] = 0
    prune(source)


def prune(source: Source) -> None:
    """All but the newest KEPT."""
    own = ReceivedRequest.objects.filter(source=source)
    oldest = own.order_by("-created_at").values_list("created_at", flat=True)[KEPT - 1 : KEPT].first()
    if oldest is not None:
        own.filter(created_at__lt=oldest).delete()


def tenants_with_old_requests() -> list[str]:
    """Across tenants, for the beat alone. Each source's oldest is at one end of an index."""
    old = ReceivedRequest.unscoped.filter(source=OuterRef("pk"), created_at__lt=timezone.now() - KEPT_FOR)
    sources = Source.unscoped.filter(Exists(old)).order_by()
    with every_tenant():
        return [str(each) for each in sources.values_list("tenant_id", flat=True).distinct()]


def forget_old_requests() -> None:
    """Of the tenant in context."""
    old_requests().delete()


def old_requests() -> Any:
    """Of the tenant in context, each source's by itself: a QuerySet."""
    old = ReceivedRequest.objects.filter(created_at__lt=timezone.now() - KEPT_FOR)
    return old.filter(source__in=Source.objects.all())


def _is_time_for_a_read(source: Source) -> bool:
    with _lock:
        now = time.monotonic()
        if now - _last_read.get(source.pk, -READS_EVERY) < READS_EVERY:
            return False
        _last_read[source.pk] = now
        return True


def _path(request: HttpRequest) -> str:
    path = request.get_full_path()
    path = path[path.find("/scim/v2") + len("/scim/v2") :] or "/"
    return IN_QUERY.sub(rf"\1{MASKED}", OUR_SECRETS.sub(MASKED, path))[:1000]


def _detail(response: HttpResponse) -> str:
    if response.status_code < 400 or response.get("Content-Type", "").split(";")[0] != CONTENT_TYPE:
        return ""
    return str(json.loads(response.content).get("detail", ""))[:500]


def _masked(body: bytes) -> str:
    """What cannot be read as JSON might be anything: only its size is told."""
    try:
        document = json.loads(body) if len(body) <= LONGEST_READ else None
        if document is not None and _is_harmless(body):
            return body.decode()
        text = OUR_SECRETS.sub(MASKED, _JSON.encode(_Masking().of(document)))
    except (ValueError, RecursionError):
        document = None
    if document is None or not is_xml_text(text):
        return f"[{len(body)} bytes, not shown]"
    if len(text) <= LONGEST_BODY:
        return with_escapes(text)
    return with_escapes(text[:LONGEST_BODY])[:LONGEST_BODY] + "…"


def _is_harmless(body: bytes) -> bool:
    """Short, and of letters that may stand here as they came, as those of most bodies."""
    if len(body) > LONGEST_BODY or not body.isascii():
        return False
    lowered = body.decode().lower().replace('\\"', "")  # an escape that hides no letter, as each ETag has
    return not any(word in lowered for word in SUSPECT)


class _Masking:
    """A document without secrets. Lists end where the text would be cut anyway: a page of people is long, and this is on the way of a read."""

    def __init__(self) -> None:
        self.left = LONGEST_BODY  # characters, of names and texts alone: what is written is longer

    def of(self, value: Any) -> Any:
        if isinstance(value, dict):
            hides = _names_a_secret(value)
            return {
                self._text(name): MASKED if _is_secret(name) or (hides and name == "value") else self.of(each)
                for name, each in value.items()
            }
        if isinstance(value, list):
            return [self.of(each) for each in value if self._fits()]
        return self._text(value) if isinstance(value, str) else value

    def _fits(self) -> bool:
        self.left -= 1
        return self.left > 0

    def _text(self, text: str) -> str:
        self.left -= len(text)
        return text


def _is_secret(name: str) -> bool:
    """Most names come again and again."""
    return _is_known_secret(name) if len(name) < LONGEST_KNOWN else SECRET_NAME.search(name) is not None


@lru_cache(2000)
def _is_known_secret(name: str) -> bool:
    return SECRET_NAME.search(name) is not None


def _names_a_secret(operation: dict[str, Any]) -> bool:
    """A PATCH operation says in `path` what its `value` is."""
    path = operation.get("path")
    return isinstance(path, str) and _is_secret(path)
