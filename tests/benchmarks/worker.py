"""The product's Celery application, and the task of the negative example beside it: `celery -A tests.benchmarks.worker`."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from portal.celery import app
from tests.benchmarks import task_each  # noqa: F401 - its task is registered

__all__ = ["app"]
