"""Scoped managers are the first wall between tenants, row-level security the second. Each is taken away on purpose."""

from typing import Any

import pytest
from django.db import connection

from apps.tenants.models import TenantScopedManager
from apps.tenants.row_security import owned_models
from tests.security import walk
from tests.security.walk import Worlds

postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql",
    reason="row-level security is PostgreSQL's; bin/test --services has one",
)


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


@postgresql
def test_the_second_wall_holds_alone(worlds: Worlds, first_wall_down: None) -> None:
    assert walk.reached_in_another_organisation(worlds) == []
    assert walk.shown_of_another_organisation(worlds) == []
    assert walk.opened_without_a_session(worlds) == []


def test_the_first_wall_holds_alone(worlds: Worlds, second_wall_down: None) -> None:
    assert walk.reached_in_another_organisation(worlds) == []
    assert walk.shown_of_another_organisation(worlds) == []


def test_without_any_wall_the_same_walk_finds_the_breach(
    worlds: Worlds, first_wall_down: None, second_wall_down: None
) -> None:
    """Negative control: it is these two walls that the walks above ran against."""
    canary = worlds.globex.canary
    reached = walk.reached_in_another_organisation(worlds)
    assert any(f"console:user (console/users/<uuid:pk>/): GET shows {canary}" in fault for fault in reached)
    assert len({fault.split(":")[1] for fault in reached}) >= 20
    assert any("console:users" in fault for fault in walk.shown_of_another_organisation(worlds))
