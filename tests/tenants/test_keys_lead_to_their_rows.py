"""
Rows are found by the keys at hand and then checked, also in a tenant that PostgreSQL's statistics have not seen (docs/decisions/0041).
"""

import json
from typing import Any

import pytest
from django.db import connection

from apps.directory.models import User
from apps.tenants.context import in_tenant
from apps.tenants.errors import NoTenantError
from apps.tenants.models import Tenant

pytestmark = pytest.mark.django_db
PEOPLE = 3000
on_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite keeps no numbers of what is there"
)


def arrive(count: int, *, name: str = "new") -> list[User]:
    people = [
        User(username=f"{name}{number}", email=f"{name}{number}@acme.example") for number in range(count)
    ]
    for each in people:
        each.fill_keys()
    made: list[User] = User.objects.bulk_create(people)
    return made


@pytest.fixture
def arrived(other_tenant: Tenant, inside: Tenant) -> list[User]:
    """People of a tenant that came after PostgreSQL has looked: it knows one other tenant, and no more."""
    with in_tenant(other_tenant):
        arrive(300, name="old")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE directory_user")
    return arrive(PEOPLE)


def passed_over(rows: Any) -> int:
    """Rows that the database read and threw away."""

    def removed(node: dict[str, Any]) -> int:
        below = sum(map(removed, node.get("Plans", [])))
        return (
            int(node.get("Rows Removed by Filter", 0))
            + int(node.get("Rows Removed by Index Recheck", 0))
            + below
        )

    plans = json.loads(rows.order_by().explain(format="json", analyze=True))
    return removed(plans[0]["Plan"])


def by_name(rows: Any, one: User) -> Any:
    return rows.filter(username_key=one.username_key)


def by_address(rows: Any, one: User) -> Any:
    return rows.filter(email_key=one.email_key, shares_email=False)


def by_either(rows: Any, one: User) -> Any:
    return rows.named(one.username)


def by_id(rows: Any, one: User) -> Any:
    return rows.filter(pk__among=[one.pk])


@on_postgresql
@pytest.mark.parametrize("by", [by_name, by_address, by_either, by_id])
def test_a_new_tenants_people_are_not_walked_through(arrived: list[User], by: Any) -> None:
    rows = by(User.objects.checked(), arrived[PEOPLE // 2])
    assert passed_over(rows) < 10
    assert list(rows) == [arrived[PEOPLE // 2]]


@on_postgresql
def test_without_it_they_are(arrived: list[User]) -> None:
    """The control: a tenant of which nothing is known is believed to have one row, so its index looks as good as any other."""
    assert passed_over(by_either(User.objects.all(), arrived[PEOPLE // 2])) > PEOPLE // 2


@on_postgresql
def test_a_few_hundred_keys_are_not_dearer_than_everybody(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW random_page_cost")
        assert cursor.fetchone() == ("1.1",)


def test_what_is_checked_holds(inside: Tenant, other_tenant: Tenant) -> None:
    here = arrive(2)
    with in_tenant(other_tenant):
        there = arrive(2)
    everybody = [each.pk for each in (*here, *there)]
    assert set(User.objects.checked().filter(pk__among=everybody)) == set(here)
    User.objects.filter(pk=here[0].pk).update(active=False)
    assert list(User.objects.checked(active=True).filter(pk__among=everybody)) == [here[1]]
    assert not User.objects.checked(active=None).filter(pk__among=everybody).exists()


def test_outside_a_tenant_nothing_is_found() -> None:
    with pytest.raises(NoTenantError):
        User.objects.checked()
