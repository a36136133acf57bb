"""
What most requests about people look like: attributes spelled as RFC 7643 spells them, of its types. Such a one is read here, in a fraction of
the time; everything else, and whatever is wrong, is for scim2-models to understand or to refuse. Both read the same
(tests/scim/test_plain_requests_are_read_the_same.py).
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from apps.lib.scim.schemas import ENTERPRISE_USER
from apps.scim.user_resource import COMPANY, NAMES, TEXTS, Document, Wanted, wanted

# Left out of every request (apps.scim.resources.read), and attributes of RFC 7643 section 4.1 that nobody keeps here.
UNKEPT = frozenset(
    {"schemas", "id", "meta", "groups", "locale", "password", "nickName", "userType", "preferredLanguage"}
)
TRUTH = {True: True, False: False, "True": True, "False": False, "true": True, "false": False}
# Path of a PATCH → the object of the document that it stands in, "" for the document, and the name there.
PLACES = {
    **{name: ("", name) for name in (*TEXTS, "externalId", "active")},
    **{f"name.{name}": ("name", name) for name in NAMES},
    **{f"{ENTERPRISE_USER}:{name}": (ENTERPRISE_USER, name) for name in COMPANY},
}


class Element(NamedTuple):
    """Of an attribute with several values."""

    value: str
    type: str | None
    primary: bool | None


class _NotPlain(Exception):
    """Raised and caught here."""


def read(document: Document) -> Wanted | None:
    """What a document asks for that tells the whole person; None for one that is not plain."""
    try:
        return _read(document)
    except _NotPlain:
        return None


def changed(document: Document, operations: Any) -> Wanted | None:
    """
    What is asked for by a PATCH of the person whom `document` tells, if it is one operation that gives single attributes another value;
    otherwise None.
    """
    if not isinstance(operations, list) or len(operations) != 1:
        return None  # what one operation leaves to the next is not for here
    try:
        for path, value in _assignments(operations[0]).items():
            place, name = PLACES.get(path, ("", ""))
            if not name:
                return None
            inside = document.setdefault(place, {}) if place else document
            inside[name] = _truth(value) if name == "active" else _text(value)
        return _read(document)
    except _NotPlain:
        return None


def _assignments(operation: Any) -> Mapping[str, Any]:
    if not isinstance(operation, dict) or not operation.keys() <= {"op", "path", "value"}:
        raise _NotPlain
    op, path, value = operation.get("op"), operation.get("path", ""), operation.get("value")
    if not isinstance(op, str) or op.casefold() not in {"add", "replace"} or not isinstance(path, str):
        raise _NotPlain
    told = {path: value} if path else value
    if not isinstance(told, dict) or not told:
        raise _NotPlain
    return told


def _read(document: Document) -> Wanted:
    texts: dict[str, str] = {}
    rest: dict[str, Any] = {}
    for name, value in document.items():
        if name in TEXTS:
            texts[TEXTS[name]] = _text(value)
        elif name in OTHERS:
            rest[name] = OTHERS[name](value)
        elif name not in UNKEPT:
            raise _NotPlain
    if not rest.keys() >= {"emails", "active"} or "username" not in texts:
        raise _NotPlain  # everybody has these
    return wanted(
        texts | rest.get("name", {}) | rest.get(ENTERPRISE_USER, {}),
        rest["emails"],
        rest.get("phoneNumbers", ()),
        external_id=rest.get("externalId"),
        active=rest["active"],
    )


def _texts(value: Any, names: Mapping[str, str]) -> dict[str, str]:
    """By directory field."""
    if not isinstance(value, dict) or not value.keys() <= names.keys():
        raise _NotPlain
    return {names[name]: _text(each) for name, each in value.items()}


def _name(value: Any) -> dict[str, str]:
    return _texts(value, NAMES)


def _company(value: Any) -> dict[str, str]:
    if isinstance(value, dict) and isinstance(superior := value.get("manager"), dict):
        told = _company({name: each for name, each in value.items() if name != "manager"})
        return told | _texts(superior, {"value": "manager"})
    return _texts(value, COMPANY)


def _text(value: Any) -> str:
    """Never empty: what an empty text means depends on where it stands."""
    if not isinstance(value, str) or not value:
        raise _NotPlain
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool | str) or value not in TRUTH:
        raise _NotPlain
    return TRUTH[value]


def _elements(value: Any) -> list[Element]:
    if not isinstance(value, list) or not value:
        raise _NotPlain
    found = [_element(each) for each in value]
    if sum(each.primary is True for each in found) > 1:
        raise _NotPlain
    return found


def _element(value: Any) -> Element:
    if not isinstance(value, dict) or not value.keys() <= {"value", "type", "primary"}:
        raise _NotPlain
    kind, primary = value.get("type"), value.get("primary")
    if not isinstance(kind, str | None) or not isinstance(primary, bool | None):
        raise _NotPlain
    return Element(_text(value.get("value")), kind, primary)


OTHERS: dict[str, Callable[[Any], Any]] = {
    "externalId": _text,
    "active": _truth,
    "emails": _elements,
    "phoneNumbers": _elements,
    "name": _name,
    ENTERPRISE_USER: _company,
}
