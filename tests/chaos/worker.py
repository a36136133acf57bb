"""
The product's Celery application as a storm starts it (`celery -A tests.chaos.worker`): leases and slots short enough for a test,
and the mistakes that negative controls make on purpose. Everything comes from the environment, so a restarted worker is the same.
"""

import datetime as dt
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from apps.provisioning import engine, errors, health, jobs, subscriptions, wire  # noqa: E402
from apps.provisioning.failure_rate import Rate  # noqa: E402
from apps.provisioning.models import Priority  # noqa: E402
from portal.celery import app  # noqa: E402
from tests.chaos import naive  # noqa: E402, F401 - its task is registered

__all__ = ["app"]


def _seconds(name: str) -> dt.timedelta | None:
    return dt.timedelta(seconds=float(os.environ[name])) if name in os.environ else None


jobs.LEASE = _seconds("CHAOS_LEASE") or jobs.LEASE
health.SLOT = _seconds("CHAOS_SLOT") or health.SLOT
if visibility := _seconds(
    "CHAOS_VISIBILITY"
):  # how soon the broker delivers again what a dead worker had in hand
    app.conf.broker_transport_options = {"visibility_timeout": visibility.total_seconds()}
if probes := os.environ.get("CHAOS_PROBES"):  # minutes between the probes of a quarantined application
    assert health.PROBE_MINUTES
    health.PROBE_MINUTES = tuple(float(each) for each in probes.split(","))  # type: ignore[assignment]


def _blunder() -> None:
    """One mechanism switched off: the negative control of a scenario (tests/chaos/scenarios.py)."""
    match os.environ.get("CHAOS_BLUNDER"):
        case "in order of arrival":
            subscriptions._priority = lambda *_: Priority.CREATE  # type: ignore[assignment]
        case "no guard":
            engine.planning.removals_need_approval = lambda *_: False  # type: ignore[assignment]
        case "no quarantine":
            health.QUARANTINE_AFTER = 10**6
            health.failure_rate = lambda *_: Rate(0, 0)  # type: ignore[assignment]
            health._pause = lambda *_: dt.timedelta(0)  # type: ignore[assignment]
        case "deaf to Retry-After":
            wire.retry_after = lambda *_: 0.0  # type: ignore[assignment]
        case "never gives up":
            errors.Rejected.outcome = "passing"
        case None:
            return
        case other:
            raise ValueError(other)


_blunder()
