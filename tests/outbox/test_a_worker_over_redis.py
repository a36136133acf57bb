"""Worker and beat as production has them, in processes of their own, rung through Redis."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery
from django.conf import settings
from django.db import connection

from apps.directory.actions import add_group
from apps.outbox.models import Entry
from apps.tenants.context import in_tenant
from apps.tenants.models import Tenant
from portal.celery import app
from tests import services
from tests.processes import embedded_environment, ending_with_us

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120.0  # seconds: a worker starts within them on a machine that is busy with the rest of the suite
pytestmark = [
    pytest.mark.timeout(600),  # PATIENCE three times, and two starts
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not settings.REDIS_URL, reason="no Redis here; bin/test --services has one"),
]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[str]:
    """
    A Redis of this test's own, in which this process rings too: this test empties it, and in the suite's, which nobody reads, the rings of
    thousands of tests queue before ours.
    """
    with services.redis_server(tmp_path) as url:
        ringing = Celery("gatehouse", broker=url, set_as_current=False)
        ringing.set_current()
        try:
            yield url
        finally:
            app.set_current()
            ringing.close()


@contextmanager
def celery(broker: str, program: str, *options: str) -> Iterator[None]:
    """In the database of this test."""
    place = connection.settings_dict
    environment = embedded_environment(
        DATABASE_URL=f"postgres://{place['USER']}:{place['PASSWORD']}@{place['HOST']}:{place['PORT']}/{place['NAME']}",
        REDIS_URL=broker,
        DATA_DIR=str(settings.DATA_DIR),
    )
    command = [sys.executable, "-m", "celery", "-A", "portal", program, "--loglevel", "warning", *options]
    process = subprocess.Popen(
        ending_with_us(command, signal.SIGQUIT), cwd=ROOT, env=environment, start_new_session=True
    )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


def becomes(true: Callable[[], bool], *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.1)
    return False


def change(tenant: Tenant, system: Any, name: str) -> None:
    with in_tenant(tenant):
        add_group(actor=system, name=name)


def relayed(tenant: Tenant) -> bool:
    with in_tenant(tenant):
        return not Entry.objects.exists()


def test_a_change_is_relayed_and_one_whose_ring_is_lost_is_found_by_the_sweep(
    tenant, system, broker, tmp_path
):
    server = redis.Redis.from_url(broker)
    with celery(broker, "worker", "--concurrency", "1"):
        change(tenant, system, "Engineering")
        assert becomes(lambda: relayed(tenant), seconds=PATIENCE)

    change(tenant, system, "Design")
    server.flushall()
    with celery(broker, "worker", "--concurrency", "1"):
        assert not becomes(lambda: relayed(tenant), seconds=5), (
            "the ring was not lost: this test shows nothing"
        )
        with celery(broker, "beat", "--schedule", str(tmp_path / "beat")):
            assert becomes(lambda: relayed(tenant), seconds=PATIENCE)

            server.flushall()  # under a worker and a beat that had everything declared
            change(tenant, system, "Support")
            assert becomes(lambda: relayed(tenant), seconds=PATIENCE)
    server.close()
