"""Directory fields to SCIM documents and PATCH operations, as an application's dialect says. Values in, values out."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Protocol

from apps.applications.catalog import MappedAttribute, ScimDialect
from apps.lib.scim import messages, reading, schemas
from apps.provisioning.scim_paths import TYPED as _TYPED
from apps.provisioning.scim_paths import extension_of

Document = dict[str, Any]

_PRIMARY = {"emails"}  # the one value we send of it is also the primary one


class Person(Protocol):
    """What of a user is read; blank texts are absent."""

    @property
    def username(self) -> str: ...

    @property
    def email(self) -> str: ...

    @property
    def first_name(self) -> str: ...

    @property
    def last_name(self) -> str: ...

    @property
    def display_name(self) -> str: ...

    @property
    def job_title(self) -> str: ...

    @property
    def work_phone(self) -> str: ...

    @property
    def timezone(self) -> str: ...


def values_of(person: Person, attributes: Iterable[MappedAttribute]) -> dict[str, str]:
    """SCIM path → value for every mapped field that the person has. `active` is not among them: it has its own plan."""
    fields = {
        mapped.scim: value_of(person, mapped.source, mapped.constant)
        for mapped in attributes
        if mapped.source != "active"
    }
    return {path: value for path, value in fields.items() if value}


def value_of(person: Person, source: str, constant: str = "") -> str:
    """What one row says of the person; "" is not told."""
    return _field(person, source) if source else constant


def _field(person: Person, source: str) -> str:
    if source == "full_name":
        return _full_name(person)
    if source == "display_name":
        return person.display_name or _full_name(person)
    return str(getattr(person, source))


def _full_name(person: Person) -> str:
    """Applications show these names to people, and some refuse an account without one: there is always something."""
    return f"{person.first_name} {person.last_name}".strip() or person.display_name or person.username


def values_in(document: Any, attributes: Iterable[MappedAttribute]) -> dict[str, str]:
    """What an application shows of the mapped paths, read leniently."""
    shown = {mapped.scim: _shown(document, mapped.scim) for mapped in attributes if mapped.source != "active"}
    return {path: value for path, value in shown.items() if value}


def _shown(document: Any, path: str) -> str:
    if typed := _TYPED.fullmatch(path):
        rows = reading.get(document, typed["attribute"])
        rows = rows if isinstance(rows, list) else [rows]
        chosen = [row for row in rows if str(reading.get(row, "type")).casefold() == typed["type"]] or rows
        value = reading.get(chosen[0], "value") if chosen else None
    else:
        urn, attribute = extension_of(path)
        value = reading.get(document.get(urn) if urn else document, attribute)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def user_document(values: Mapping[str, str], dialect: ScimDialect, *, active: bool | None = None) -> Document:
    """`active` None: as at creation, that is True where the dialect maps it and absent where it does not."""
    document: Document = {"schemas": [schemas.USER]}
    for path, value in values.items():
        typed, urn, head, rest = _place(path)
        if typed:
            document.setdefault(typed["attribute"], []).append(_row(typed, value))
        else:
            _put(document, urn, head, rest, value)
    if active is not None or any(mapped.source == "active" for mapped in dialect.attributes):
        document["active"] = spelled(active is not False, dialect)
    return document


@lru_cache(maxsize=1024)
def _place(path: str) -> tuple[re.Match[str] | None, str, str, str]:
    """(as a row of a type, URN, attribute, part of it): the same few paths for everybody."""
    urn, attribute = extension_of(path)
    head, _, rest = attribute.partition(".")
    return _TYPED.fullmatch(path), urn, head, rest


def _put(document: Document, urn: str, head: str, rest: str, value: str) -> None:
    """Attributes of an extension stand under its URN, which is named among the schemas (RFC 7643 section 3.3)."""
    place = document
    if urn:
        place = document.setdefault(urn, {})
        if urn not in document["schemas"]:
            document["schemas"].append(urn)
    if rest:
        place.setdefault(head, {})[rest] = value
    else:
        place[head] = value


def without(document: Mapping[str, Any], paths: Iterable[str]) -> Document:
    """What is left of an account as it is shown when these paths are taken out; rows of other types stay."""
    left: Document = dict(document)
    for path in paths:
        urn, attribute = extension_of(path)
        if typed := _TYPED.fullmatch(path):
            rows = left.get(typed["attribute"])
            kept = [row for row in rows if not _is_of(row, typed["type"])] if isinstance(rows, list) else []
            left[typed["attribute"]] = kept
        elif urn:
            left[urn] = without(left.get(urn) or {}, [attribute])
        else:
            left.pop(attribute, None)
            head, _, rest = attribute.partition(".")
            if rest and isinstance(left.get(head), Mapping):
                left[head] = without(left[head], [rest])
    return {name: value for name, value in left.items() if value not in ([], {})}


def _is_of(row: Any, kind: str) -> bool:
    return str(reading.get(row, "type")).casefold() == kind.casefold()


def user_operations(
    changes: Mapping[str, str | None],
    sent: Mapping[str, str],
    dialect: ScimDialect,
    *,
    active: bool | None = None,
) -> list[Document]:
    """Each with a path: GitLab reads no other form. `active` None leaves it alone."""
    operations = [_operation(path, value, sent) for path, value in changes.items()]
    if active is not None:
        operations.insert(0, messages.replace("active", spelled(active, dialect)))
    return [{**each, "op": cased(each["op"], dialect)} for each in operations]


def _operation(path: str, value: str | None, sent: Mapping[str, str]) -> Document:
    typed = _TYPED.fullmatch(path)
    if value is None:
        return messages.remove(path.removesuffix(".value") if typed else path)
    if typed and path not in sent:  # a filter that matches nothing is an error (RFC 7644 section 3.5.2.3)
        return messages.add(typed["attribute"], [_row(typed, value)])
    return messages.replace(path, value)


def _row(typed: re.Match[str], value: str) -> Document:
    row: Document = {"type": typed["type"], "value": value}
    return row | {"primary": True} if typed["attribute"] in _PRIMARY else row


def group_document(
    name: str, members: Iterable[str], dialect: ScimDialect, *, external_id: str = ""
) -> Document:
    document: Document = {"schemas": [schemas.GROUP], "displayName": name}
    if external_id and dialect.group_external_id:
        document["externalId"] = external_id
    if dialect.group_members_on_create:
        document |= members_value(members)
    return document


def member_operations(add: Iterable[str], remove: Iterable[str], dialect: ScimDialect) -> list[Document]:
    """Removals first, so that a full team has room."""
    adding, removing = sorted(add), sorted(remove)
    operations: list[Document] = []
    if removing and dialect.member_removal == "listed":
        operations.append(messages.remove_members(removing))
    elif removing:
        operations += [messages.remove_member(member) for member in removing]
    if adding:
        operations.append(messages.add_members(adding))
    return [{**each, "op": cased(each["op"], dialect)} for each in operations]


def everyone_operations(members: Iterable[str], dialect: ScimDialect) -> list[Document]:
    return [messages.replace_members(sorted(members), op=cased("replace", dialect))]


def members_value(members: Iterable[str]) -> Document:
    return {"members": [{"value": member} for member in sorted(members)]}


def rename_operations(name: str, dialect: ScimDialect) -> list[Document]:
    return [messages.replace("displayName", name, op=cased("replace", dialect))]


def spelled(active: bool, dialect: ScimDialect) -> bool | str:
    return str(active) if dialect.active_as_string else active


def cased(operation: str, dialect: ScimDialect) -> str:
    return operation.capitalize() if dialect.patch_op_case == "Capital" else operation
