"""What an administrator may do with an import: begin, choose, stop, go on. Change, event and ring in one transaction."""

import uuid
from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.lib.language import for_the_record, written
from apps.provisioning.errors import ImportRefused
from apps.provisioning.imports import tasks
from apps.provisioning.imports.leases import IMPORTS, UNDER_WAY
from apps.provisioning.imports.reader import finish_reading, shared_address, why_not
from apps.provisioning.models import Import, ImportRow, ImportState, Integration, RowState

MOST_CHOSEN = 1000  # ids in one request; all new ones need none


@transaction.atomic
def start_import(integration: Integration, *, actor: Actor) -> Import:
    """The application's accounts are read by a worker. Raises ImportRefused."""
    integration = Integration.objects.select_for_update().get(pk=integration.pk)
    if not integration.is_active:
        raise ImportRefused({"__all__": [_("Identity Management is not active.")]})
    if Import.objects.filter(integration=integration, state__in=UNDER_WAY).exists():
        raise ImportRefused({"__all__": [_("An import from this application is under way.")]})
    run = Import(
        integration=integration,
        base_url=integration.base_url,
        page_size=min(100, integration.dialect.page_limit),
    )
    _act(run, actor)
    run.save(force_insert=True)
    _record(EventType.IDM_IMPORT_START, run, actor)
    tasks.ring_on_commit(run.pk)
    return run


@transaction.atomic
def select_rows(run: Import, rows: Collection[uuid.UUID] | None, *, actor: Actor) -> Import:
    """Takes in these rows, or with None everybody who is new and could be. Raises ImportRefused."""
    run = _locked(run)
    if run.state != ImportState.READY:
        raise ImportRefused({"__all__": [_("There is nothing to choose from now.")]})
    if words := why_not(run, run.integration):
        raise ImportRefused({"__all__": [words]})
    chosen = ImportRow.objects.filter(run=run)
    if rows is None:
        chosen = chosen.importable()
    else:
        if len(rows) > MOST_CHOSEN:
            raise ImportRefused({"rows": [_("At most %(most)s at once.") % {"most": MOST_CHOSEN}]})
        chosen = chosen.filter(state=RowState.NEW, pk__in=rows)
    run.selection += 1
    count = chosen.update(state=RowState.WAITING, selection=run.selection, problem="")
    if not count:
        raise ImportRefused({"rows": [_("Choose at least one account that is new.")]})
    run.refused = _refuse_shared_addresses(run)
    run.selected, run.created, run.linked = count, 0, 0
    run.state, run.problem, run.not_before, run.attempts = ImportState.IMPORTING, "", None, 0
    _act(run, actor)
    run.save()
    _record(EventType.IDM_IMPORT_SELECT, run, actor, selected=count)
    tasks.ring_on_commit(run.pk)
    return run


def _refuse_shared_addresses(run: Import) -> int:
    """Which of two accounts is somebody's own is not for us to guess."""
    waiting = ImportRow.objects.filter(run=run, state=RowState.WAITING)
    shared = waiting.order_by().values("email_key").annotate(rows=Count("id")).filter(rows__gt=1)
    twice = waiting.filter(email_key__in=shared.values("email_key"))
    with for_the_record():
        refused: int = twice.update(state=RowState.NEW, problem=shared_address())
    return refused


@transaction.atomic
def stop_import(run: Import, *, actor: Actor) -> Import:
    """What was read, and whoever was taken in, stays. Nothing where nothing is under way."""
    run = _locked(run)
    if run.state == ImportState.READING:
        finish_reading(run)
    elif run.state == ImportState.IMPORTING:
        left = ImportRow.objects.filter(run=run, state=RowState.WAITING)
        words = gettext_lazy("The import was stopped before this account had its turn.")
        stopped = left.update(state=RowState.NEW, problem=written(words))
        IMPORTS.settle(
            run, state=ImportState.READY, imported_at=timezone.now(), refused=run.refused + stopped
        )
        _record(EventType.IDM_IMPORT_FINISH, run, actor, stopped=stopped)
    return run


@transaction.atomic
def resume_import(run: Import, *, actor: Actor) -> Import:
    """Reading goes on where it failed. Raises ImportRefused."""
    run = _locked(run)
    if run.state != ImportState.FAILED:
        return run
    if words := why_not(run, run.integration):
        raise ImportRefused({"__all__": [words]})
    if Import.objects.filter(integration=run.integration, state__in=UNDER_WAY).exists():
        raise ImportRefused({"__all__": [_("An import from this application is under way.")]})
    run.state, run.problem, run.not_before, run.attempts = ImportState.READING, "", None, 0
    _act(run, actor)
    run.save()
    _record(EventType.IDM_IMPORT_START, run, actor, resumed=True)
    tasks.ring_on_commit(run.pk)
    return run


def _locked(run: Import) -> Import:
    found: Import = (
        Import.objects.select_for_update(of=("self",))
        .select_related("integration__application")
        .get(pk=run.pk)
    )
    return found


def _act(run: Import, actor: Actor) -> None:
    run.actor_kind, run.actor_id, run.actor_name = actor.kind, actor.id, actor.name[:255]


def _record(event_type: EventType, run: Import, actor: Actor, **details: Any) -> None:
    target = Target.of("application", run.integration.application)
    record(
        event_type,
        actor=actor,
        target=target,
        application=target,
        details={"import": str(run.pk)} | details,
        correlation_id=run.pk,
    )
