"""
What a PATCH does to a group's members (RFC 7644 section 3.5.2), without reading them: the shapes of Okta, Entra ID and the RFC, folded into
one change. A reader that rebuilds the resource would pay for all members to add one, and a literal one empties the group when Entra removes a person.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from scim2_models import Path
from scim2_models.path import CompareOperator, Comparison, FilterNode, LogicalExpr, LogicalOperator

from apps.lib.scim.errors import InvalidValue, Mutability, TooLarge
from apps.scim.resources import Group

MOST_MEMBERS = 1000
Operation = Mapping[str, Any]
Matching = Callable[[str, frozenset[str]], Iterable[str]]


@dataclass(frozen=True)
class MembershipChange:
    """Ids as they were sent. `replaces`: whoever is not in `added` goes, and `removed` is empty."""

    added: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    replaces: bool = False

    def __bool__(self) -> bool:
        return self.replaces or bool(self.added or self.removed)

    def adding(self, ids: frozenset[str]) -> "MembershipChange":
        return MembershipChange(self.added | ids, self.removed - ids, self.replaces)

    def removing(self, ids: frozenset[str]) -> "MembershipChange":
        removed = frozenset[str]() if self.replaces else self.removed | ids
        return MembershipChange(self.added - ids, removed, self.replaces)


def replacement(ids: Iterable[str]) -> MembershipChange:
    return MembershipChange(added=frozenset(ids), replaces=True)


def split(operations: Iterable[Operation], matching: Matching) -> tuple[list[Operation], MembershipChange]:
    """
    The operations on other attributes, and what the others do to the members. `matching` finds the members that a filter in a path describes,
    among those who are in and those given. Raises ScimError and SCIMException.
    """
    others: list[Operation] = []
    change, named = MembershipChange(), 0
    for operation in operations:
        rest, path, given = _of_members(operation)
        if rest is not None:
            others.append(rest)
        if path is None:
            continue
        named += len(given) if isinstance(given, list) else 1
        if named > MOST_MEMBERS:
            raise TooLarge(f"members: More than {MOST_MEMBERS} in one request; send them in several.")
        change = _folded(change, str(operation.get("op", "")).casefold(), path, given, matching)
    return others, change


def _of_members(operation: Operation) -> tuple[Operation | None, Any, Any]:
    """What is left of the operation, the path into the members (None when it has none) and the value for it."""
    text, value = operation.get("path"), operation.get("value")
    if isinstance(text, str):
        path = Path[Group](text)
        binding = path.resolve() if path.model is None else None
        if binding is None or binding.field_name != "members":
            return operation, None, None
        return None, path, value
    if not isinstance(value, Mapping):
        return operation, None, None
    ours = {name: value[name] for name in value if _names_members(name)}
    rest = {name: value[name] for name in value if name not in ours}
    if not ours:
        return operation, None, None
    return ({**operation, "value": rest} if rest else None), Path[Group]("members"), next(iter(ours.values()))


def _names_members(name: str) -> bool:
    return name.casefold().removeprefix(f"{Group.__schema__}:".casefold()) == "members"


def _folded(change: MembershipChange, op: str, path: Any, value: Any, matching: Matching) -> MembershipChange:
    binding = path.resolve()
    if binding.sub_field_name is not None:
        raise Mutability("members: Only whole members are added and removed.")
    if path.value_filter is not None:
        if op != "remove":
            raise Mutability("members: A filter chooses whom to remove, nothing else.")
        return change.removing(_described(path.value_filter, change, matching))
    if op == "add":
        return change.adding(ids_of(value))
    if op == "replace":
        return replacement(ids_of(value))
    if op == "remove":
        return replacement(()) if value is None else change.removing(ids_of(value))
    raise InvalidValue(f"op: {op[:20]!r} is not add, replace or remove.")


def ids_of(value: Any) -> frozenset[str]:
    """`[{"value": id}]`, one of these without its array, or bare ids. Null is nobody. What else they hold (`$ref`, `display`) is not read."""
    if value is None:
        return frozenset()
    return frozenset(_id(each) for each in (value if isinstance(value, list) else [value]))


def _id(member: Any) -> str:
    if isinstance(member, Mapping):
        found = {str(name).casefold(): inner for name, inner in member.items()}
        if str(found.get("type") or "user").casefold() != "user":
            raise InvalidValue("members.type: Only people can be members.")
        member = found.get("value")
    if not isinstance(member, str) or not member:
        raise InvalidValue("members.value: The id of a person is missing.")
    return member


def _described(node: Any, change: MembershipChange, matching: Matching) -> frozenset[str]:
    """`value eq "…"`, also several joined by `or`, needs no look at the members."""
    ids = _plain_ids(node)
    return frozenset(matching(str(node), change.added)) if ids is None else ids


def _plain_ids(node: FilterNode) -> frozenset[str] | None:
    if isinstance(node, LogicalExpr) and node.op == LogicalOperator.or_:
        found = [_plain_ids(term) for term in node.terms]
        return None if None in found else frozenset().union(*(each for each in found if each is not None))
    if not isinstance(node, Comparison) or node.op != CompareOperator.eq or not isinstance(node.value, str):
        return None
    return frozenset({node.value}) if node.attr_path.attr.casefold() == "value" else None
