"""What is at a target, read over plain HTTP without any of the product's code, and in what it differs from what should be there."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

TYPED = re.compile(r'(?P<attribute>\w+)\[type eq "(?P<type>\w+)"\]\.value')
PAGE = 100


@dataclass(frozen=True)
class Account:
    """`values` by SCIM path; what is not there is ""."""

    values: Mapping[str, str]
    active: bool = True


@dataclass(frozen=True)
class State:
    """Accounts and groups by their names, `members` of a group by those of the accounts; `refused`: the application's own words
    about whom or what it refused, by our ids, as our console and our REST API tell them.
    """

    accounts: Mapping[str, Account] = field(default_factory=dict)
    groups: Mapping[str, frozenset[str]] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)


def differences(wanted: State, found: State) -> list[str]:
    """In sentences; none where all is as it should be. What is wanted of a refusal are some of its words."""
    return [
        *_of_names("account", wanted.accounts, found.accounts),
        *_of_names("group", wanted.groups, found.groups),
        *_of_names("refusal", wanted.refused, found.refused),
        *(
            words
            for name in wanted.accounts.keys() & found.accounts.keys()
            for words in _of_accounts(name, wanted.accounts[name], found.accounts[name])
        ),
        *(
            f"{name} has the members {sorted(found.groups[name])} instead of {sorted(wanted.groups[name])}"
            for name in wanted.groups.keys() & found.groups.keys()
            if wanted.groups[name] != found.groups[name]
        ),
        *(
            f"it said “{found.refused[name]}” instead of “{wanted.refused[name]}”"
            for name in wanted.refused.keys() & found.refused.keys()
            if wanted.refused[name] not in found.refused[name]
        ),
    ]


def _of_names(what: str, wanted: Iterable[str], found: Iterable[str]) -> Iterable[str]:
    for name in sorted(set(wanted) - set(found)):
        yield f"{what} {name} is missing"
    for name in sorted(set(found) - set(wanted)):
        yield f"{what} {name} should not be there"


def _of_accounts(name: str, wanted: Account, found: Account) -> Iterable[str]:
    if wanted.active != found.active:
        yield f"{name} is {'active' if found.active else 'inactive'}"
    for path, value in wanted.values.items():
        if found.values[path] != value:
            yield f"{name} has {path} “{found.values[path]}” instead of “{value}”"


@dataclass(frozen=True)
class Target:
    """`key` is the attribute that names an account, `shows` the paths that are compared."""

    base_url: str
    token: str = field(repr=False)
    key: str = "userName"
    shows: tuple[str, ...] = ()
    has_groups: bool = True

    def ask(self, method: str, path: str, body: Any = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/scim+json"}
        return requests.request(method, f"{self.base_url}{path}", json=body, headers=headers, timeout=30)

    def put_there(self, collection: str, document: dict[str, Any]) -> dict[str, Any]:
        """As somebody else would have."""
        answer = self.ask("POST", f"/{collection}", document)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def all_of(self, collection: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            answer = self.ask("GET", f"/{collection}?startIndex={len(found) + 1}&count={PAGE}")
            assert answer.ok, answer.text
            page = answer.json()
            found += page["Resources"]
            if not page["Resources"] or len(found) >= page["totalResults"]:
                return found

    def state(self, starting: str = "") -> State:
        """Of accounts and groups whose names start so."""
        users = self.all_of("Users")
        names = {user["id"]: str(user[self.key]) for user in users}
        accounts = {
            names[user["id"]]: Account(
                {path: value_at(user, path) for path in self.shows}, user.get("active", True)
            )
            for user in users
        }
        teams = self.all_of("Groups") if self.has_groups else []
        groups = [
            (
                team["displayName"],
                frozenset(names.get(each["value"], each["value"]) for each in team.get("members") or []),
            )
            for team in teams
        ]
        return State(_once(accounts.items(), starting, len(users)), _once(groups, starting, len(groups)))


def _once(rows: Iterable[tuple[str, Any]], starting: str, count: int) -> dict[str, Any]:
    """Two of one name would hide each other, and none of them may be there twice."""
    found = dict(rows)
    assert len(found) == count, f"somebody is there twice among {sorted(found)}"
    return {name: value for name, value in found.items() if name.startswith(starting)}


def value_at(resource: Mapping[str, Any], path: str) -> str:
    """ "" where it is not there. GitLab writes `name.formatted` as one flat key."""
    if path in resource:
        return str(resource[path] or "")
    if typed := TYPED.fullmatch(path):
        rows = [row for row in resource.get(typed["attribute"]) or [] if row.get("type") == typed["type"]]
        return str(rows[0].get("value") or "") if rows else ""
    head, _, rest = path.partition(".")
    inner = resource.get(head) or {}
    return str(inner.get(rest) or "") if rest else ""
