"""
What a test has committed goes, append-only rows as well. Django would empty every table (PostgreSQL makes all their files anew), and then build
walls, triggers and permissions again, which takes ten times as long; here rows are deleted where there are any.
"""

from django.db import connection, transaction

from apps.tenants import append_only
from apps.tenants.context import every_tenant, in_tenant, outside_tenants
from apps.tenants.models import Tenant
from apps.tenants.row_security import owned_models

OF_THE_MIGRATIONS = {"django_content_type", "auth_permission"}  # as they left them


def empty() -> None:
    """Foreign keys are checked at the end of the transaction: no order of the tables matters."""
    if connection.vendor == "postgresql":
        _empty_behind_walls()
    else:
        with transaction.atomic(), append_only._door(append_only.EVERYTHING):
            _delete(filled())


def _empty_behind_walls() -> None:
    """Each organisation's rows are seen, and let go, only from inside it."""
    owned = {model._meta.db_table for model in owned_models()}
    with transaction.atomic():
        found = filled()
        for tenant in Tenant.objects.all():
            with in_tenant(tenant), append_only.removing(tenant.pk):
                _delete(found & owned)
        with outside_tenants():
            _delete(found - owned)


def filled() -> set[str]:
    """Tables with rows, whoever's they are."""
    tables = set(connection.introspection.django_table_names(only_existing=True)) - OF_THE_MIGRATIONS
    questions = [f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {table})" for table in sorted(tables)]
    with every_tenant(), connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(questions))
        return {table for (table,) in cursor.fetchall()}


def _delete(tables: set[str]) -> None:
    with connection.cursor() as cursor:
        for table in sorted(tables):
            cursor.execute(f"DELETE FROM {table}")
