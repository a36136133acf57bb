"""How each attribute of a person is compared in the database. None says that it cannot be compared that way."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from scim2_models.path import CompareOperator

from apps.directory.validators import fold
from apps.scim.models import ExternalIdentity, Source

Compare = Callable[[CompareOperator, Any], Q | None]
Attributes = dict[tuple[str, str | None], Compare]  # by Python names of apps.scim.resources.User

NOBODY = Q(pk__in=())
EVERYBODY = ~NOBODY  # not Q(): its negation would still be everybody
EQUAL = CompareOperator.eq
PARTS = {
    CompareOperator.co: "contains",
    CompareOperator.sw: "startswith",
    CompareOperator.ew: "endswith",
}
ORDER = {
    CompareOperator.gt: "gt",
    CompareOperator.ge: "gte",
    CompareOperator.lt: "lt",
    CompareOperator.le: "lte",
}


def of_person(source: Source) -> Attributes:
    """`externalId` is the caller's own: another source's is not seen (RFC 7643 section 3.1)."""
    has_phone = ~Q(work_phone="")
    return {
        ("id", None): _id,
        ("external_id", None): _external_id(source),
        ("user_name", None): _user_name(source),
        ("emails", "value"): _key("email_key"),
        ("emails", "type"): _always("work"),
        ("emails", "primary"): _always(True),  # noqa: FBT003 - the attribute's value
        ("name", "given_name"): _text("first_name"),
        ("name", "family_name"): _text("last_name"),
        ("display_name", None): _text("display_name"),
        ("title", None): _text("job_title"),
        ("timezone", None): _text("timezone"),
        ("active", None): _boolean("active"),
        ("phone_numbers", "value"): _text("work_phone"),
        ("phone_numbers", "type"): _always("work", where=has_phone),
        ("phone_numbers", "primary"): _always(True, where=has_phone),  # noqa: FBT003
        ("meta", "resource_type"): _always("User"),
        ("meta", "created"): _moment("created_at"),
        ("meta", "last_modified"): _moment("updated_at"),
    }


def _key(column: str) -> Compare:
    """A column that holds the folded value: never empty, served by its unique index."""

    def compare(op: CompareOperator, value: Any) -> Q:
        if value is None:
            return NOBODY
        suffix = PARTS.get(op) or ORDER.get(op) or "exact"
        return Q(**{f"{column}__{suffix}": fold(value)})

    return compare


def _user_name(source: Source) -> Compare:
    """What this source sent, where it sent one: the portal's own user name may differ. Whoever else has that name stands back."""
    ours = _key("user_name_key")
    theirs = _key("username_key")

    def compare(op: CompareOperator, value: Any) -> Q | None:
        own = ExternalIdentity.objects.filter(source=source)
        named = own.filter(ours(op, value))
        others = theirs(op, value) & ~Q(pk__in=own.values("user"))  # type: ignore[operator]  # never None
        if op != EQUAL:
            return Q(pk__in=named.values("user")) | others
        # Looked up now: an OR over two tables would read every person.
        found = named.values_list("user", flat=True).first()
        return Q(pk=found) if found else others

    return compare


def _text(column: str) -> Compare:
    """What is absent is empty here, and matches no text, not even the empty one."""

    def compare(op: CompareOperator, value: Any) -> Q | None:
        if value is None:
            return Q(**{column: ""})
        if op in ORDER:
            return None
        return Q(**{f"{column}__i{PARTS.get(op, 'exact')}": value}) & ~Q(**{column: ""})

    return compare


def _boolean(column: str) -> Compare:
    return lambda op, value: NOBODY if value is None else Q(**{column: value}) if op == EQUAL else None


def _moment(column: str) -> Compare:
    def compare(op: CompareOperator, value: Any) -> Q | None:
        if value is None:
            return NOBODY
        if op in PARTS or not isinstance(value, datetime):
            return None
        try:
            moment = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
        except OverflowError:
            return None
        return Q(**{f"{column}__{ORDER.get(op, 'exact')}": moment})

    return compare


def _id(op: CompareOperator, value: Any) -> Q | None:
    if op != EQUAL:
        return None
    try:
        key = UUID(value)
    except (TypeError, ValueError):
        return NOBODY
    return Q(pk=key) if str(key) == value else NOBODY  # other spellings of a UUID are other ids


def _external_id(source: Source) -> Compare:
    """A subquery, so that `not` and `ne` also find who has none."""

    def compare(op: CompareOperator, value: Any) -> Q | None:
        own = ExternalIdentity.objects.filter(source=source).exclude(external_id="")
        if value is None:
            return ~Q(pk__in=own.values("user"))
        return Q(pk__in=own.filter(external_id=value).values("user")) if op == EQUAL else None

    return compare


def _always(constant: Any, *, where: Q | None = None) -> Compare:
    """What the resource says of everybody, or of everybody `where` there is a value; compared without case."""
    everybody = EVERYBODY if where is None else where

    def compare(op: CompareOperator, value: Any) -> Q | None:
        if value is None:
            return ~everybody
        if op in ORDER:
            return None
        ours, theirs = str(constant).casefold(), str(value).casefold()
        holds = {
            EQUAL: ours == theirs,
            CompareOperator.co: theirs in ours,
            CompareOperator.sw: ours.startswith(theirs),
            CompareOperator.ew: ours.endswith(theirs),
        }[op]
        return everybody if holds else NOBODY

    return compare
