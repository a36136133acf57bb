from celery import shared_task

from apps.outbox import relay as outbox_relay
from apps.tenants.tasks import TenantTask


@shared_task(base=TenantTask)
def relay(tenant_id: str) -> None:
    while outbox_relay.drain() == outbox_relay.BATCH:  # one batch a transaction
        continue


@shared_task
def sweep() -> None:
    """Beat, every 5 s: repairs a lost broker, a dead worker, a missed hint."""
    for tenant_id in outbox_relay.waiting_tenant_ids():
        relay.delay(tenant_id)
    outbox_relay.sweep_all()
