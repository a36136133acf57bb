"""
The product's Celery application as a storm starts it (`celery -A tests.chaos.worker`): leases and slots short enough for a test, and the
mistakes that negative controls make on purpose. The times come from the environment, so a restarted worker is the same.
"""

import datetime as dt
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from apps.lib import retrying  # noqa: E402
from apps.provisioning import engine, health, jobs, subscriptions  # noqa: E402
from apps.webhooks import client as webhook_client  # noqa: E402
from apps.webhooks import health as webhook_health  # noqa: E402
from portal.celery import app  # noqa: E402
from tests.chaos import mistakes, naive  # noqa: E402, F401 - naive's task is registered

__all__ = ["app"]


def _seconds(name: str) -> dt.timedelta | None:
    return dt.timedelta(seconds=float(os.environ[name])) if name in os.environ else None


subscriptions.PAGE = (
    50  # so that a storm's companies are lined up in many, and somebody is killed between two
)
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
    assert retrying.PROBE_MINUTES
    retrying.PROBE_MINUTES = tuple(float(each) for each in probes.split(","))  # type: ignore[assignment]
if patience := _seconds("CHAOS_WEBHOOK_SECONDS"):  # of one delivery
    webhook_client.REQUEST_SECONDS = patience.total_seconds()
    webhook_health.TURN, webhook_health.ENOUGH_LEFT = 4 * patience, 3 * patience

mistakes.make()
