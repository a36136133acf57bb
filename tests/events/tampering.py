"""What somebody with the database, and without the keys, can do: past the model, the triggers and, on PostgreSQL, the policies."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.db import connection

from apps.events.chain import digest_of, document_of, seal_id
from apps.events.models import Event, EventSeal
from apps.tenants.append_only import NAME, append_only_tables, build_triggers


@contextmanager
def past_the_triggers() -> Iterator[None]:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in append_only_tables():
            for statement in _dropping(table):
                cursor.execute(statement)
    yield
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for table in append_only_tables():
                cursor.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    build_triggers(apps.get_app_config("events"), using="default")


def _dropping(table: str) -> list[str]:
    if connection.vendor == "postgresql":
        dropping = [f"DROP TRIGGER {NAME}_{which} ON {table}" for which in ("rows", "whole")]
        return [*dropping, f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY"]
    return [f"DROP TRIGGER {table}_{what}" for what in ("update", "delete")]


def change(model: Any, pk: Any, **columns: Any) -> None:
    model.unscoped.filter(pk=pk).update(**columns)


def remove(*seals: EventSeal) -> None:
    keys = [seal.event_id for seal in seals]
    EventSeal.unscoped.filter(event_id__in=keys).delete()
    Event.unscoped.filter(pk__in=keys).delete()


def compute_anew(since: int) -> None:
    """Every digest from `since` on, so that the chain is right in itself: the rows in their order, numbered without a gap."""
    before = EventSeal.objects.filter(sequence__lt=since).order_by("sequence").last()
    sequence, digest = (before.sequence, before.digest) if before else (0, "0" * 64)
    for seal in list(
        EventSeal.objects.filter(sequence__gte=since).order_by("sequence").select_related("event")
    ):
        sequence, digest = sequence + 1, digest_of(document_of(seal.event), digest)
        # On its way no two seals may have one sequence: they only ever go down, in order.
        change(EventSeal, seal.pk, id=seal_id(digest), sequence=sequence, digest=digest)
