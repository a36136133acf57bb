"""How one attribute is compared in the database. A comparison answers None when it cannot be made that way."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Q, Value
from django.db.models.functions import Left, Lower, Right, StrIndex
from django.db.models.lookups import (
    Exact,
    GreaterThan,
    GreaterThanOrEqual,
    IContains,
    IEndsWith,
    IExact,
    IStartsWith,
    LessThan,
    LessThanOrEqual,
)
from scim2_models.path import CompareOperator as Op

from apps.directory.validators import fold

Compare = Callable[[Op, Any], Q | None]

NOBODY = Q(pk__in=())
EVERYBODY = ~NOBODY  # not Q(): its negation would still be everybody
PARTS = {Op.co: "contains", Op.sw: "startswith", Op.ew: "endswith"}
ORDER = {Op.gt: "gt", Op.ge: "gte", Op.lt: "lt", Op.le: "lte"}
IN_ORDER = {Op.gt: GreaterThan, Op.ge: GreaterThanOrEqual, Op.lt: LessThan, Op.le: LessThanOrEqual}
ANY_CASE = {Op.eq: IExact, Op.co: IContains, Op.sw: IStartsWith, Op.ew: IEndsWith}


@dataclass(frozen=True)
class Element:
    """
    One of the values of a multi-valued attribute. `parts` compare its sub-attributes in the rows where they are kept;
    `holds` says of the resource's rows that such a value is there.
    """

    parts: Mapping[str, Compare]
    holds: Callable[[Q], Q]


@dataclass(frozen=True)
class Columns:
    """
    By the Python names of apps.scim.resources: (attribute, sub-attribute or None) for what is there once, and the elements of what is there
    several times. `order` has what a list is sorted by; missing values are None there.
    """

    single: Mapping[tuple[str, str | None], Compare]
    plural: Mapping[str, tuple[Element, ...]]
    order: Mapping[tuple[str, str | None], Any] = field(default_factory=dict)


def key(column: str) -> Compare:
    """A column that holds the folded value: never empty, served by its unique index."""

    def compare(op: Op, value: Any) -> Q:
        if value is None:
            return NOBODY
        suffix = PARTS.get(op) or ORDER.get(op) or "exact"
        return Q(**{f"{column}__{suffix}": fold(value)})

    return compare


def text(source: Any) -> Compare:
    """An expression. What is absent is empty there, and matches no text, not even the empty one."""

    def compare(op: Op, value: Any) -> Q:
        absent = Q(Exact(source, ""))
        if value is None:
            return absent
        if op in IN_ORDER:
            return Q(IN_ORDER[op](Lower(source), value.lower())) & ~absent
        return Q(ANY_CASE[op](source, value)) & ~absent

    return compare


def exact_text(column: str) -> Compare:
    """Compared with case, also on SQLite, whose LIKE knows none."""

    def compare(op: Op, value: Any) -> Q:
        absent = Q(**{column: ""})
        if value is None:
            return absent
        return part_of(F(column), op, value) & ~absent

    return compare


def part_of(source: Any, op: Op, value: str) -> Q:
    if op in IN_ORDER:
        return Q(IN_ORDER[op](source, value))
    if op == Op.eq:
        return Q(Exact(source, value))
    if not value:
        return EVERYBODY
    if op == Op.co:
        return Q(GreaterThan(StrIndex(source, Value(value)), 0))
    cut = Left if op == Op.sw else Right
    return Q(Exact(cut(source, len(value)), value))


def presence(compare: Compare) -> Compare:
    """Of a complex attribute: it is there or not, and cannot be compared as a whole."""
    return lambda op, value: compare(op, None) if value is None and op == Op.eq else None


def boolean(column: str) -> Compare:
    return lambda op, value: NOBODY if value is None else Q(**{column: value}) if op == Op.eq else None


def moment(column: str) -> Compare:
    def compare(op: Op, value: Any) -> Q | None:
        if value is None:
            return NOBODY
        if op in PARTS or not isinstance(value, datetime):
            return None
        try:
            when = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
        except OverflowError:
            return None
        return Q(**{f"{column}__{ORDER.get(op, 'exact')}": when})

    return compare


def identifier(column: str) -> Compare:
    """Ours. Other spellings of a UUID are other ids."""

    def compare(op: Op, value: Any) -> Q | None:
        if value is None:
            return NOBODY
        if op != Op.eq:
            return None
        found = as_id(value)
        return NOBODY if found is None else Q(**{column: found})

    return compare


def as_id(value: Any) -> UUID | None:
    """None for what is no id of ours, also for other spellings of one."""
    try:
        found = UUID(value)
    except (AttributeError, TypeError, ValueError):
        return None
    return found if str(found) == value else None


def constant(value_of_all: Any) -> Compare:
    """What the resource says of everybody; compared without case."""

    def compare(op: Op, value: Any) -> Q | None:
        if value is None:
            return NOBODY
        ours, theirs = str(value_of_all).casefold(), str(value).casefold()
        holds = {
            Op.eq: ours == theirs,
            Op.co: theirs in ours,
            Op.sw: ours.startswith(theirs),
            Op.ew: ours.endswith(theirs),
            Op.gt: ours > theirs,
            Op.ge: ours >= theirs,
            Op.lt: ours < theirs,
            Op.le: ours <= theirs,
        }[op]
        return EVERYBODY if holds else NOBODY

    return compare
