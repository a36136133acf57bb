"""
How many people there are, and where in the order of their arrival one stands, without counting them (docs/decisions/0039): triggers keep
both in the transaction of whoever comes or goes, whichever way they are written.

On PostgreSQL a transaction adds to the first of the tenant's rows that nobody else is just adding to, or to a new one: nobody waits, and
there are about as many rows as there were once writers at the same time; moments are remembered from what was read (apps.directory.landmarks). SQLite has one writer; there each row stands for a thousand people or
so who came one after the other. A migration that makes the table of the counts anew on SQLite has to drop the triggers first: they name it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.apps import AppConfig
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Sum

from apps.directory.landmarks import Landmark, nearest
from apps.directory.models import Headcount, User
from apps.tenants.context import in_tenant
from apps.tenants.models import Tenant
from apps.tenants.prepared import PreparedQuery

TOGETHER = 1000  # people in a row of SQLite's, more only where they came at the same time
BEGINNING = datetime(1000, 1, 1, tzinfo=UTC)  # nobody came before
PEOPLE, COUNTS = "directory_user", "directory_headcount"
NAME = "gatehouse_headcount"
COMING, GOING, MOVING = (f"{NAME}_{what}" for what in ("insert", "delete", "update"))

# Where no row is left the tenant itself is about to go: its counts went before its people.
FUNCTION = f"""
CREATE OR REPLACE FUNCTION {NAME}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    change record;
    free uuid;
BEGIN
    FOR change IN
        SELECT tenant_id, CASE TG_OP WHEN 'INSERT' THEN count(*) ELSE -count(*) END AS people FROM changed GROUP BY tenant_id
    LOOP
        SELECT id INTO free FROM {COUNTS} WHERE tenant_id = change.tenant_id ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED;
        IF FOUND THEN
            UPDATE {COUNTS} SET people = people + change.people, gone = gone + greatest(-change.people, 0) WHERE id = free;
        ELSIF change.people > 0 OR EXISTS (SELECT FROM {COUNTS} WHERE tenant_id = change.tenant_id) THEN
            INSERT INTO {COUNTS} (id, tenant_id, since, people, gone)
            VALUES (gen_random_uuid(), change.tenant_id, '{BEGINNING}', change.people, greatest(-change.people, 0));
        END IF;
    END LOOP;
    RETURN NULL;
END $$
"""  # noqa: S608 - names of ours, as below
AFTER = (
    f"CREATE TRIGGER {{}} AFTER {{}} ON {PEOPLE} REFERENCING {{}} TABLE AS changed"
    f" FOR EACH STATEMENT EXECUTE FUNCTION {NAME}()"
)
ON_POSTGRESQL = {COMING: AFTER.format(COMING, "INSERT", "NEW"), GOING: AFTER.format(GOING, "DELETE", "OLD")}


def _counted(person: str, people: str) -> str:
    return f"""
        UPDATE {COUNTS} SET people = people {people} WHERE id = (
            SELECT id FROM {COUNTS} WHERE tenant_id = {person}.tenant_id AND since <= {person}.created_at
            ORDER BY since DESC LIMIT 1
        );"""  # noqa: S608


# A new row begins with somebody who came after all others.
BEGUN = f"""
    INSERT INTO {COUNTS} (id, tenant_id, since, people, gone)
    SELECT lower(hex(randomblob(16))), NEW.tenant_id, iif(newest IS NULL, '{BEGINNING:%Y-%m-%d %H:%M:%S}', NEW.created_at), 0, 0
    FROM (SELECT (SELECT people FROM {COUNTS} WHERE tenant_id = NEW.tenant_id ORDER BY since DESC LIMIT 1) AS newest)
    WHERE newest IS NULL OR newest >= {TOGETHER} AND NOT EXISTS (
        SELECT 1 FROM {PEOPLE} WHERE tenant_id = NEW.tenant_id AND created_at >= NEW.created_at AND id <> NEW.id
    );
"""  # noqa: S608
MOVED = _counted("OLD", "- 1") + _counted("NEW", "+ 1")
ON_SQLITE = {
    COMING: f"CREATE TRIGGER {COMING} AFTER INSERT ON {PEOPLE} BEGIN {BEGUN} {_counted('NEW', '+ 1')} END",
    GOING: f"CREATE TRIGGER {GOING} AFTER DELETE ON {PEOPLE} BEGIN {_counted('OLD', '- 1')} END",
    MOVING: f"CREATE TRIGGER {MOVING} AFTER UPDATE OF created_at ON {PEOPLE} BEGIN {MOVED} END",
}

_ALL = PreparedQuery(
    lambda: Headcount.objects.values("tenant").annotate(all=Sum("people")).values_list("all")
)
_GONE = PreparedQuery(lambda: Headcount.objects.values("tenant").annotate(all=Sum("gone")).values_list("all"))
_IN_ORDER = PreparedQuery(
    lambda: (
        Headcount.objects.values("since")
        .annotate(all=Sum("people"))
        .order_by("since")
        .values_list("since", "all")
    )
)


def people_there() -> int:
    """As `User.objects.count()`."""
    return sum(people for (people,) in _ALL.rows())


def nearest_before(position: int) -> Landmark:
    """A moment, and how many came before it: at most `position`. Whoever is at that position, in order of arrival and from 0, came since."""
    if connections[DEFAULT_DB_ALIAS].vendor == "postgresql":
        gone = sum(number for (number,) in _GONE.rows())
        return nearest(position, int(gone), BEGINNING)
    found, before = BEGINNING, 0
    rows = iter(_IN_ORDER.rows())
    _, passed = next(rows, (BEGINNING, 0))
    for since, people in rows:
        if passed > position:
            break
        found, before = since, passed
        passed += people
    return Landmark(found.replace(tzinfo=UTC), before)  # SQLite's driver knows of no zones


def keep_counts(sender: AppConfig, using: str, **_: Any) -> None:
    """After each migration: the triggers, where they are missing, and then the counts that nobody kept meanwhile."""
    database = connections[using]
    if sender.label != Headcount._meta.app_label:  # noqa: SLF001 - Django's documented Meta API
        return
    with transaction.atomic(using=using), database.cursor() as cursor:
        tables = set(database.introspection.table_names(cursor))
        if not {PEOPLE, COUNTS} <= tables:
            return
        columns = {each.name for each in database.introspection.get_table_description(cursor, COUNTS)}
        # On the way back to an older migration there is not yet what these triggers write; that version has triggers of its own.
        if "gone" in columns and _triggers(database).keys() - triggers_there(database):
            # On PostgreSQL the first CREATE TRIGGER keeps writers away until all are counted.
            drop_triggers(database)
            if database.vendor == "postgresql":
                cursor.execute(FUNCTION)
            for statement in _triggers(database).values():
                cursor.execute(statement)
            _count_anew(using)


def triggers_there(database: BaseDatabaseWrapper) -> set[str]:
    catalogue = {"postgresql": "SELECT tgname FROM pg_trigger", "sqlite": "SELECT name FROM sqlite_master"}
    with database.cursor() as cursor:
        cursor.execute(catalogue[database.vendor])
        return {name for (name,) in cursor.fetchall()} & {COMING, GOING, MOVING}


def drop_triggers(database: BaseDatabaseWrapper) -> None:
    """Before the table of the counts goes."""
    on = f" ON {PEOPLE}" if database.vendor == "postgresql" else ""
    with database.cursor() as cursor:
        for trigger in _triggers(database):
            cursor.execute(f"DROP TRIGGER IF EXISTS {trigger}{on}")


def _triggers(database: BaseDatabaseWrapper) -> dict[str, str]:
    return ON_POSTGRESQL if database.vendor == "postgresql" else ON_SQLITE


def _count_anew(using: str) -> None:
    together = TOGETHER if connections[using].vendor == "sqlite" else None
    for tenant in Tenant.objects.using(using).only("pk"):
        with in_tenant(tenant):
            Headcount.objects.using(using).all().delete()
            people = User.objects.using(using)
            moments = people.order_by("created_at").values_list("created_at", flat=True)
            counts = _rows(moments.iterator(), together) if together else iter([(BEGINNING, people.count())])
            rows = [Headcount(since=since, people=number) for since, number in counts]
            Headcount.objects.using(using).bulk_create(rows)


def _rows(moments: Iterator[datetime], together: int) -> Iterator[tuple[datetime, int]]:
    """Whoever came at the same time stays together."""
    since, people, last = BEGINNING, 0, BEGINNING
    for moment in moments:
        if people >= together and moment != last:
            yield since, people
            since, people = moment, 0
        people, last = people + 1, moment
    yield since, people
