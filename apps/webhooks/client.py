"""One delivery on the wire: signed, sent through the guarded way out, and what its answer means."""

import datetime as dt
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext_noop

from apps.lib import http
from apps.lib.retrying import retry_after
from apps.lib.transcripts import kept
from apps.webhooks.models import Delivery, Outcome
from apps.webhooks.signing import PREFIX, headers

REQUEST_SECONDS = 15.0
TOO_MANY_REQUESTS = 429  # a well endpoint that is asked too fast
# Answers about the endpoint, not about this one event: a wrong path or a missing right would refuse every other one as well.
OF_THE_ENDPOINT = {401: Outcome.AUTH, 403: Outcome.AUTH, 410: Outcome.GONE} | dict.fromkeys(
    (404, 405, 407, 408, 421, 423, 425, 429), Outcome.PASSING
)


@dataclass(frozen=True, slots=True)
class Report:
    """`error` is in words for people, "" for a success; `pause` is Retry-After, in seconds."""

    outcome: Outcome
    sent_at: dt.datetime
    seconds: float
    status: int | None = None
    answer: str = ""
    error: str = ""
    pause: float | None = None


def send(url: str, secrets: Sequence[str], delivery: Delivery) -> Report:
    """Never raises for what the other side does. Must be called while no transaction is open."""
    sent_at, started = timezone.now(), time.monotonic()
    request = http.Request("POST", url, _headers(secrets, delivery, sent_at), delivery.body.encode())
    try:
        answer = http.send(request, timeout=REQUEST_SECONDS)
    except http.BadAnswer as error:
        return _judged(error.status, error.headers, "", error.detail, sent_at, time.monotonic() - started)
    except http.OutboundError as error:
        return Report(Outcome.PASSING, sent_at, time.monotonic() - started, error=error.detail)
    words = kept(answer.text, [spelt for each in secrets for spelt in (each, each.removeprefix(PREFIX))])
    return _judged(answer.status, answer.headers, words, "", sent_at, answer.seconds)


def _headers(secrets: Sequence[str], delivery: Delivery, sent_at: dt.datetime) -> dict[str, str]:
    signed = headers(secrets, str(delivery.event_id), int(sent_at.timestamp()), delivery.body.encode())
    return {"Content-Type": "application/json", **signed}


def _judged(
    status: int | None, told: Mapping[str, str], words: str, error: str, sent_at: dt.datetime, seconds: float
) -> Report:
    """Any 2xx is a success, however its body looks: the status came first, and the receiver has the event."""
    if status is not None and 200 <= status < 300:
        return Report(Outcome.SUCCEEDED, sent_at, seconds, status, words)
    outcome = OF_THE_ENDPOINT.get(status or 0) or (
        Outcome.REFUSED if status is not None and 400 <= status < 500 else Outcome.PASSING
    )
    said = error or gettext_noop("It answered %(status)s.") % {"status": status}
    return Report(outcome, sent_at, seconds, status, words, said, retry_after(told))
