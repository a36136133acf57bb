"""The second wall: what PostgreSQL shows and takes when code forgets to ask for its own tenant's rows alone."""

import random
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import pytest
from django.apps import apps
from django.db import (
    DatabaseError,
    IntegrityError,
    ProgrammingError,
    connection,
    connections,
    models,
    transaction,
)
from django.db.models.signals import post_migrate

from apps.directory.actions import add_group, add_member, add_user
from apps.directory.models import Group, User
from apps.events.models import Event
from apps.tenants import checks, row_security
from apps.tenants.actions import remove_tenant
from apps.tenants.context import every_tenant, in_tenant, outside_tenants, visible_rows
from apps.tenants.models import Tenant

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        connection.vendor != "postgresql",
        reason="row-level security is PostgreSQL's; bin/test --services has one",
    ),
]


def setting() -> str:
    """As the server has it, asked with a statement that brings nothing along."""
    (value,) = (
        connection.connection.pgconn.exec_(
            b"SELECT coalesce(current_setting('gatehouse.tenant', true), '')"
        ).get_value(0, 0),
    )
    return value.decode()


@pytest.fixture
def groups(tenant: Tenant, other_tenant: Tenant, system: Any) -> dict[str, Group]:
    found = {}
    for each in (tenant, other_tenant):
        with in_tenant(each):
            found[each.slug] = add_group(actor=system, name=f"Engineering of {each.slug}")
    return found


def names() -> list[str]:
    return sorted(group.name for group in Group.unscoped.all())


def test_the_address_of_a_postgresql_chooses_the_backend_with_the_wall():
    assert connection.settings_dict["ENGINE"] == "apps.tenants.postgresql"


# Every table -----------------------------------------------------------------------------------------------------


def test_every_table_of_a_tenant_is_guarded():
    tables = {model._meta.db_table for model in row_security.owned_models()}
    assert "directory_user" in tables
    assert row_security.unguarded_tables(connection) == []


def test_a_table_whose_guard_is_gone_is_found_and_mended_by_the_next_migration():
    directory = apps.get_app_config("directory")
    for spoil in (
        "ALTER TABLE directory_group NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE directory_group DISABLE ROW LEVEL SECURITY",
        "DROP POLICY tenant_rows ON directory_group",
        "CREATE POLICY everybody ON directory_group USING (true)",
    ):
        with connection.cursor() as cursor:
            cursor.execute(spoil)
        assert row_security.unguarded_tables(connection) == ["directory_group"], spoil
        assert [warning.id for warning in checks.tables_are_guarded(["default"])] == ["gatehouse.W003"]
        row_security.build_walls(sender=directory, using="default")
        assert row_security.unguarded_tables(connection) == []


def test_each_migration_builds_the_walls():
    assert row_security.build_walls in post_migrate._live_receivers(None)[0]


# Reading ---------------------------------------------------------------------------------------------------------


def test_outside_any_tenant_no_row_is_shown(groups):
    assert names() == []


def test_a_tenant_is_shown_its_own_rows_alone(groups, tenant):
    with in_tenant(tenant):
        assert names() == ["Engineering of acme"]
        with connection.cursor() as cursor:
            cursor.execute("SELECT name FROM directory_group")
            assert cursor.fetchall() == [("Engineering of acme",)]


def test_only_code_that_says_so_sees_every_tenant(groups, tenant):
    with every_tenant():
        assert names() == ["Engineering of acme", "Engineering of globex"]
        with in_tenant(tenant):
            assert names() == ["Engineering of acme"]
        with outside_tenants():
            assert names() == []


# Writing ---------------------------------------------------------------------------------------------------------


def test_a_row_of_another_tenant_is_neither_made_nor_taken_nor_given_away(groups, tenant, other_tenant):
    theirs = groups["globex"]
    with in_tenant(tenant):
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            models.QuerySet(Group).bulk_create([Group(tenant=other_tenant, name="x", name_key="x")])
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            Group.unscoped.filter(pk=groups["acme"].pk).update(tenant=other_tenant)
        assert Group.unscoped.filter(pk=theirs.pk).update(name="Mine") == 0
        assert Group.unscoped.filter(pk=theirs.pk).delete()[0] == 0
    with in_tenant(other_tenant):
        assert names() == ["Engineering of globex"]


def test_whoever_sees_every_tenant_changes_none(groups, tenant):
    with every_tenant():
        assert Group.unscoped.update(name="Mine") == 0
        assert Group.unscoped.all()._raw_delete("default") == 0
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            models.QuerySet(Group).bulk_create([Group(tenant=tenant, name="x", name_key="x")])
        assert len(names()) == 2


def test_a_tenant_that_is_deleted_takes_all_it_owns_along_and_nothing_else(
    groups, tenant, other_tenant, system
):
    with in_tenant(tenant):
        add_member(
            groups["acme"], add_user(actor=system, username="mia", email="mia@acme.example"), actor=system
        )
        assert Event.objects.exists()
    remove_tenant(tenant)
    connection.check_constraints()
    with every_tenant():
        assert names() == ["Engineering of globex"]
        assert not User.unscoped.exists()
        assert set(Event.unscoped.values_list("tenant_id", flat=True)) == {other_tenant.id}


def test_tenants_deleted_in_bulk_are_refused_rather_than_half_gone(groups):
    with pytest.raises(IntegrityError), transaction.atomic():
        Tenant.objects.all().delete()
        connection.check_constraints()


# The setting follows the context ---------------------------------------------------------------------------------


def test_a_savepoint_that_is_rolled_back_leaves_no_other_tenants_setting(groups, tenant, other_tenant):
    with in_tenant(tenant):
        assert len(names()) == 1
        with transaction.atomic(), in_tenant(other_tenant):
            assert names() == ["Engineering of globex"]
            transaction.set_rollback(True)
        assert names() == ["Engineering of acme"]
    assert names() == []


def test_a_statement_that_fails_leaves_no_other_tenants_setting(groups, tenant, other_tenant):
    with in_tenant(tenant):
        with pytest.raises(DatabaseError), transaction.atomic(), in_tenant(other_tenant):
            names()
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 / 0")
        assert names() == ["Engineering of acme"]


@pytest.mark.django_db(transaction=True)
def test_nothing_is_left_on_the_connection_between_requests(groups, tenant):
    with in_tenant(tenant):
        assert len(names()) == 1
        assert setting() == ""
        with transaction.atomic():
            assert len(names()) == 1
            assert setting() == str(tenant.id)
        assert setting() == ""


@pytest.mark.django_db(transaction=True)
def test_what_goes_around_the_cursor_sees_nothing(groups, tenant):
    with in_tenant(tenant):
        assert len(names()) == 1
        result = connection.connection.pgconn.exec_(b"SELECT name FROM directory_group")
        assert result.ntuples == 0
        with connection.cursor() as cursor:
            with pytest.raises(NotImplementedError):
                cursor.cursor.stream("SELECT name FROM directory_group")
            with pytest.raises(NotImplementedError):
                cursor.copy("COPY directory_group TO STDOUT")


def test_many_at_once_run_under_the_tenant_too(groups, tenant):
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.executemany("UPDATE directory_group SET description = %s", [("x",), ("y",)])
    with every_tenant():
        assert {group.description for group in Group.unscoped.all()} == {"y", ""}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("in_transaction", [True, False])
def test_rows_that_come_bit_by_bit_are_those_of_the_tenant_that_asked(
    tenant, other_tenant, system, in_transaction
):
    for each in (tenant, other_tenant):
        with in_tenant(each), transaction.atomic():
            for number in range(6):
                add_group(actor=system, name=f"{each.slug} {number}")
    with ExitStack() as stack:
        if in_transaction:
            stack.enter_context(transaction.atomic())
        with in_tenant(tenant):
            rows = Group.unscoped.order_by("name").iterator(chunk_size=2)
            first = next(rows).name
        with in_tenant(other_tenant):
            rest = [group.name for group in rows]
            assert Group.unscoped.count() == 6
    assert [first, *rest] == [f"acme {number}" for number in range(6)]


@pytest.mark.django_db(transaction=True)
def test_threads_keep_to_their_own_tenants(groups, tenant, other_tenant):
    seen: dict[str, set[str]] = {"acme": set(), "globex": set()}

    def look(each: Tenant) -> None:
        with in_tenant(each):
            for _ in range(50):
                seen[each.slug].update(names())
        connections.close_all()

    threads = [threading.Thread(target=look, args=[each]) for each in (tenant, other_tenant) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {slug: {f"Engineering of {slug}"} for slug in seen}


@contextmanager
def rolled_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def failing() -> Iterator[None]:
    """A block whose last statement the server refuses."""
    with pytest.raises(DatabaseError), transaction.atomic():
        yield
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")


class Wanderer:
    """Enters and leaves tenants, transactions and savepoints in an order that nobody chose, and looks at the setting."""

    def __init__(self, tenants: list[Tenant], seed: int) -> None:
        self.random, self.looks = random.Random(seed), 0
        places = [partial(in_tenant, each) for each in tenants]
        self.blocks = [*places, every_tenant, outside_tenants, transaction.atomic, rolled_back, failing]

    def look(self) -> None:
        self.looks += 1
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('gatehouse.tenant', true)")
            (found,) = cursor.fetchone()
        assert (found or "") == visible_rows()

    def wander(self, depth: int = 0) -> None:
        self.look()
        for _ in range(self.random.randint(0, 3) if depth < 6 else 0):
            with self.random.choice(self.blocks)():
                self.wander(depth + 1)
            self.look()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(10))
def test_whatever_happens_the_setting_is_the_context(tenant, other_tenant, seed):
    wanderer = Wanderer([tenant, other_tenant], seed)
    while wanderer.looks < 100:
        wanderer.wander()


# The role --------------------------------------------------------------------------------------------------------


def test_the_role_of_these_tests_is_bound_by_row_security():
    assert checks.role_is_bound_by_row_security(["default"]) == []


def test_a_role_that_is_not_bound_is_told(monkeypatch):
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE pg_roles AS SELECT current_user AS rolname, true AS rolsuper, false AS rolbypassrls"
        )
        cursor.execute("SET LOCAL search_path TO pg_temp, public, pg_catalog")
    assert [warning.id for warning in checks.role_is_bound_by_row_security(["default"])] == ["gatehouse.W002"]
