"""The attributes of a group, as one source sees it."""

from typing import Any

from django.db.models import F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, NullIf
from scim2_models.path import CompareOperator as Op

from apps.directory.models import Membership
from apps.scim.columns.comparing import (
    Columns,
    Compare,
    Element,
    constant,
    identifier,
    key,
    moment,
    part_of,
    text,
)
from apps.scim.columns.of_people import FULL_NAME
from apps.scim.models import ExternalGroup, Source
from apps.scim.people import seen_by


def of_group(source: Source) -> Columns:
    single = {
        ("id", None): identifier("pk"),
        ("external_id", None): _external_id(source),
        ("display_name", None): key("name_key"),
        ("meta", "resource_type"): constant("Group"),
        ("meta", "created"): moment("created_at"),
        ("meta", "last_modified"): moment("updated_at"),
    }
    return Columns(single, {"members": (Element(MEMBER, _has_member(source)),)}, _order(source))


# Compared in the rows of people.
MEMBER_NAME = Coalesce(NullIf(FULL_NAME, Value("")), F("username"))
MEMBER: dict[str, Compare] = {
    "value": identifier("pk"),
    "type": constant("User"),
    "display": text(MEMBER_NAME),
}


def _has_member(source: Source) -> Any:
    def holds(condition: Q) -> Q:
        members = Membership.objects.filter(user__in=seen_by(source).filter(condition))
        return Q(pk__in=members.values("group"))

    return holds


def _external_id(source: Source) -> Compare:
    own = ExternalGroup.objects.filter(source=source).exclude(external_id="")

    def compare(op: Op, value: Any) -> Q:
        if value is None:
            return ~Q(pk__in=own.values("group"))
        return Q(pk__in=own.filter(part_of(F("external_id"), op, value)).values("group"))

    return compare


def _order(source: Source) -> dict[tuple[str, str | None], Any]:
    own = ExternalGroup.objects.filter(source=source, group=OuterRef("pk")).exclude(external_id="")
    return {
        ("id", None): F("pk"),
        ("external_id", None): Subquery(own.values("external_id")[:1]),
        ("display_name", None): F("name_key"),
        ("meta", "created"): F("created_at"),
        ("meta", "last_modified"): F("updated_at"),
    }
