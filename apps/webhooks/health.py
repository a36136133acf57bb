"""How an endpoint is doing: whose turn it is, the wait after a failure, quarantine, and how it comes back by itself."""

import datetime as dt
import uuid
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.lib import retrying
from apps.outbox import turns
from apps.webhooks import notices
from apps.webhooks.client import REQUEST_SECONDS, TOO_MANY_REQUESTS, Report
from apps.webhooks.models import Outcome, PauseReason, QuarantineReason, Webhook, WebhookState

TURN = dt.timedelta(seconds=REQUEST_SECONDS + 10)  # a killed worker's is free after this
ENOUGH_LEFT = dt.timedelta(seconds=REQUEST_SECONDS + 5)  # of it, for one request
QUARANTINE_AFTER_REFUSALS = 3  # 401 or 403 in a row
ENOUGH = 5  # failures in a row; fewer say nothing
LASTING = dt.timedelta(minutes=15)  # since the first of them
WELL: dict[str, Any] = {
    "failures": 0,
    "auth_failures": 0,
    "failing_since": None,
    "gave_up": False,
    "not_before": None,
    "last_problem": "",
}


def take_turn(webhook: Webhook, token: uuid.UUID) -> bool:
    return turns.take(_row(webhook), token, lasting=TURN)


def keep_turn(webhook: Webhook, token: uuid.UUID) -> bool:
    """`webhook` was read a moment ago. Written only where it might run out under the next request: a success lengthens it by itself."""
    if webhook.busy_token != token or webhook.busy_until is None:
        return False
    if webhook.busy_until - timezone.now() >= ENOUGH_LEFT:
        return True
    return turns.keep(_row(webhook), token, lasting=TURN)


def free_turn(webhook: Webhook, token: uuid.UUID) -> None:
    turns.free(_row(webhook), token)


def _row(webhook: Webhook) -> Any:
    return Webhook.objects.filter(pk=webhook.pk)


def pause_without_key(webhook: Webhook, token: uuid.UUID, words: str) -> None:
    wait = timezone.now() + retrying.PAUSE_WITHOUT_KEY
    _row(webhook).filter(busy_token=token).update(last_problem=words[:1000], not_before=wait)


def forgive(row: Webhook) -> None:
    """What was, counts no longer: it is tried at once. Not saved."""
    for name, value in WELL.items():
        setattr(row, name, value)


def note_success(row: Webhook) -> None:
    """`row` is locked, as in what follows."""
    resumed = row.state == WebhookState.QUARANTINED
    now = timezone.now()
    _set(row, **WELL, last_success_at=now, busy_until=now + TURN)
    if resumed:
        resume(row, actor=Actor.system())
        notices.resumed(row)


def resume(row: Webhook, *, actor: Actor) -> None:
    """From its next delivery on as if nothing had been."""
    _set(row, **WELL, state=WebhookState.ACTIVE, quarantine_reason="", pause_reason="", probes=0, resumed_at=timezone.now())  # fmt: skip
    record(EventType.WEBHOOK_RESUME, actor=actor, target=Target.of("webhook", row))


def note_failure(row: Webhook, report: Report, tries: int, *, refuses_all: bool) -> None:
    """`tries` of this delivery; `refuses_all`: this would be the second event in a row that it is given up on."""
    now = timezone.now()
    counted = report.status != TOO_MANY_REQUESTS  # obeyed, and counted for nothing
    refused = report.outcome == Outcome.AUTH
    pause = dt.timedelta(seconds=report.pause or 0)  # that was asked for
    _set(
        row,
        failures=row.failures + counted,
        auth_failures=row.auth_failures + 1 if refused else 0,
        failing_since=(row.failing_since or now) if counted else row.failing_since,
        last_problem=report.error,
    )
    if report.outcome == Outcome.GONE:
        _pause(row)
    elif row.state == WebhookState.PAUSED:  # while the request was under way
        return
    elif row.state == WebhookState.QUARANTINED:
        probes = retrying.one_more(row.probes)
        _set(row, probes=probes, not_before=now + max(retrying.until_probe(row.relapses + probes), pause))
    elif reason := _reason(row, now, refuses_all=refuses_all):
        _quarantine(row, reason, now, pause)
    else:
        _set(row, not_before=now + (pause or retrying.backoff(tries)))


def _reason(row: Webhook, now: dt.datetime, *, refuses_all: bool) -> QuarantineReason | None:
    if row.auth_failures >= QUARANTINE_AFTER_REFUSALS:
        return QuarantineReason.CREDENTIALS
    if refuses_all:
        return QuarantineReason.REFUSALS
    lasting = row.failing_since is not None and now - row.failing_since >= LASTING
    return QuarantineReason.FAILURES if lasting and row.failures >= ENOUGH else None


def _quarantine(row: Webhook, reason: QuarantineReason, now: dt.datetime, pause: dt.timedelta) -> None:
    """Left alone but for a try now and then; nothing that is owed is dropped."""
    relapses = retrying.relapses(row.relapses, row.resumed_at, now)
    _set(
        row,
        state=WebhookState.QUARANTINED,
        quarantine_reason=reason,
        probes=0,
        relapses=relapses,
        not_before=now + max(retrying.until_probe(relapses), pause),
    )
    _tell(row, {"reason": str(reason)}, said=reason.label)
    notices.quarantined(row, reason)


def _pause(row: Webhook) -> None:
    """RFC 9110 section 15.5.11: it is gone and will not come back, so nobody looks whether it has."""
    _set(row, state=WebhookState.PAUSED, pause_reason=PauseReason.GONE, not_before=None)
    _tell(row, {"reason": str(PauseReason.GONE), "state": "paused"}, said=_("It answered 410 Gone; paused"))
    notices.gone(row)


def _tell(row: Webhook, details: dict[str, Any], *, said: str | Promise) -> None:
    record(
        EventType.WEBHOOK_QUARANTINE,
        actor=Actor.system(),
        target=Target.of("webhook", row),
        success=False,
        error_message=row.last_problem,
        message_chain={"response_code": "", "response_message": said, "message_details": row.last_problem},
        details=details,
    )


def _set(row: Webhook, **fields: Any) -> None:
    for name, value in fields.items():
        setattr(row, name, value)
    row.save(update_fields=[*fields])
