from typing import Any

import pytest
from django.db import connection

from apps.tenants.models import TenantScopedManager
from apps.tenants.row_security import owned_models
from tests.security.walk import Worlds
from tests.security.world import make_world


@pytest.fixture
def worlds(db: None) -> Worlds:
    return Worlds(make_world("acme"), make_world("globex"))


@pytest.fixture
def first_wall_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """`objects` sees the rows of every tenant."""

    def unscoped(self: Any) -> Any:
        return super(TenantScopedManager, self).get_queryset()

    monkeypatch.setattr(TenantScopedManager, "get_queryset", unscoped)


@pytest.fixture
def second_wall_down(worlds: Worlds) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with checks waiting cannot be altered
            for model in owned_models():
                cursor.execute(f"ALTER TABLE {model._meta.db_table} DISABLE ROW LEVEL SECURITY")
