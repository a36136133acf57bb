"""Pages through all accounts of an application, whatever it makes of startIndex and count, and keeps a row for each.

One page is in memory at a time. Between two pages accounts may come and go there: where the list has become shorter, it is read
again from so much earlier, so that nobody slips through; whoever is listed twice is kept once.
"""

import time
import uuid
from datetime import timedelta
from typing import Any

from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.directory.models import User
from apps.lib import http
from apps.lib.errors import SecretError
from apps.lib.retrying import backoff
from apps.lib.scim.reading import ReadList
from apps.lib.transactions import retried
from apps.provisioning import health, jobs, tasks
from apps.provisioning.client import ScimClient
from apps.provisioning.errors import CredentialsRefused, Rejected, TargetError
from apps.provisioning.gate import Gate
from apps.provisioning.imports.candidates import Candidate, read_candidate
from apps.provisioning.imports.leases import IMPORTS
from apps.provisioning.models import Import, ImportRow, ImportState, Integration, RemoteUser, RowState
from apps.provisioning.wire import REQUEST_SECONDS, Target

MOST_ROWS = 1_000_000
MOST_STALE_PAGES = 3
MOST_ATTEMPTS = 8  # failures in a row: about twenty minutes
SLOT_SECONDS = 8.0  # a slice of provisioning has the slot for five, and two more at the end
SLOT_POLL_SECONDS = 0.05
SLOT = timedelta(seconds=REQUEST_SECONDS + 10)  # is not renewed while the one request is under way
SMALLER_PAGES = {100: 20, 20: 5, 5: 1}


def read_page(run: Import) -> bool:
    """False at the end, and where it has to wait."""
    integration = Integration.objects.select_related("application").get(pk=run.integration_id)
    if words := why_not(run, integration):
        return _fail(run, words)
    slot = uuid.uuid4()
    if not _take_slot(integration, slot):
        IMPORTS.settle(run, not_before=integration.not_before)
        return False
    try:
        return _read_page_in_slot(run, integration, slot)
    finally:
        health.free_slot(integration, slot)
        if jobs.has_due(integration):  # a slice may have found the slot taken
            tasks.ring(str(integration.tenant_id), str(integration.pk))


def _read_page_in_slot(run: Import, integration: Integration, slot: uuid.UUID) -> bool:
    if words := why_not(run, integration):  # while the slot was waited for
        return _fail(run, words)
    try:
        target = Target(integration.base_url, integration.token, integration.dialect)
    except SecretError as error:
        return _fail(run, str(error))
    page: ReadList | None = None
    failure: TargetError | None = None
    gate = Gate(
        integration.rate,
        failures=integration.consecutive_failures,
        auth_failures=integration.consecutive_auth_failures,
    )
    try:
        page = http.run(ScimClient(target, gate).list_users(run.next_index, run.page_size))
    except TargetError as error:
        failure = error
    finally:
        health.note(integration, slot, gate)
    if page is None:
        return _trouble(run, failure)
    return _keep_page(run, integration, page)


def why_not(run: Import, integration: Integration) -> str:
    """Why this import may not go on, "" where it may: its ids mean something only where they come from."""
    if run.base_url != integration.base_url:
        return _("The base URL was changed. Read the accounts again.")
    if not integration.is_active:
        return _("Identity Management is not active.")
    return ""


def _take_slot(integration: Integration, slot: uuid.UUID) -> bool:
    """Among the slices of provisioning, so that the application never sees more requests at once than its limit, and none in a pause."""
    ends = time.monotonic() + SLOT_SECONDS
    while not health.take_slot(integration, slot, lasting=SLOT):
        integration.refresh_from_db(fields=["not_before"])
        if integration.is_paused or time.monotonic() >= ends:
            return False
        time.sleep(SLOT_POLL_SECONDS)
    return True


# --- one page


@retried
def _keep_page(run: Import, integration: Integration, page: ReadList) -> bool:
    listed = [read_candidate(document, integration.dialect) for document in page.resources]
    candidates = [each for each in listed if each is not None]
    unreadable = run.unreadable + len(listed) - len(candidates)
    fresh = _rows(run, integration, candidates)
    read = run.read + len(fresh)
    ImportRow.objects.bulk_create(fresh, batch_size=500)
    shrunk = max(0, run.total - page.total) if run.read else 0
    # Whoever moved up by so many places may have done so past us: from there once more.
    start = run.next_index - shrunk if shrunk else run.next_index + len(page.resources)
    progress: dict[str, Any] = {
        "next_index": max(1, start),
        "stale_pages": 0 if fresh else run.stale_pages + 1,
        "total": min(page.total, MOST_ROWS * 10),
        "read": read,
        "unreadable": unreadable,
        "attempts": 0,
        "problem": "",
        "not_before": None,
    }
    everything = bool(page.resources) and not fresh and read + unreadable >= page.total
    if not page.resources or everything or progress["stale_pages"] >= MOST_STALE_PAGES or read >= MOST_ROWS:
        finish_reading(run, **progress)
        return False
    IMPORTS.keep(run, **progress)
    return True


def _rows(run: Import, integration: Integration, candidates: list[Candidate]) -> list[ImportRow]:
    """New rows, and those refused that show two accounts under one id."""
    ids = {each.remote_id for each in candidates}
    known = {row.remote_id: row for row in ImportRow.objects.filter(run=run, remote_id__in=ids)}
    holders = dict(
        RemoteUser.objects.filter(integration=integration, remote_id__in=ids).values_list(
            "remote_id", "user_id"
        )
    )
    here = set(User.objects.filter(pk__in=holders.values()).values_list("pk", flat=True))
    fresh: dict[str, ImportRow] = {}
    for each in candidates:
        before = known.get(each.remote_id) or fresh.get(each.remote_id)
        if before is None:
            holder = holders.get(each.remote_id)
            fresh[each.remote_id] = _row(run, each, holder if holder in here else None)
        elif (before.user_name, before.email) != (each.user_name, each.email):
            _refuse_clash(before, saved=each.remote_id in known)
    return list(fresh.values())


def _row(run: Import, each: Candidate, holder: uuid.UUID | None) -> ImportRow:
    state = RowState.REFUSED if each.problem else RowState.NEW
    return ImportRow(
        run=run,
        remote_id=each.remote_id,
        name=each.name,
        user_name=each.user_name,
        email=each.email,
        email_key=each.email_key,
        active=each.active,
        fields=each.fields,
        sent=each.sent,
        state=RowState.IMPORTED if holder else state,
        problem="" if holder else each.problem,
        user_id=holder,
    )


def _refuse_clash(row: ImportRow, *, saved: bool) -> None:
    row.problem = _("The application lists two accounts with this id.")
    row.state = RowState.REFUSED
    if saved:
        row.save(update_fields=["state", "problem"])


# --- the end


def finish_reading(run: Import, **progress: Any) -> None:
    """Also of what is there so far, when somebody stops it."""
    read, unreadable = progress.get("read", run.read), progress.get("unreadable", run.unreadable)
    total = progress.get("total", run.total)
    _tell_of_shared_addresses(run)
    notes = []
    if read >= MOST_ROWS:
        notes.append(_("The list was cut after %(most)s accounts.") % {"most": MOST_ROWS})
    elif read + unreadable < total:
        notes.append(
            _("The application says that it has %(total)s accounts, but listed only %(read)s.")
            % {"total": total, "read": read}
        )
    if unreadable:
        notes.append(
            _("%(count)s entries have no id that could be used and are left out.") % {"count": unreadable}
        )
    progress |= {"state": ImportState.READY, "read_at": timezone.now(), "problem": " ".join(notes)}
    IMPORTS.settle(run, **progress)


def _tell_of_shared_addresses(run: Import) -> None:
    new = ImportRow.objects.filter(run=run, state=RowState.NEW).exclude(email_key="")
    shared = new.order_by().values("email_key").annotate(rows=Count("id")).filter(rows__gt=1)
    new.filter(email_key__in=shared.values("email_key")).update(problem=shared_address())


def shared_address() -> str:
    return _("Another account there has the same e-mail address. Choose one of them.")


# --- when it does not answer


def _trouble(run: Import, error: TargetError | None) -> bool:
    words = error.detail if error else _("The application asked for a pause.")
    attempts = run.attempts + 1
    answered = error is not None and error.status is not None and 200 <= error.status < 300
    if isinstance(error, CredentialsRefused):
        return _fail(run, words)
    if error is not None and error.outcome == "permanent":
        if isinstance(error, Rejected) and run.page_size and not run.read:  # some refuse `count`
            IMPORTS.keep(run, page_size=0, attempts=attempts)
            return True
        if run.read and run.read + run.unreadable >= run.total:  # some refuse to go beyond the end
            finish_reading(run)
            return False
        return _fail(run, words)
    if answered and run.page_size in SMALLER_PAGES:  # it may have been too large to be taken
        IMPORTS.keep(run, page_size=SMALLER_PAGES[run.page_size], attempts=attempts)
        return True
    if attempts >= MOST_ATTEMPTS:
        return _fail(run, words)
    pause = timedelta(seconds=error.retry_after or 0) if error else timedelta(0)
    wait = max(pause, backoff(attempts))
    IMPORTS.settle(run, attempts=attempts, problem=words[:1000], not_before=timezone.now() + wait)
    return False


def _fail(run: Import, words: str) -> bool:
    """What was read so far stays, and reading can go on from there."""
    IMPORTS.settle(run, state=ImportState.FAILED, problem=words[:1000], attempts=0, not_before=None)
    return False
