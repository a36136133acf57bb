"""A slice of work on one run: rows of a file are checked, or the act is done. Whatever kills this process, the next one goes on."""

import time
import uuid

from apps.accounts.models import RunState
from apps.accounts.people_runs import acting, checking
from apps.accounts.people_runs.leases import RUNS
from apps.lib.correlation import correlated
from apps.lib.language import for_the_record
from apps.tenants.leases import LeaseLost

SLICE_SECONDS = 5.0  # of one task; then others have their turn


def work(run_id: uuid.UUID) -> bool:
    """True when more is due now."""
    run = RUNS.claim(run_id)
    if run is None:
        return False
    step = checking.check_chunk if run.state == RunState.CHECKING else acting.act_on_chunk
    ends = time.monotonic() + SLICE_SECONDS
    try:
        with (
            for_the_record(),
            correlated(run.pk),
        ):  # why somebody was refused is kept, and read by others than whoever asks now
            while step(run) and time.monotonic() < ends:
                continue
        if run.lease_token is not None:
            RUNS.settle(run)
    except LeaseLost:
        return False
    return RUNS.is_due(run_id)
