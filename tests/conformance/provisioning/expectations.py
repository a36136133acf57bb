"""What should be at a pair's target, limits included."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from tests.conformance.provisioning.connectors import Group, Person
from tests.conformance.provisioning.kinds import Pair
from tests.conformance.provisioning.limits import limit
from tests.conformance.provisioning.stage import Stage
from tests.conformance.provisioning.state import Account, State


def should_be(
    pair: Pair,
    people: Mapping[Person, bool],
    groups: Mapping[Group, Collection[Person]] | None = None,
    *,
    before: Mapping[Group, Collection[Person]] | None = None,
) -> State:
    """Of people, whether they are active. `before` are the members of groups that have lost some: where a pair cannot take them
    out, they are still there, and the application's words are told.
    """
    accounts: dict[str, Account] = {}
    refused: dict[str, str] = {}
    for person, active in people.items():
        stays = None if active else limit("deactivate", pair)
        accounts |= pair.account(person, active=active or stays is not None)
        refused |= {person.id: stays.words} if stays else {}
    members: dict[str, frozenset[str]] = {}
    for group, of_it in (groups or {}).items() if pair.connector.groups else ():
        stuck = limit("leave group", pair) if group in (before or {}) else None
        refused |= {group.id: stuck.words} if stuck else {}
        shown = (before or {})[group] if stuck else of_it
        members[group.name] = frozenset(pair.name(person) for person in shown)
    return State(accounts, members, refused)


@contextmanager
def all_hindered(stage: Stage, **obstacles: Any) -> Iterator[None]:
    with ExitStack() as stack:
        for application in stage.applications.values():
            stack.enter_context(application.tap.hindered(**obstacles))
        yield
