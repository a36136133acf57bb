"""The Celery application: the doorbell. What is owed stands in the database (docs/walk.md, journey 4)."""

import gc
import os
from typing import Any

from celery import Celery
from celery.signals import worker_process_init

# Python counts 700 objects more than were let go until it looks for rings among them. A claim makes tens of thousands and keeps them
# until they are recorded: looking after them so often took a tenth of what a worker did (docs/performance.md).
OBJECTS_BETWEEN_COLLECTIONS = 10_000

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
app = Celery("gatehouse")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_process_init.connect
def collect_less(**_: Any) -> None:
    """What was loaded before the fork stays for good, so no collection goes through it again."""
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, *gc.get_threshold()[1:])
