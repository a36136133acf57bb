"""What a worker process does about Python's garbage collection when it begins."""

import gc

import pytest
from celery.signals import worker_process_init

from portal.celery import OBJECTS_BETWEEN_COLLECTIONS


@pytest.fixture
def collecting():
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


@pytest.mark.usefixtures("collecting")
def test_what_was_loaded_is_gone_through_no_more_and_the_young_seldom():
    assert gc.get_freeze_count() < 1000 < OBJECTS_BETWEEN_COLLECTIONS
    worker_process_init.send(sender=None)
    assert gc.get_freeze_count() > 1000
    assert gc.get_threshold()[0] == OBJECTS_BETWEEN_COLLECTIONS
    assert gc.isenabled()
