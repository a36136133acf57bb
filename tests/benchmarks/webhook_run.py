"""
One installation whose webhooks are measured: started by tests/benchmarks/webhooks.py, which says with its environment where the database
and the broker are. Events are written by this process, as a web process does; without a broker the embedded worker runs in it too.
"""

import asyncio
import json
import random
import sys
import time
import urllib.request
from pathlib import Path

import aiohttp
import django

django.setup()

from django.core.management import call_command
from django.db import transaction

from apps.events.actions import line, record_all, recorded
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.tenants.actions import create_tenant
from apps.tenants.context import in_tenant
from apps.webhooks import actions, feed
from apps.webhooks.models import Delivery, Webhook
from tests.benchmarks.engine_run import Run, wait_until

SYSTEM = Actor.system()
ABOUT = Target("user", "1", "Mia Example")


class Webhooks:
    def __init__(self, origin):
        self.origin = origin
        self.tenant = create_tenant(slug="bench", name="Bench")

    def delays(self, count):
        """Seconds from the commit of each event to the arrival of its request."""
        committed, found = {}, []
        for _ in range(count):
            time.sleep(random.uniform(0.1, 0.4))
            with in_tenant(self.tenant), transaction.atomic():
                event = recorded(EventType.USER_CREATE, actor=SYSTEM, target=ABOUT)
                transaction.on_commit(lambda pk=str(event.pk): committed.setdefault(pk, time.time()))
            wait_until(lambda: self.ask("count"), "the request", 0.02)
            for event_id, arrived in self.ask("arrivals").items():
                found.append(arrived - committed[event_id])
        if len(found) != count:
            raise RuntimeError(f"{len(found)} arrived of {count}")
        return found

    def throughput(self, count):
        """Seconds from the commit of `count` events until the last is written down as delivered."""
        with in_tenant(self.tenant):
            before = self.delivered()
            lines = [line(EventType.USER_UPDATE, actor=SYSTEM, target=ABOUT) for _ in range(count)]
            with transaction.atomic():
                record_all(lines)
            began = time.monotonic()
            wait_until(lambda: self.delivered() - before >= count, "the deliveries", 0.05)
            seconds = time.monotonic() - began
            body = Delivery.objects.order_by("-position").values_list("body", flat=True)[0]
        self.ask("arrivals")
        return seconds, body

    def add(self):
        with in_tenant(self.tenant):
            actions.add_webhook(
                actor=SYSTEM, name="One", url=f"{self.origin}/hooks/one", event_groups=["people"]
            )
            feed.seal_now()
            Webhook.objects.update(cursor=feed.latest())

    def delivered(self):
        return Delivery.objects.filter(state="delivered").count()

    def ask(self, what):
        with urllib.request.urlopen(f"{self.origin}/{what}") as answer:
            return json.load(answer)


async def bare(url, body, count):
    """Seconds of the ceiling: the same request over one connection that is kept, one after the other, and nothing else."""
    async with aiohttp.ClientSession() as session:
        began = time.monotonic()
        for number in range(count):
            async with session.post(url, data=body.encode(), headers={"webhook-id": str(number)}) as answer:
                await answer.read()
        return time.monotonic() - began


def main(asked):
    call_command("migrate", verbosity=0)
    run = Run(None, 1, Path(asked["folder"]))
    webhooks = Webhooks(asked["receiver"])
    webhooks.add()
    with run.workers():
        webhooks.delays(3)  # warm
        found = {"delays": webhooks.delays(asked["delays"]), "rounds": []}
        for _ in range(asked["rounds"]):
            seconds, body = webhooks.throughput(asked["events"])
            ceiling = asyncio.run(bare(f"{asked['receiver']}/hooks/bare", body, asked["events"]))
            webhooks.ask("arrivals")
            found["rounds"].append((seconds, ceiling))
    Path(asked["answer"]).write_text(json.dumps(found))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
