"""How many messages a transaction takes, from the driver's own trace of the conversation; and connections that have ended (docs/decisions/0040)."""

import contextlib
import re
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, OperationalError, connection, connections, transaction
from django.db.backends.postgresql.base import DatabaseWrapper
from psycopg.pq import Trace

from apps.directory.models import Group
from apps.tenants.prepared import PreparedQuery, insert
from apps.tenants.running import together
from tests.conftest import Person

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite is no message away"),
]
BY_NAME = PreparedQuery(lambda key: Group.objects.filter(name_key=key), key=str)
Messages = Callable[[], list[str]]


def group(name: str) -> Group:
    made = Group(name=name)
    made.fill_keys()
    return made


@pytest.fixture
def messages(inside: Any) -> Iterator[Messages]:
    """What was sent since the test began, each message as its text."""
    connection.ensure_connection()
    driver = connection.connection.pgconn
    with tempfile.TemporaryFile("w+") as trace:
        driver.trace(trace.fileno())
        driver.set_trace_flags(Trace.SUPPRESS_TIMESTAMPS)

        def sent() -> list[str]:
            driver.untrace()
            trace.seek(0)
            return re.findall(r"^F\s.*?Query\s+(.*)$", trace.read(), re.MULTILINE)

        yield sent
        if connection.connection is not None and connection.connection.pgconn is driver:
            driver.untrace()


def test_a_transaction_begins_with_its_question_and_ends_with_its_rows(messages: Messages) -> None:
    with together(), transaction.atomic():
        assert not BY_NAME.exists(key="one")
        insert(group("one"))
        insert(group("two"))
    first, second = messages()
    assert first.startswith('"BEGIN; SELECT set_config')
    assert second.count("INSERT") == 2
    assert "; COMMIT" in second
    assert Group.objects.count() == 2


def test_without_the_block_rows_and_commit_are_messages_of_their_own(messages: Messages) -> None:
    """Negative control: the trace shows every message."""
    with transaction.atomic():
        insert(group("one"))
        insert(group("two"))
    assert [re.search("BEGIN|INSERT|COMMIT", each)[0] for each in messages()] == ["BEGIN", "INSERT", "COMMIT"]  # type: ignore[index]


def test_what_is_refused_is_not_committed(messages: Messages) -> None:
    insert(group("there"))
    with pytest.raises(IntegrityError), together(), transaction.atomic():
        insert(group("one"))
        insert(group("there"))
    assert "COMMIT" in messages()[-2]  # it was sent, and PostgreSQL did not come to it
    assert "ROLLBACK" in messages()[-1]
    with together(), transaction.atomic():
        insert(group("two"))
    assert set(Group.objects.values_list("name", flat=True)) == {"there", "two"}


def test_a_transaction_that_asks_nothing_sends_nothing(messages: Messages) -> None:
    with transaction.atomic():
        pass
    assert messages() == []


def test_what_a_savepoint_takes_back_is_gone_and_the_rest_is_there(inside: Any) -> None:
    with together(), transaction.atomic():
        insert(group("before"))
        with contextlib.suppress(LookupError), transaction.atomic():
            insert(group("taken back"))
            raise LookupError
        insert(group("after"))
    assert set(Group.objects.values_list("name", flat=True)) == {"before", "after"}


def test_what_is_written_after_the_commit_is_written_at_once(inside: Any) -> None:
    seen = []

    def after() -> None:
        insert(group("after"))
        with psycopg.connect(
            **DatabaseWrapper.get_connection_params(connection) | {"cursor_factory": None}
        ) as other:
            other.execute("SELECT set_config('gatehouse.tenant', %s, true)", [str(inside.pk)])
            seen.extend(name for (name,) in other.execute("SELECT name FROM directory_group ORDER BY name"))

    with together(), transaction.atomic():
        insert(group("before"))
        transaction.on_commit(after)
    assert seen == ["after", "before"]


# Connections that have ended ------------------------------------------------------------------------------------------


def a_request_begins() -> None:
    """As Django's request_started does, which its test client leaves out."""
    connection.close_if_unusable_or_obsolete()


def end_the_connection() -> None:
    with psycopg.connect(
        **DatabaseWrapper.get_connection_params(connection) | {"cursor_factory": None}
    ) as other:
        number = connection.connection.info.backend_pid
        assert other.execute("SELECT pg_terminate_backend(%s, 5000)", [number]).fetchone() == (True,)


@pytest.mark.parametrize("answered_before", [0, 60], ids=["lately", "long ago"])
def test_a_request_after_the_server_hung_up_has_a_new_connection(inside: Any, answered_before: int) -> None:
    assert not BY_NAME.exists(key="one")
    end_the_connection()
    connection.last_asked -= answered_before
    a_request_begins()
    assert not BY_NAME.exists(key="one")


def test_without_the_look_it_is_refused(inside: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control."""
    assert not BY_NAME.exists(key="one")
    end_the_connection()
    monkeypatch.setattr(connections["default"], "close_if_health_check_failed", lambda: None)
    a_request_begins()
    with pytest.raises(OperationalError):
        BY_NAME.exists(key="one")
    connection.close()


def test_who_answered_lately_is_not_asked_again(messages: Messages) -> None:
    for _ in range(3):
        a_request_begins()
        assert not BY_NAME.exists(key="one")
    connection.last_asked -= 60
    a_request_begins()
    assert not BY_NAME.exists(key="one")
    assert ["SELECT 1" in each and "group" not in each for each in messages()] == [
        False,
        False,
        False,
        True,
        False,
    ]


def test_a_scim_request_after_a_restart_of_the_database_is_answered(alice: Person) -> None:
    path = alice.url("/scim/v2/Users")
    assert alice.client.get(path).status_code == 401
    end_the_connection()
    a_request_begins()
    assert alice.client.get(path).status_code == 401
