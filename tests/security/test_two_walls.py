"""Scoped managers are the first wall between tenants, row-level security the second. Each is taken away on purpose."""

from collections.abc import Callable

import pytest
from django.db import connection

from tests.security import walk
from tests.security.walk import Worlds

postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql",
    reason="row-level security is PostgreSQL's; bin/test --services has one",
)


WALKS = [
    walk.reached_in_another_organisation,
    walk.shown_of_another_organisation,
    walk.opened_without_a_session,
]


@postgresql
@pytest.mark.parametrize("faults", WALKS)
def test_the_second_wall_holds_alone(
    worlds: Worlds, first_wall_down: None, faults: Callable[[Worlds], list[str]]
) -> None:
    assert faults(worlds) == []


@postgresql
@pytest.mark.parametrize("faults", WALKS)
def test_the_first_wall_holds_alone(
    worlds: Worlds, second_wall_down: None, faults: Callable[[Worlds], list[str]]
) -> None:
    assert faults(worlds) == []


def test_without_any_wall_the_same_walk_finds_the_breach(
    worlds: Worlds, first_wall_down: None, second_wall_down: None
) -> None:
    """Negative control: it is these two walls that the walks above ran against."""
    canary = worlds.globex.canary
    reached = walk.reached_in_another_organisation(worlds)
    assert any(f"console:user (console/users/<uuid:pk>/): GET shows {canary}" in fault for fault in reached)
    assert len({fault.split(":")[1] for fault in reached}) >= 20
    assert any("console:users" in fault for fault in walk.shown_of_another_organisation(worlds))
