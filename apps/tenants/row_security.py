"""Row-level security on every table of a tenant's: what the setting `gatehouse.tenant` lets the database show (docs/decisions/0007)."""

from typing import Any

from django.apps import AppConfig, apps
from django.db import connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from apps.tenants.context import EVERY
from apps.tenants.models import TenantOwned

SETTING = "(SELECT current_setting('gatehouse.tenant', true))"
OWN = f"tenant_id = (SELECT nullif(nullif(current_setting('gatehouse.tenant', true), ''), '{EVERY}')::uuid)"
# A subselect, so that the setting is read once a query. A rule that changes gets a new name: names are what is compared.
POLICIES = {
    "tenant_rows": f"USING ({OWN}) WITH CHECK ({OWN})",
    "tenant_walk": f"FOR SELECT USING ({SETTING} = '{EVERY}')",
}
GUARDED = """
    SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity
    AND ARRAY(SELECT polname::text FROM pg_policy WHERE polrelid = pg_class.oid ORDER BY 1) = %s
"""


def owned_models(app: AppConfig | None = None) -> list[type[models.Model]]:
    found = app.get_models() if app else apps.get_models()
    return [model for model in found if issubclass(model, TenantOwned) and model._meta.managed]  # noqa: SLF001 - Django's documented Meta API


def unguarded_tables(connection: BaseDatabaseWrapper, app: AppConfig | None = None) -> list[str]:
    """Tables that are there and lack exactly these policies, enabled and forced. Always none on another database than PostgreSQL."""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(GUARDED, [sorted(POLICIES)])
        guarded = {name for (name,) in cursor.fetchall()}
        tables = set(connection.introspection.table_names(cursor))
    wanted = {model._meta.db_table for model in owned_models(app)}  # noqa: SLF001
    return sorted(wanted & tables - guarded)


def build_walls(sender: AppConfig, using: str, **_: Any) -> None:
    """After each migration, for tables that are new. FORCE: the owner, whose role the portal runs under, is not exempt."""
    connection = connections[using]
    for table in unguarded_tables(connection, sender):
        name = connection.ops.quote_name(table)
        with transaction.atomic(using=using), connection.cursor() as cursor:
            cursor.execute("SELECT polname FROM pg_policy WHERE polrelid = %s::regclass", [name])
            for (policy,) in cursor.fetchall():
                cursor.execute(f"DROP POLICY {connection.ops.quote_name(policy)} ON {name}")
            for policy, rule in POLICIES.items():
                cursor.execute(f"CREATE POLICY {policy} ON {name} {rule}")
            cursor.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
