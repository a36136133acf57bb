"""What an administrator decides about old events, and that somebody took a file of them along."""

import shutil
from uuid import UUID

from django.db import transaction

from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.archiving.files import folder_of, name_of
from apps.events.checkpoints import copies_of
from apps.events.models import EventCheckpoint, EventRetention
from apps.events.types import EventType
from apps.tenants.context import current_tenant_id
from apps.tenants.models import Tenant

CHOICES = (3, 6, 12, 24, 36, 84, 120)  # months


def months_kept() -> int | None:
    """None is for ever."""
    kept: int | None = EventRetention.objects.values_list("months", flat=True).first()
    return kept


@transaction.atomic
def set_retention(months: int | None, *, actor: Actor) -> None:
    """Raises ValueError for what is not one of CHOICES or None."""
    if months is not None and months not in CHOICES:
        raise ValueError(f"Events are kept for one of {CHOICES} months.")
    tenant = Tenant.objects.select_for_update(no_key=True).get(pk=current_tenant_id())
    before = months_kept()
    if before == months:
        return
    if months is None:
        EventRetention.objects.all().delete()
    else:
        EventRetention.objects.update_or_create(tenant=tenant, defaults={"months": months})
    changes = [{"field": "months", "from": before, "to": months}]
    record(
        EventType.EVENT_RETENTION_UPDATE,
        actor=actor,
        target=Target.of("organization", tenant),
        changes=changes,
    )


@transaction.atomic
def note_download(archived: EventCheckpoint, *, actor: Actor) -> None:
    """Before the first byte: who has the file has everything in it."""
    target = Target("archive", str(archived.pk), name_of(archived.archive["first"], archived.sequence))
    record(
        EventType.EVENT_ARCHIVE_DOWNLOAD,
        actor=actor,
        target=target,
        details={"sha256": archived.archive["sha256"]},
    )


def remove_files_on_commit(tenant_id: UUID) -> None:
    """Of an organisation that is deleted: what this machine has of its archives and checkpoints."""

    def remove() -> None:
        shutil.rmtree(folder_of(tenant_id), ignore_errors=True)
        copies_of(tenant_id).unlink(missing_ok=True)

    transaction.on_commit(remove)
