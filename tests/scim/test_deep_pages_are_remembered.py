"""What a deep page teaches about where the next ones begin is believed only if nobody came while it was read (decision 0042)."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from apps.directory.models import User
from apps.scim import search
from apps.tenants.context import in_tenant
from tests.scim.conftest import Caller

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite keeps the moments themselves"),
]
PEOPLE, FAR = 40, 33


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Any:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def long(okta: Caller, monkeypatch: pytest.MonkeyPatch) -> Caller:
    """Everybody came long ago, one after the other, and the second person on a page is far down."""
    with in_tenant(okta.tenant):
        for number in range(PEOPLE):
            came(f"p{number}")
        began = timezone.now() - timedelta(days=1)
        for place, each in enumerate(User.objects.order_by("created_at", "pk")):
            User.objects.filter(pk=each.pk).update(created_at=began + timedelta(seconds=place))
    monkeypatch.setattr(search, "DEEP", 1)
    return okta


def came(name: str) -> None:
    person = User(username=name, email=f"{name}@acme.example")
    person.fill_keys()
    person.save()


def names(caller: Caller, start: int) -> list[str]:
    return [each["userName"] for each in caller.list(startIndex=str(start), count="5")["Resources"]]


def in_order(caller: Caller, start: int) -> list[str]:
    with in_tenant(caller.tenant):
        return list(User.objects.order_by("created_at", "pk").values_list("username", flat=True))[
            start - 1 :
        ][:5]


def skipped(caller: Caller, monkeypatch: pytest.MonkeyPatch, start: int) -> int:
    """How many places before the page the walk to it begins."""
    begun: list[int] = []
    keys = search._keys
    with monkeypatch.context() as patch:
        patch.setattr(
            search, "_keys", lambda rows, first, *more: begun.append(first) or keys(rows, first, *more)
        )
        names(caller, start)
    return begun[0]


def while_read(monkeypatch: pytest.MonkeyPatch, happens: Any) -> None:
    """Once, after everybody was counted and before the page is read."""
    keys, pending = search._keys, [happens]

    def read(*asked: Any) -> Any:
        if pending:
            pending.pop()()
        return keys(*asked)

    monkeypatch.setattr(search, "_keys", read)


@pytest.mark.parametrize("start", [10, FAR])
def test_the_same_page_is_not_walked_to_again(
    long: Caller, monkeypatch: pytest.MonkeyPatch, start: int
) -> None:
    """Reached from the front or from the end."""
    assert skipped(long, monkeypatch, start) > 5
    assert skipped(long, monkeypatch, start) <= 1
    assert skipped(long, monkeypatch, start + 5) <= 1
    assert names(long, start) == in_order(long, start)


@pytest.mark.parametrize("start", [10, FAR])
def test_who_comes_while_a_page_is_read_makes_no_later_one_wrong(
    long: Caller, monkeypatch: pytest.MonkeyPatch, start: int
) -> None:
    while_read(monkeypatch, lambda: came("new"))
    names(long, start)
    for later in (start, start + 1, start + 3):
        assert names(long, later) == in_order(long, later)


def test_it_is_because_they_are_counted_once_more(long: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control."""
    monkeypatch.setattr(search, "_is_still", lambda *_: True)
    while_read(monkeypatch, lambda: came("new"))
    names(long, FAR)
    assert names(long, FAR + 2) != in_order(long, FAR + 2)
