"""A model of people and groups beside which the service is run: whatever is created, changed, deleted and created again, both say the same."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.scim.conftest import Caller

QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
pytestmark = pytest.mark.timeout(900)  # a few hundred requests


@dataclass
class Model:
    """People by id: their name and whether they are active. Whoever was deleted is kept apart, and stays in their groups unseen."""

    people: dict[str, tuple[str, bool]] = field(default_factory=dict)
    deleted: dict[str, str] = field(default_factory=dict)
    external_ids: dict[str, str] = field(default_factory=dict)
    groups: dict[str, set[str]] = field(default_factory=dict)  # by name
    group_ids: dict[str, str] = field(default_factory=dict)


class Directories(RuleBasedStateMachine):
    okta: Caller
    runs: int = 0

    @initialize()
    def begin(self) -> None:
        type(self).runs += 1
        self.prefix, self.model, self.made = f"r{self.runs}-", Model(), 0

    def _name(self) -> str:
        self.made += 1
        return f"{self.prefix}{self.made}"

    def _one(self, data: Any, names: Any) -> str | None:
        known = sorted(names)
        return data.draw(st.sampled_from(known)) if known else None

    def _some(self, data: Any, most: int) -> set[str]:
        known = sorted(self.model.people)
        return data.draw(st.sets(st.sampled_from(known), max_size=most)) if known else set()

    def _post(self, name: str, external_id: str, *, email: str = "", active: bool = True) -> Any:
        body = {"userName": name, "externalId": external_id, "active": active}
        address = email or f"{name}@acme.example"
        return self.okta("POST", "/Users", body | {"emails": [{"value": address}]})

    def _joined(self, answer: Any, name: str, external_id: str, active: bool) -> None:
        assert answer.status_code == 201
        key = answer.json()["id"]
        assert key not in self.model.external_ids  # a new person
        self.model.people[key], self.model.external_ids[key] = (name, active), external_id

    def _patch(self, path: str, *operations: Any) -> int:
        return int(self.okta("PATCH", path, {"Operations": list(operations)}).status_code)

    @rule(data=st.data(), active=st.booleans(), shared=st.booleans())
    def create_person(self, data: Any, active: bool, shared: bool) -> None:
        """Also with an address that one of the source's own has already."""
        name, other = self._name(), self._one(data, self.model.people) if shared else None
        email = f"{self.model.people[other][0]}@acme.example" if other else ""
        self._joined(self._post(name, name, email=email, active=active), name, name, active)

    @rule(data=st.data(), active=st.sampled_from([True, False, "True", "False"]))
    def switch(self, data: Any, active: Any) -> None:
        if key := self._one(data, self.model.people):
            assert self._patch(f"/Users/{key}", {"op": "Replace", "path": "active", "value": active}) == 200
            self.model.people[key] = (self.model.people[key][0], str(active) == "True")

    @rule(data=st.data())
    def delete_person(self, data: Any) -> None:
        if key := self._one(data, self.model.people):
            assert self.okta("DELETE", f"/Users/{key}").status_code == 204
            self.model.deleted[key] = self.model.people.pop(key)[0]

    @rule(data=st.data())
    def create_again(self, data: Any) -> None:
        """The same object: the same person, unless somebody else has the name by now."""
        if key := self._one(data, self.model.deleted):
            name = self.model.deleted[key]
            answer = self._post(name, self.model.external_ids[key])
            if self._is_taken(name):
                assert answer.status_code == 409
            else:
                assert (answer.status_code, answer.json()["id"]) == (201, key)
                self.model.people[key] = (self.model.deleted.pop(key), True)

    @rule(data=st.data())
    def create_another(self, data: Any) -> None:
        """Another object of a name that was deleted: another person."""
        key = self._one(data, self.model.deleted)
        if key and not self._is_taken(name := self.model.deleted[key]):
            external_id = self._name()
            self._joined(self._post(name, external_id), name, external_id, active=True)

    def _is_taken(self, name: str) -> bool:
        return name in {each for each, _active in self.model.people.values()}

    @rule(data=st.data())
    def create_group(self, data: Any) -> None:
        name, some = self._name(), self._some(data, 5)
        answer = self.okta("POST", "/Groups", {"displayName": name, "members": self._values(some)})
        assert answer.status_code == 201
        self.model.group_ids[name], self.model.groups[name] = answer.json()["id"], set(some)

    @rule(
        data=st.data(),
        how=st.sampled_from(["add", "remove by value", "remove by filter", "replace", "put"]),
    )
    def change_members(self, data: Any, how: str) -> None:
        group = self._one(data, self.model.groups)
        if group is None:
            return
        some, members, path = (
            self._some(data, 3),
            self.model.groups[group],
            f"/Groups/{self.model.group_ids[group]}",
        )
        if how == "put":
            sent = {"displayName": group, "members": self._values(some)}
            assert self.okta("PUT", path, sent).status_code == 200
        elif how == "remove by filter":
            paths = [{"op": "remove", "path": f'members[value eq "{key}"]'} for key in some]
            assert not paths or self._patch(path, *paths) == 204
        else:
            op = how.split(" ", maxsplit=1)[0]
            assert self._patch(path, {"op": op, "path": "members", "value": self._values(some)}) == 204
        self.model.groups[group] = (
            set(some) if how in {"put", "replace"} else members | some if how == "add" else members - some
        )

    @rule(data=st.data())
    def delete_group(self, data: Any) -> None:
        if name := self._one(data, self.model.groups):
            assert self.okta("DELETE", f"/Groups/{self.model.group_ids[name]}").status_code == 204
            del self.model.groups[name]

    def _values(self, keys: Any) -> list[dict[str, str]]:
        return [{"value": key} for key in sorted(keys)]

    @invariant()
    def the_service_says_the_same(self) -> None:
        if not hasattr(self, "prefix"):
            return
        people = self.okta.list(filter=f'userName sw "{self.prefix}"', count="200")["Resources"]
        told = {each["id"]: (each["userName"], each["active"]) for each in people}
        assert told == self.model.people
        groups = self.okta.list("/Groups", filter=f'displayName sw "{self.prefix}"', count="200")["Resources"]
        shown = {each["displayName"]: {one["value"] for one in each.get("members", [])} for each in groups}
        seen = {name: members & self.model.people.keys() for name, members in self.model.groups.items()}
        assert shown == seen


def test_people_and_groups_are_what_a_model_of_them_says(okta: Caller) -> None:
    run_state_machine_as_test(
        type("Here", (Directories,), {"okta": okta}),
        settings=settings(
            max_examples=15, stateful_step_count=18, deadline=None, suppress_health_check=QUIET
        ),
    )
