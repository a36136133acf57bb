from typing import Any

import pytest
from django.db import connection

from apps.tenants.models import TenantScopedManager
from apps.tenants.prepared import TENANT, _Plan
from apps.tenants.row_security import owned_models
from tests.security.walk import Worlds
from tests.security.world import make_world


@pytest.fixture
def worlds(db: None) -> Worlds:
    return Worlds(make_world("acme"), make_world("globex"))


@pytest.fixture
def first_wall_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """`objects` sees the rows of every tenant, also in statements that are compiled once."""

    def unscoped(self: Any) -> Any:
        return super(TenantScopedManager, self).get_queryset()

    scoped = _Plan.of

    def plan_of_anything(query: Any, connection: Any, marks: dict[str, Any]) -> _Plan:
        try:
            return scoped(query, connection, marks)
        except ValueError:  # it does not depend on the tenant
            return scoped(query, connection, {name: mark for name, mark in marks.items() if name != TENANT})

    monkeypatch.setattr(TenantScopedManager, "get_queryset", unscoped)
    monkeypatch.setattr(_Plan, "of", staticmethod(plan_of_anything))
    monkeypatch.setattr(connection, "prepared_statements", {}, raising=False)


@pytest.fixture
def second_wall_down(worlds: Worlds) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with checks waiting cannot be altered
            for model in owned_models():
                cursor.execute(f"ALTER TABLE {model._meta.db_table} DISABLE ROW LEVEL SECURITY")
