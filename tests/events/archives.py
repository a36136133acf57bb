"""A log with some age, and its archives."""

from datetime import timedelta
from pathlib import Path

import time_machine
from django.utils import timezone

from apps.events import chain, checkpoints
from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.archiving import files, work
from apps.events.models import EventSeal
from apps.events.types import EventType
from apps.tenants.models import Tenant

AGES = (400, 300, 200, 1)  # days before now, five events and a checkpoint each


def write_log(system: Actor) -> Actor:
    """Twenty events."""
    for age in AGES:
        with time_machine.travel(timezone.now() - timedelta(days=age)):
            for number in range(5):
                target = Target("user", str(number), f"User {number} of {age}")
                record(EventType.USER_UPDATE, actor=system, target=target)
            chain.seal()
            checkpoints.make_checkpoint()
    return system


def archive() -> None:
    while work.archive_one():
        continue


def archived_files(tenant: Tenant) -> list[Path]:
    return sorted(files.folder_of(tenant.pk).glob("*.jsonl.gz"))


def sequences() -> list[int]:
    return list(EventSeal.objects.order_by("sequence").values_list("sequence", flat=True))
