"""The targets, and every pair of a connector and a target, with what a pair has to show."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.conformance.programs import Program
from tests.conformance.provisioning.connectors import CONNECTORS, WORK_EMAIL, Connector, Person
from tests.conformance.provisioning.state import Account

SANDBOX = Program(name="sandbox")
SCIM2_SERVER = Program(name="scim2-server")
SCIMMY = Program(name="scimmy-routers", programs=("node", "npm"))
KINDS = (SANDBOX, SCIM2_SERVER, SCIMMY)


@dataclass(frozen=True)
class Pair:
    connector: Connector
    kind: Program

    def __str__(self) -> str:
        return f"{self.connector.key}-at-{self.kind.name}"

    @property
    def is_gitlab(self) -> bool:
        """The sandbox's GitLab: it knows an account by its externalId, shows little of it, and has a user name of its own for it."""
        return self.kind is SANDBOX and self.connector.key.startswith("gitlab")

    @property
    def key(self) -> str:
        return "id" if self.is_gitlab else "userName"

    @property
    def shows(self) -> tuple[str, ...]:
        return ("name.formatted", WORK_EMAIL) if self.is_gitlab else tuple(self.connector.tells)

    def name(self, person: Person) -> str:
        return person.email if self.is_gitlab else self.connector.tells["userName"](person)

    def account(self, person: Person, *, active: bool = True) -> dict[str, Account]:
        """As it should be there, under its name."""
        values = {path: self.connector.tells[path](person) for path in self.shows}
        return {self.name(person): Account(values, active)}


PAIRS = tuple(Pair(connector, kind) for kind in KINDS for connector in CONNECTORS)


def pairs(condition: Callable[[Pair], bool] = lambda pair: True) -> Any:
    """Parametrises a test over the pairs of which this is true."""
    return pytest.mark.parametrize(
        "pair", [pair for pair in PAIRS if condition(pair)], ids=str, indirect=True
    )


every_pair = pairs()
with_groups = pairs(lambda pair: pair.connector.groups)
