"""How an integration is doing: whose turn it is, pauses it was asked for, circuit, quarantine and its probes."""

import uuid
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from apps.events.actors import Actor
from apps.events.types import EventType
from apps.lib import retrying
from apps.lib.transactions import retried
from apps.outbox import turns
from apps.provisioning import jobs, notices, wire
from apps.provisioning.errors import CredentialsRefused, TargetError
from apps.provisioning.failure_rate import failure_rate
from apps.provisioning.gate import SICK_AFTER, Gate
from apps.provisioning.integration_events import record_integration
from apps.provisioning.models import Integration, IntegrationState, QuarantineReason
from apps.provisioning.verification import verify

SLOT = timedelta(seconds=20)  # kept every 5 s; a killed worker's slot is free after this
QUARANTINE_AFTER = 3  # refused tokens in a row
MOST_HASTENED_PER_WIDTH = 16  # whose back-off is cut short by one claim without a failure


def take_slot(integration: Integration, slot: uuid.UUID, *, lasting: timedelta = SLOT) -> bool:
    """One worker of an integration at a time: only so is its width what the application sees. None while a pause is asked for.

    `integration` is then read again: whoever had the slot until now may have learnt something, and an administrator changed something.
    """
    rows = _row(integration).filter(turns.unpaused(), state=integration.state)
    if not turns.take(rows, slot, lasting=lasting):
        return False
    integration.refresh_from_db(from_queryset=Integration.objects.select_related("application"))
    return True


def keep_slot(integration: Integration, slot: uuid.UUID) -> bool:
    return turns.keep(_row(integration), slot, lasting=SLOT)


def free_slot(integration: Integration, slot: uuid.UUID) -> None:
    turns.free(_row(integration), slot)


def _row(integration: Integration) -> Any:
    return Integration.objects.filter(pk=integration.pk)


def note(integration: Integration, slot: uuid.UUID, gate: Gate) -> None:
    """What has been learnt about the application as a whole since it was last noted. Nothing but answers: then whoever waits because
    it was not well need not wait any longer, so many at a time as would be claimed at once (docs/reliability.md).
    """
    latest, gate.last_error = gate.last_error, None
    answered, gate.answered = gate.answered, False
    learnt: dict[str, Any] = {
        "consecutive_failures": gate.failures,
        "consecutive_auth_failures": gate.auth_failures,
    }
    if integration.state == IntegrationState.QUARANTINED:  # by this slice, a moment ago
        return
    error = gate.closed_by
    if error is not None and gate.auth_failures >= QUARANTINE_AFTER:
        _quarantine(integration, slot, gate, QuarantineReason.TOKEN, error, error.detail)
        return
    if latest is not None and (rate := failure_rate(integration)).is_sick:
        words = _("%(failed)s of %(total)s requests in the last five minutes failed. The last one: %(words)s")
        words %= {"failed": rate.failed, "total": rate.total, "words": latest.detail}
        _quarantine(integration, slot, gate, QuarantineReason.FAILURES, latest, words)
        return
    if error is None:
        learnt |= {"last_problem": "", "not_before": None}
    else:
        learnt |= {"last_problem": error.detail, "not_before": timezone.now() + _pause(error, gate)}
    news = {name: value for name, value in learnt.items() if getattr(integration, name) != value}
    if news and _update(integration, slot, **news):
        for name, value in news.items():
            setattr(integration, name, value)
    if answered and latest is None and error is None:
        jobs.hasten(integration, MOST_HASTENED_PER_WIDTH * max(1, integration.width))


def _pause(error: TargetError, gate: Gate) -> timedelta:
    if error.retry_after is not None:
        return timedelta(seconds=error.retry_after)
    return retrying.backoff(max(2, gate.failures - SICK_AFTER + 2))


def pause(integration: Integration, slot: uuid.UUID, words: str) -> None:
    _update(
        integration, slot, last_problem=words[:1000], not_before=timezone.now() + retrying.PAUSE_WITHOUT_KEY
    )


@retried
def _quarantine(
    integration: Integration,
    slot: uuid.UUID,
    gate: Gate,
    reason: QuarantineReason,
    error: TargetError,
    words: str,
) -> None:
    """Left alone but for a probe now and then; nothing that is owed is dropped."""
    gate.stopped = True
    now = timezone.now()
    relapses = retrying.relapses(integration.relapses, integration.resumed_at, now)
    begun = _update(
        integration,
        slot,
        state=IntegrationState.QUARANTINED,
        quarantine_reason=reason,
        probes=0,
        relapses=relapses,
        not_before=now + retrying.until_probe(relapses),
        last_problem=words[:1000],
        consecutive_auth_failures=gate.auth_failures,
    )
    if begun:
        integration.state = IntegrationState.QUARANTINED
        _record(
            integration,
            success=False,
            details={"state": "quarantined", "reason": str(reason)},
            error_message=words[:1000],
            message_chain=error.message_chain(_("%(reason)s; paused") % {"reason": reason.label}),
        )
        notices.quarantined(integration, reason, words, relapses)


def probe(integration: Integration, slot: uuid.UUID) -> None:
    """One read. The first that is answered ends the quarantine, and everything owed goes on."""
    verification = verify(wire.Target(integration.base_url, integration.token, integration.dialect))
    if verification.error is not None:
        probes = retrying.one_more(integration.probes)
        refused = isinstance(verification.error, CredentialsRefused)
        _update(
            integration,
            slot,
            probes=probes,
            quarantine_reason=QuarantineReason.TOKEN if refused else QuarantineReason.FAILURES,
            not_before=timezone.now() + retrying.until_probe(integration.relapses + probes),
            last_problem=verification.error.detail,
        )
        return
    _resume(integration, slot, verification.line)


@retried
def _resume(integration: Integration, slot: uuid.UUID, line: str) -> None:
    resumed = _update(
        integration,
        slot,
        state=IntegrationState.ACTIVE,
        quarantine_reason="",
        probes=0,
        resumed_at=timezone.now(),
        not_before=None,
        last_problem="",
        consecutive_failures=0,
        consecutive_auth_failures=0,
        last_verified_at=timezone.now(),
        last_verification=line,
    )
    if resumed:
        jobs.hasten(integration, MOST_HASTENED_PER_WIDTH * max(1, integration.width))
        _record(integration, details={"state": "active"})
        notices.resumed(integration)


def _update(integration: Integration, slot: uuid.UUID, **fields: Any) -> bool:
    """Nothing once the slot is gone: the integration was deactivated, or another worker has it."""
    return bool(_row(integration).filter(busy_token=slot).update(**fields))


def _record(integration: Integration, **more: Any) -> None:
    record_integration(EventType.IDM_INTEGRATION_UPDATE, integration, actor=Actor.system(), **more)
