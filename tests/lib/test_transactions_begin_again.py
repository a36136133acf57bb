"""Who gave way to another transaction begins again, a bounded number of times; whatever else goes wrong is an error as ever."""

import pytest
from django.db import OperationalError, connection
from psycopg.errors import AdminShutdown, DeadlockDetected, SerializationFailure

from apps.directory.actions import add_group
from apps.directory.models import Group
from apps.lib import transactions
from apps.lib.transactions import MOST_ATTEMPTS, retried

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(transactions.time, "sleep", lambda _: None)


class Odds:
    """Fails so often, each time after it has written something."""

    def __init__(self, times, cause=DeadlockDetected):
        self.left, self.cause, self.tried = times, cause, 0

    def __call__(self):
        self.tried += 1
        if self.left:
            self.left -= 1
            raise OperationalError("ended by the server") from self.cause()


@pytest.fixture
def group(inside, system):
    return add_group(actor=system, name="Engineering")


@pytest.mark.parametrize("cause", [DeadlockDetected, SerializationFailure])
def test_it_begins_again_as_if_it_had_not_begun(group, cause):
    odds = Odds(2, cause)

    @retried
    def rename(row):
        assert row.name == "Engineering"
        row.name = "Platform"
        row.save()
        odds()
        return row.name

    assert rename(group) == "Platform"
    assert odds.tried == 3
    assert Group.objects.get().name == group.name == "Platform"


def test_not_for_ever(group):
    odds = Odds(MOST_ATTEMPTS)
    with pytest.raises(OperationalError):
        retried(odds.__call__)()
    assert odds.tried == MOST_ATTEMPTS


def test_a_database_that_is_gone_is_an_error(group):
    odds = Odds(1, AdminShutdown)
    with pytest.raises(OperationalError):
        retried(odds.__call__)()
    assert odds.tried == 1


def test_only_the_outermost_can_begin_again(group):
    inner = Odds(1)
    outer = Odds(0)

    @retried
    def both():
        outer()
        retried(inner.__call__)()

    both()
    assert (outer.tried, inner.tried) == (2, 2)


def test_a_statement_alone_is_sent_again(group):
    odds = Odds(2)

    def at_odds(execute, *arguments):
        odds()
        return execute(*arguments)

    with connection.execute_wrapper(transactions.retry_statement), connection.execute_wrapper(at_odds):
        assert Group.objects.update(name="Platform") == 1
    assert odds.tried == 3


def test_a_statement_within_a_transaction_is_not(group):
    odds = Odds(1)

    def at_odds(execute, *arguments):
        odds()
        return execute(*arguments)

    @retried
    def rename():
        with connection.execute_wrapper(transactions.retry_statement), connection.execute_wrapper(at_odds):
            Group.objects.update(name="Platform")

    rename()
    assert odds.tried == 2  # both in transactions of their own
