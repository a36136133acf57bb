"""The limit holds for requests at the same moment, too. On PostgreSQL only a lock does that; SQLite has one writer at a time anyway."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, BrokenBarrierError

import pytest
from django.db import connections

from apps.tenants.context import in_tenant
from apps.webhooks import actions, feed
from apps.webhooks.errors import WebhookInvalid
from apps.webhooks.models import Webhook
from tests.webhooks.conftest import SYSTEM

pytestmark = pytest.mark.django_db(transaction=True)

REQUESTS = 2
PATIENCE_SECONDS = 2.0


def test_the_last_place_is_given_once(tenant, receiver, monkeypatch):
    monkeypatch.setattr(actions, "MOST_WEBHOOKS", 1)
    counted, latest = Barrier(REQUESTS), feed.latest

    def both_have_counted():
        """What comes right after the count: nobody goes on before the other one is here, or is held back."""
        try:
            counted.wait(PATIENCE_SECONDS)
        except BrokenBarrierError:
            return latest()
        return latest()

    monkeypatch.setattr(feed, "latest", both_have_counted)

    def add(number):
        try:
            with in_tenant(tenant):
                actions.add_webhook(actor=SYSTEM, name=f"Number {number}", url=receiver.url)
        except WebhookInvalid:
            return "refused"
        finally:
            connections.close_all()
        return "added"

    with ThreadPoolExecutor(REQUESTS) as pool:
        assert sorted(pool.map(add, range(REQUESTS))) == ["added", "refused"]
    with in_tenant(tenant):
        assert Webhook.objects.count() == 1
