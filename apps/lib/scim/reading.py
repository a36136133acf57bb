"""Answers of service providers, read leniently: each oddity here was seen at one of them.

Attribute names ignore case (RFC 7643 section 2.1), ids may be numbers, `schemas` may be missing, "name.formatted" may be one flat key,
`active` may be a string, a list may be bare, and a filter may have been ignored, so the caller compares again (`find_user`).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_noop

from apps.lib.http import Answer, BadAnswer
from apps.lib.scim.errors import InvalidValue, NotScim, SeveralMatch
from apps.lib.scim.values import read_boolean
from apps.lib.xml import is_xml_text

LONGEST_ID = 255
LONGEST_TEXT = 1000

Document = Mapping[str, Any]


@dataclass(frozen=True)
class ReadUser:
    """Missing texts are empty; `active` is None where the service provider did not say, or not so that one could tell."""

    id: str
    user_name: str = ""
    external_id: str = ""
    active: bool | None = None
    email: str = ""
    given_name: str = ""
    family_name: str = ""
    formatted_name: str = ""
    display_name: str = ""
    title: str = ""
    phone_number: str = ""
    timezone: str = ""


@dataclass(frozen=True)
class ReadGroup:
    """`member_ids` is None where the answer has no members attribute, which is not the same as none."""

    id: str
    display_name: str = ""
    external_id: str = ""
    member_ids: tuple[str, ...] | None = None


@dataclass(frozen=True)
class ReadList:
    """`total` counts all results as the service provider claims, or those here where it makes no claim."""

    resources: tuple[Document, ...]
    total: int
    start_index: int = 1


@dataclass(frozen=True)
class ReadError:
    """`status` is that of HTTP: bodies omit theirs or carry another. `detail` is the target's own words, safe to store and show."""

    status: int
    detail: str
    scim_type: str = ""
    document: Document = field(default_factory=dict, repr=False)


def read_user(document: Any) -> ReadUser:
    """Raises NotScim when there is no usable id."""
    active = get(document, "active")
    return ReadUser(
        id=read_id(document),
        user_name=_text(get(document, "userName")),
        external_id=_text(get(document, "externalId")),
        active=None if active is None else _boolean(active),
        email=_text(_chosen(get(document, "emails"))),
        given_name=_text(get(document, "name.givenName")),
        family_name=_text(get(document, "name.familyName")),
        formatted_name=_text(get(document, "name.formatted")),
        display_name=_text(get(document, "displayName")),
        title=_text(get(document, "title")),
        phone_number=_text(_chosen(get(document, "phoneNumbers"))),
        timezone=_text(get(document, "timezone")),
    )


def read_group(document: Any) -> ReadGroup:
    """Raises NotScim when there is no usable id."""
    members = get(document, "members")
    found = (
        None if members is None else tuple(value for each in _many(members) if (value := _id(_value(each))))
    )
    return ReadGroup(
        id=read_id(document),
        display_name=_text(get(document, "displayName")),
        external_id=_text(get(document, "externalId")),
        member_ids=found,
    )


def read_list(document: Any) -> ReadList:
    """Raises NotScim for anything but a ListResponse or a bare array."""
    resources = document if isinstance(document, list) else get(document, "Resources")
    total = None if isinstance(document, list) else _integer(get(document, "totalResults"))
    if not isinstance(resources, list):
        if total != 0:
            raise NotScim(gettext_noop("The answer is not a list of resources."))
        resources = []  # RFC 7644 section 3.4.2: may be left out when there are none
    documents = tuple(each for each in resources if isinstance(each, Mapping))
    start_index = None if isinstance(document, list) else _integer(get(document, "startIndex"))
    return ReadList(documents, len(documents) if total is None else total, start_index or 1)


def find_user(document: Any, user_name: str) -> ReadUser | None:
    """The user whose userName is this one, case-folded, whatever else the service provider put into the list."""
    found = _one(document, "userName", user_name, exact=False)
    return None if found is None else read_user(found)


def find_user_by_id(document: Any, attribute: str, value: str) -> ReadUser | None:
    """`attribute` is `externalId` or `id`, compared exactly (RFC 7643 section 3.1: caseExact)."""
    found = _one(document, attribute, value, exact=True)
    return None if found is None else read_user(found)


def find_group(document: Any, display_name: str) -> ReadGroup | None:
    found = _one(document, "displayName", display_name, exact=False)
    return None if found is None else read_group(found)


def read_error(answer: Answer, *, hide: Collection[str] = ()) -> ReadError:
    """What the service provider says went wrong, in SCIM or not. `hide` holds secrets that its words might echo."""
    try:
        document = answer.json()
    except BadAnswer:
        document = {}
    if not isinstance(document, Mapping):
        document = {}
    words = _words(document)
    for secret in hide:
        words = words.replace(secret, "[hidden]") if secret else words
    return ReadError(
        answer.status,
        words or f"HTTP status {answer.status} without an explanation.",
        _text(get(document, "scimType")),
        document,
    )


def read_id(document: Any) -> str:
    found = _id(get(document, "id"))
    if not found:
        raise NotScim(gettext_noop("The answer has no id, or one that cannot be kept."))
    return found


def get(document: Any, path: str) -> Any:
    """The value at `path` ("userName", "name.formatted"), nested or as one flat key, names without case; None if there is none."""
    if not isinstance(document, Mapping):
        return None
    if path in document:
        return document[path]
    folded = {key.casefold(): value for key, value in document.items() if isinstance(key, str)}
    wanted = path.casefold()
    if wanted in folded:
        return folded[wanted]
    head, dot, rest = path.partition(".")
    return get(folded.get(head.casefold()), rest) if dot else None


def _one(document: Any, attribute: str, value: str, *, exact: bool) -> Document | None:
    """Raises SeveralMatch: adopting either of two accounts could hand one person's access to another."""
    wanted = value if exact else value.casefold()
    matching: dict[str, Document] = {}
    for resource in read_list(document).resources:
        found = get(resource, attribute)
        found = _id(found) if exact else _text(found).casefold()
        if found == wanted:
            matching[read_id(resource)] = resource
    if len(matching) > 1:
        raise SeveralMatch(f"More than one resource has this {attribute}.")
    return next(iter(matching.values()), None)


def _words(document: Document) -> str:
    """`detail` is SCIM 2.0's; `Errors[].description` is 1.1's; the others come from gateways and frameworks before the SCIM code."""
    for source in (document, *_many(get(document, "errors"))):
        for key in ("detail", "description", "message", "error_description", "error", "title"):
            if found := _text(get(source, key)):
                return found
    return ""


def _chosen(values: Any) -> Any:
    """Of a multi-valued attribute the primary value, else the one for work, else the first (RFC 7643 section 2.4)."""
    rows = _many(values)
    for row in rows:
        if _boolean(get(row, "primary")):
            return _value(row)
    for row in rows:
        if _text(get(row, "type")).casefold() == "work":
            return _value(row)
    return _value(rows[0]) if rows else None


def _many(values: Any) -> list[Any]:
    if values is None:
        return []
    return values if isinstance(values, list) else [values]


def _value(row: Any) -> Any:
    return get(row, "value") if isinstance(row, Mapping) else row


def _boolean(value: Any) -> bool | None:
    try:
        return read_boolean(value)
    except InvalidValue:
        return None


def _integer(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _id(value: Any) -> str:
    """An id is kept exactly or not at all."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return text if isinstance(text, str) and len(text) <= LONGEST_ID and is_xml_text(text) else ""


def _text(value: Any) -> str:
    """Without what a database or a SAML response cannot hold, and not longer than anyone reads."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        return ""
    cut = value[:LONGEST_TEXT]
    return cut if is_xml_text(cut) else "".join(char if is_xml_text(char) else "\ufffd" for char in cut)
