import time
from typing import Any

import structlog
from celery import shared_task
from kombu.exceptions import OperationalError

from apps.outbox import relay as outbox_relay
from apps.outbox import signs_of_life
from apps.tenants.tasks import TenantTask

log = structlog.get_logger(__name__)
SLICE_SECONDS = 5.0  # of one task; then somebody else has their turn


@shared_task(base=TenantTask)
def relay(tenant_id: str) -> None:
    """Until nothing is left: what was published while a batch was being served did not ring for itself."""
    ends = time.monotonic() + SLICE_SECONDS
    while outbox_relay.drain():  # one batch a transaction
        if time.monotonic() > ends:
            ring(tenant_id)
            return


def ring(tenant_id: str) -> None:
    """A hint. With the broker away the sweeper finds the entries within its five seconds."""
    try:
        relay.delay(tenant_id)
    except (OperationalError, OSError) as error:
        log.warning("ring_lost", tenant_id=tenant_id, error=type(error).__name__)


@shared_task(bind=True)
def sweep(self: Any) -> None:
    """Beat, every 5 s: repairs a lost broker, a dead worker, a missed hint."""
    signs_of_life.note(str(self.request.hostname or "here"))
    for tenant_id in outbox_relay.waiting_tenant_ids():
        relay.delay(tenant_id)
    outbox_relay.sweep_all()
