"""A slice of work on one import: pages are read, or chosen rows are taken in. Whatever kills this process, the next one goes on."""

import time
import uuid

from apps.lib.correlation import correlated
from apps.provisioning.imports import purge, reader, taking_in
from apps.provisioning.imports.leases import IMPORTS
from apps.provisioning.models import Import, ImportState
from apps.tenants.leases import LeaseLost

SLICE_SECONDS = 5.0  # of one task; then others have their turn


def work(run_id: uuid.UUID) -> bool:
    """True when more is due now."""
    run = IMPORTS.claim(run_id)
    if run is None:
        return False
    step = reader.read_page if run.state == ImportState.READING else taking_in.take_in_chunk
    ends = time.monotonic() + SLICE_SECONDS
    try:
        purge.forget_older(run)
        with correlated(run.pk):
            while step(run) and time.monotonic() < ends:
                continue
        _give_back(run)
    except LeaseLost:
        return False
    return IMPORTS.is_due(run_id)


def _give_back(run: Import) -> None:
    if run.lease_token is not None:
        IMPORTS.settle(run)
