"""
The search terms of JumpCloud's Directory Insights, as a Search: {"and": [{"event_type": "sso_auth"}, {"or": [{"client_ip": "…"}, …]}]}.

What must hold is looked up in an index where there is one for it; the rest is a condition on the lines that one leads to. Texts are
compared without regard to case, as there. Who has a name is looked for by their id; a name of nobody by what the lines say.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from django.db.models import Q

from apps.applications.models import Application
from apps.directory.models import User
from apps.events.catalogue import Area, types_of
from apps.events.search import MOST_WAYS
from apps.events.types import EventType

MOST_TERMS, DEEPEST = 50, 8
CONNECTIVES = ("and", "or", "not")
# What Directory Insights calls our kinds of actors and of targets.
ACTOR_TYPES = {"administrator": "admin", "person": "systemuser"}
TARGET_TYPES = {"user": "systemuser", "group": "user_group"}

Leaf = tuple[str, list[Any]]


class TermRefused(Exception):
    """Says why, in a sentence."""


def search_parts(term: Any) -> dict[str, Any]:
    """`types`, `services`, `actors` … of a Search (apps.events.search), and `also`. Raises TermRefused."""
    _measured(term)
    parts: dict[str, Any] = {}
    also: list[Q] = []
    for each in _conjuncts(term):
        narrowing = _narrowing(*each) if isinstance(each, tuple) else {}
        if narrowing and not narrowing.keys() & parts.keys():
            parts |= narrowing
        else:
            also.append(_leaf(*each) if isinstance(each, tuple) else _condition(each))
    return parts | {"also": also}


def _measured(term: Any, deep: int = 0) -> int:
    """How many terms there are."""
    if not isinstance(term, Mapping) or not term:
        raise TermRefused('A term is an object, such as {"and": [{"event_type": "sso_auth"}]}.')
    if deep > DEEPEST:
        raise TermRefused(f"Terms stand no deeper in each other than {DEEPEST}.")
    count = 0
    for name, value in term.items():
        if name in CONNECTIVES:
            count += sum(_measured(each, deep + 1) for each in _terms(name, value))
        else:
            count += len(_values(name, value))
    if count > MOST_TERMS:
        raise TermRefused(f"These are more than {MOST_TERMS} terms.")
    return count


def _terms(name: str, value: Any) -> list[Any]:
    terms = value if isinstance(value, list) else [value]
    if not terms:
        raise TermRefused(f"“{name}” has no terms.")
    return terms


def _values(name: str, value: Any) -> list[Any]:
    """Alternatives: one value, or a list of them."""
    if name not in FIELDS:
        raise TermRefused(f"“{name}” cannot be searched. What can: {', '.join(FIELDS)}.")
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(each, str | bool | int) for each in values):
        raise TermRefused(f"“{name}” is a text, a number or a truth value, or a list of such.")
    if any(isinstance(each, str) and "\x00" in each for each in values):
        raise TermRefused(f"“{name}” holds a null character.")
    return values


def _conjuncts(term: Mapping[str, Any]) -> Iterator[Leaf | dict[str, Any]]:
    """What must hold, all of it: fields with their alternatives, and terms that are neither."""
    for name, value in term.items():
        if name == "and":
            for each in _terms(name, value):
                yield from _conjuncts(each)
        elif name not in CONNECTIVES:
            yield name, _values(name, value)
        elif name == "or" and (leaf := _one_field(_terms(name, value))):
            yield leaf
        else:
            yield {name: value}


def _one_field(terms: list[Mapping[str, Any]]) -> Leaf | None:
    """Alternatives of one field, where they are nothing else."""
    names = {name for each in terms for name in each}
    if len(names) != 1 or names & set(CONNECTIVES):
        return None
    name = names.pop()
    return name, [value for each in terms for value in _values(name, each[name])]


def _condition(term: Mapping[str, Any]) -> Q:
    every = Q()
    for name, value in term.items():
        if name not in CONNECTIVES:
            every &= _leaf(name, _values(name, value))
            continue
        inner = [_condition(each) for each in _terms(name, value)]
        every &= _all(inner) if name == "and" else _any(inner) if name == "or" else ~_any(inner)
    return every


def _leaf(name: str, values: list[Any]) -> Q:
    return _any(FIELDS[name](value) for value in values)


def _any(conditions: Iterable[Q]) -> Q:
    either = Q()
    for each in conditions:
        either |= each
    return either


def _all(conditions: Iterable[Q]) -> Q:
    every = Q()
    for each in conditions:
        every &= each
    return every


# --- What an index answers


def _narrowing(name: str, values: list[Any]) -> dict[str, Any]:
    """Of a Search; {} for what no index begins with."""
    if name in {"event_type", "service"}:
        known: Any = _type if name == "event_type" else _area
        return {"types" if name == "event_type" else "services": [known(each) for each in values]}
    if len(values) > MOST_WAYS:
        return {}
    if name == "initiated_by.id":
        return {"actors": [_text(each) for each in values]}
    if name in NAMES:
        return _by_name(name, [_ids(NAMES[name][0](str(each))) for each in values])
    if name == "application.id":
        return {"applications": [_text(each) for each in values]}
    if len(values) > 1 or values[0] == "":  # an empty part of a Search narrows nothing
        return {}
    single = {
        "success": ("success", _truth),
        "client_ip": ("address", _text),
        "correlation.id": ("correlation", _uuid),
    }
    return {single[name][0]: single[name][1](values[0])} if name in single else {}  # fmt: skip


def _by_name(name: str, found: list[list[str]]) -> dict[str, Any]:
    ids = [pk for each in found for pk in each]
    if not all(found) or len(ids) > MOST_WAYS:
        return {}
    part = NAMES[name][1]
    return {part: [("user", pk) for pk in ids] if part == "targets" else ids}


def _ids(bearers: Any) -> list[str]:
    return [str(pk) for pk in bearers.values_list("pk", flat=True)]


def _labelled(name: str) -> Any:
    return Application.objects.filter(display_label__iexact=name)


NAMES: dict[str, tuple[Callable[[str], Any], str]] = {
    "initiated_by.username": (User.objects.named, "actors"),
    "initiated_by.email": (User.objects.named, "actors"),
    "resource.username": (User.objects.named, "targets"),
    "resource.email": (User.objects.named, "targets"),
    "application.name": (_labelled, "applications"),
    "application.display_label": (_labelled, "applications"),
}


# --- What a field means


def _type(value: Any) -> str:
    if (name := _text(value)) not in EventType:
        raise TermRefused(f"There is no type “{name}”.")
    return name


def _area(value: Any) -> str:
    if (name := _text(value)) not in Area:
        raise TermRefused(f"There is no service “{name}”.")
    return name


def _truth(value: Any) -> bool:
    if (text := _text(value)) not in {"true", "false"}:
        raise TermRefused("A truth value is true or false.")
    return text == "true"


def _uuid(value: Any) -> UUID:
    try:
        return UUID(_text(value))
    except ValueError:
        raise TermRefused("An id is a UUID.") from None


def _text(value: Any) -> str:
    return str(value).lower()


def _exactly(column: str) -> Callable[[Any], Q]:
    return lambda value: Q(**{column: _text(value)})


def _in_any_case(column: str) -> Callable[[Any], Q]:
    return lambda value: Q(**{f"{column}__iexact": str(value)})


def _kind(column: str, called: dict[str, str]) -> Callable[[Any], Q]:
    kinds = {name: kind for kind, name in called.items()}
    return lambda value: Q(**{column: kinds.get(_text(value), _text(value))})


def _member(column: str, key: str, read: Callable[[Any], Any] = str) -> Callable[[Any], Q]:
    """With the key asked for as well, so that “not” finds the lines that do not have it."""
    return lambda value: Q(**{f"{column}__has_key": key, f"{column}__{key}": read(value)})


def _person(side: str) -> Callable[[Any], Q]:
    more = {"target_kind": "user"} if side == "target" else {}

    def condition(value: Any) -> Q:
        ids = _ids(User.objects.named(str(value)))
        told = {f"{side}_id__in": ids} if ids else {f"{side}_name__iexact": str(value)}
        return Q(**more, **told)

    return condition


def _application(value: Any) -> Q:
    ids = _ids(_labelled(str(value)))
    known = _any(_application_id(each) for each in ids)
    return known if ids else Q(application_name__iexact=str(value))


def _application_id(value: Any) -> Q:
    key = _text(value)
    return Q(application_id=key) | Q(target_kind="application", target_id=key)


FIELDS: dict[str, Callable[[Any], Q]] = {
    "id": lambda value: Q(pk=_uuid(value)),
    "event_type": lambda value: Q(type=_type(value)),
    "service": lambda value: Q(type__in=types_of(_area(value))),
    "success": lambda value: Q(success=_truth(value)),
    "client_ip": _exactly("client_ip"),
    "auth_method": _exactly("auth_method"),
    "error_message": _in_any_case("error_message"),
    "correlation.id": lambda value: Q(correlation_id=_uuid(value)),
    "initiated_by.id": _exactly("actor_id"),
    "initiated_by.type": _kind("actor_kind", ACTOR_TYPES),
    "initiated_by.username": _person("actor"),
    "initiated_by.email": _person("actor"),
    "resource.id": _exactly("target_id"),
    "resource.type": _kind("target_kind", TARGET_TYPES),
    "resource.username": _person("target"),
    "resource.email": _person("target"),
    "resource.name": _in_any_case("target_name"),
    "application.id": _application_id,
    "application.name": _application,
    "application.display_label": _application,
    "idm_client_id": _member("details", "idm_client_id"),
    "idp_initiated": _member("details", "idp_initiated", _truth),
    "message_chain.response_code": _member("message_chain", "response_code"),
}
