"""PostgreSQL gets what a block writes in one message, and nobody can tell, but for the messages."""

import contextlib

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.directory.models import Group
from apps.tenants.prepared import PreparedQuery, insert
from apps.tenants.running import together

pytestmark = pytest.mark.django_db


def group(name):
    made = Group(name=name)
    made.fill_keys()
    return made


def test_what_is_written_together_is_there_afterwards_and_in_one_message(inside):
    with CaptureQueriesContext(connection) as queries, transaction.atomic(), together():
        insert(group("one"))
        with together():
            insert(group("two"))
    assert sum("INSERT" in each["sql"] for each in queries) == (1 if connection.vendor == "postgresql" else 2)
    assert set(Group.objects.values_list("name", flat=True)) == {"one", "two"}


def test_what_one_of_them_is_refused_for_ends_all_of_them(inside):
    insert(group("there"))
    with pytest.raises(IntegrityError), transaction.atomic(), together():
        insert(group("one"))
        insert(group("there"))
    with pytest.raises(LookupError), transaction.atomic(), together():
        insert(group("two"))
        raise LookupError
    insert(group("three"))  # nothing waits any more
    assert set(Group.objects.values_list("name", flat=True)) == {"there", "three"}


def test_whoever_asks_in_between_sees_what_was_written(inside):
    """Whichever way: by a prepared query, by a QuerySet."""
    by_name = PreparedQuery(lambda key: Group.objects.filter(name_key=key), key=str)
    with transaction.atomic(), together():
        insert(group("one"))
        assert by_name.exists(key="one")
        insert(group("two"))
        insert(group("three"))
        assert Group.objects.filter(name__in=["two", "three"]).update(description="here") == 2
        insert(group("four"))
    assert list(Group.objects.filter(description="here").values_list("name", flat=True)) == ["three", "two"]
    assert Group.objects.count() == 4


def test_what_is_taken_back_was_not_written(inside):
    with transaction.atomic(), together():
        insert(group("before"))
        with contextlib.suppress(LookupError), transaction.atomic():
            insert(group("taken back"))
            raise LookupError
        with contextlib.suppress(IntegrityError), transaction.atomic():
            insert(group("before"))
        insert(group("after"))
    assert set(Group.objects.values_list("name", flat=True)) == {"before", "after"}


@pytest.mark.django_db(transaction=True)
def test_a_transaction_within_takes_with_it_what_waits(inside):
    with together():
        with contextlib.suppress(LookupError), transaction.atomic():
            insert(group("rolled back"))
            raise LookupError
        with transaction.atomic():
            insert(group("committed"))
        transaction.set_autocommit(False)
        transaction.rollback()
        transaction.set_autocommit(True)
    assert list(Group.objects.values_list("name", flat=True)) == ["committed"]
