"""An index that one database needs costs the other nothing (apps/tenants/indexes.py)."""

import pytest
from django.db import connection

from apps.directory.models import User
from apps.tenants.models import Tenant

pytestmark = pytest.mark.django_db
on_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="about SQLite")


def definition(name: str) -> str:
    """In SQL, as the database keeps it."""
    table, column, key = (
        ("sqlite_master", "sql", "name")
        if connection.vendor == "sqlite"
        else ("pg_indexes", "indexdef", "indexname")
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table} WHERE {key} = %s", [name])
        (found,) = cursor.fetchone()
    return str(found)


def test_the_index_by_name_alone_holds_people_on_postgresql() -> None:
    assert definition("user_name").endswith("WHERE 0") is (connection.vendor == "sqlite")


def test_other_indexes_hold_people_on_both() -> None:
    """The control."""
    assert "WHERE" not in definition("user_address")


@on_sqlite
def test_sqlite_finds_a_name_all_the_same(inside: Tenant) -> None:
    plan = User.objects.checked().filter(username_key="mia").order_by().explain()
    assert "USING INDEX sqlite_autoindex_directory_user_" in plan
    assert "(tenant_id=? AND username_key=?)" in plan
