"""What each person should be, kept beside the product by whoever changes them: the measure of everything that a storm does."""

from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class Person:
    """`version` is the number of the last committed change; it travels as the job title."""

    username: str
    fields: dict[str, str]
    version: int = 0
    id: UUID | None = None
    active: bool = True
    here: bool = True
    groups: frozenset[str] = frozenset()

    def changed(self, version: int, **more: Any) -> "Person":
        fields = self.fields | {"job_title": f"v{version}"} | more.pop("fields", {})
        return replace(self, version=version, fields=fields, **more)

    def has(self, bound: set[str]) -> bool:
        return self.here and self.active and bool(self.groups & bound)

    def account(self) -> dict[str, str]:
        """As an application has to show it, worked out apart from the product's own mapping."""
        full = f"{self.fields['first_name']} {self.fields['last_name']}"
        shown = {
            "userName": self.username,
            "displayName": full,
            "name.formatted": full,
            "name.givenName": self.fields["first_name"],
            "name.familyName": self.fields["last_name"],
            "emails.work": self.fields["email"],
            "title": self.fields["job_title"],
            "phoneNumbers.work": self.fields.get("work_phone", ""),
        }
        return {path: value for path, value in shown.items() if value}

    def document(self) -> dict[str, Any]:
        """The same as one SCIM document."""
        return {
            "userName": self.username,
            "displayName": f"{self.fields['first_name']} {self.fields['last_name']}",
            "emails": [{"type": "work", "value": self.fields["email"]}],
            "title": self.fields["job_title"],
            "active": self.here and self.active,
        }


@dataclass
class Roster:
    """Everybody that ever was, and what must never be seen outside."""

    people: dict[str, Person] = field(default_factory=dict)
    group_names: dict[str, str] = field(default_factory=dict)
    rolled_back: set[int] = field(default_factory=set)
    never_born: set[str] = field(default_factory=set)  # user names that only rolled-back changes made
    in_doubt: int = 0  # commits whose answer was lost; each was looked up afterwards
    committed: int = 0


def shown(account: dict[str, Any]) -> dict[str, str]:
    """A target's own document, in the words of Person.account()."""
    found = {path: account.get(path) for path in ("userName", "displayName", "title")}
    for path, value in (account.get("name") or {}).items():
        found[f"name.{path}"] = value
    for collection in ("emails", "phoneNumbers"):
        for row in account.get(collection) or []:
            found[f"{collection}.{row.get('type', '')}"] = row.get("value")
    return {path: str(value) for path, value in found.items() if value}
