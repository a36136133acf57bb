"""Which groups a source sees, which of them are its own, and who is in them."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Prefetch, QuerySet

from apps.directory.models import Group, Membership
from apps.scim.models import ExternalGroup, Source
from apps.scim.people import seen_by as people_seen_by

MOST_MEMBERS_OF_A_PAGE = 10_000


def seen_by(_: Source) -> QuerySet[Group]:
    found: QuerySet[Group] = Group.objects.all()
    return found


def with_claim(source: Source, groups: QuerySet[Group]) -> QuerySet[Group]:
    """Each with `own_groups`: the source's claim on it, if it has one."""
    own = ExternalGroup.objects.filter(source=source).select_related("source")
    return groups.prefetch_related(Prefetch("external_groups", queryset=own, to_attr="own_groups"))


def fitting(groups: list[Group]) -> list[Group]:
    """The first ones whose members fit into one answer together, at least one: a page may be shorter than was asked for, never half a group."""
    sizes = dict(
        Membership.objects.filter(group__in=groups).values_list("group").annotate(size=Count("pk")).order_by()
    )
    total, kept = 0, list[Group]()
    for group in groups:
        total += sizes.get(group.pk, 0)
        if kept and total > MOST_MEMBERS_OF_A_PAGE:
            break
        kept.append(group)
    return kept


def members_of(source: Source, groups: Iterable[Group]) -> dict[Any, list[tuple[str, str]]]:
    """Group id → (person id, name), in the order they joined. One query."""
    found = Membership.objects.filter(group__in=list(groups), user__in=seen_by_source(source))
    rows = found.order_by("created_at", "pk").values_list(
        "group_id", "user_id", "user__display_name", "user__first_name", "user__last_name", "user__username"
    )
    members: dict[Any, list[tuple[str, str]]] = {}
    for group_id, user_id, shown, first, last, username in rows:
        name = shown or f"{first} {last}".strip() or username
        members.setdefault(group_id, []).append((str(user_id), name))
    return members


def seen_by_source(source: Source) -> Any:
    return people_seen_by(source).order_by()
