"""
The product's Celery application as a storm starts it (`celery -A tests.chaos.worker`): leases and slots short enough for a test, and the
mistakes that negative controls make on purpose. The times come from the environment, so a restarted worker is the same.
"""

import datetime as dt
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from apps.provisioning import engine, health, jobs  # noqa: E402
from portal.celery import app  # noqa: E402
from tests.chaos import mistakes, naive  # noqa: E402, F401 - naive's task is registered

__all__ = ["app"]


def _seconds(name: str) -> dt.timedelta | None:
    return dt.timedelta(seconds=float(os.environ[name])) if name in os.environ else None


jobs.LEASE = _seconds("CHAOS_LEASE") or jobs.LEASE
health.SLOT = _seconds("CHAOS_SLOT") or health.SLOT
if kept_alive := _seconds("CHAOS_KEEP_ALIVE"):
    engine.KEEP_ALIVE_SECONDS = kept_alive.total_seconds()
if visibility := _seconds(
    "CHAOS_VISIBILITY"
):  # how soon the broker delivers again what a dead worker had in hand
    app.conf.broker_transport_options = {"visibility_timeout": visibility.total_seconds()}
if sweep := _seconds("CHAOS_SWEEP"):
    app.conf.beat_schedule["sweep"]["schedule"] = sweep.total_seconds()
if probes := os.environ.get("CHAOS_PROBES"):  # minutes between the probes of a quarantined application
    assert health.PROBE_MINUTES
    health.PROBE_MINUTES = tuple(float(each) for each in probes.split(","))  # type: ignore[assignment]

mistakes.make()
