"""Which people a page is about, as its address says: the list, its file and what is done to all that match agree on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Value
from django.db.models.functions import Coalesce, Concat, Lower, NullIf, Trim
from django.utils.translation import gettext_lazy as _

from apps.accounts.account_states import AccountState, in_state
from apps.directory.models import Group, User
from apps.scim.models import ExternalGroup

GROUPS_OFFERED = 300  # in a list to choose from; whoever has more opens the group

NAME: Any = Lower(
    Coalesce(NullIf(F("display_name"), Value("")), Trim(Concat("first_name", Value(" "), "last_name")))
)
COLUMNS: dict[str, Any] = {  # what the heading of a column sorts by
    "name": NAME,
    "username": F("username_key"),
    "state": F("active"),
    "seen": F("last_login"),
    "added": F("created_at"),
}
HEADINGS = (
    ("name", _("User")),
    ("username", _("Username")),
    ("state", _("State")),
    ("seen", _("Last sign-in")),
    ("added", _("Added")),
)


@dataclass(frozen=True, slots=True)
class Heading:
    """`order` is "ascending", "descending" or "" where the list is sorted otherwise; `sort` is what a press leads to."""

    text: Any
    sort: str
    order: str


@dataclass(frozen=True, slots=True)
class PeopleFilter:
    """`q`, `state`, `group` and `sort` of an address or a form; what means nothing filters nothing."""

    q: str = ""
    state: str = ""
    group: UUID | None = None
    sort: str = "username"

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "PeopleFilter":
        state, sort = str(values.get("state", "")), str(values.get("sort", ""))
        return cls(
            q=str(values.get("q", "")).replace("\x00", "").strip(),
            state=state if state in AccountState else "",
            group=_uuid(str(values.get("group", ""))),
            sort=sort if sort.removeprefix("-") in COLUMNS else "username",
        )

    def people(self) -> Any:
        """QuerySet, in order; the last word of the order is the id, so that pages never overlap."""
        people = in_state(User.objects.matching(self.q), self.state)
        if self.group is not None:
            people = people.filter(memberships__group=self.group)
        column = COLUMNS[self.sort.removeprefix("-")]
        first = column.desc(nulls_last=True) if self.sort.startswith("-") else column.asc(nulls_first=True)
        return people.order_by(first, "username_key", "pk")

    @property
    def filters_something(self) -> bool:
        return bool(self.q or self.state or self.group)

    def told(self) -> dict[str, str]:
        """For the log: a group by the name it had."""
        group = Group.objects.filter(pk=self.group).first() if self.group else None
        return {"q": self.q, "state": self.state, "group": str(group or self.group or "")}

    def headings(self) -> list[Heading]:
        return [self._heading(name, text) for name, text in HEADINGS]

    def _heading(self, name: str, text: Any) -> Heading:
        if self.sort == name:
            return Heading(text, f"-{name}", "ascending")
        return Heading(text, name, "descending" if self.sort == f"-{name}" else "")


def groups_to_choose() -> list[Group]:
    """With `managed`: an identity source decides who is in it, so that it can be looked at but not changed here."""
    managed = Exists(ExternalGroup.objects.filter(group=OuterRef("pk")))
    return list(Group.objects.annotate(managed=managed).order_by("name_key")[:GROUPS_OFFERED])


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
