"""Which groups a source sees, which of them are its own, and who is in them."""

from collections.abc import Iterable

from django.db.models import Count, F, Prefetch, QuerySet, TextField
from django.db.models.functions import Cast

from apps.directory.models import Group, Membership
from apps.scim.models import ExternalGroup, ExternalIdentity, Source

MOST_MEMBERS_OF_A_PAGE = 10_000
NAMES = ("user__display_name", "user__first_name", "user__last_name", "user__username")
Member = tuple[str, str]  # id, and the name where it was asked for


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


def members_of(source: Source, groups: Iterable[Group], *, named: bool) -> dict[str, list[Member]]:
    """Group id → members, in the order they joined. One query. The ids come as text: to make thousands of objects of them costs more than to read them."""
    deleted = ExternalIdentity.objects.filter(source=source).exclude(deleted_at=None)
    found = Membership.objects.filter(group__in=list(groups)).exclude(user__in=deleted.values("user"))
    names = NAMES if named else ()
    keys = {name: Cast(F(name), TextField()) for name in ("group_id", "user_id")}
    rows = found.order_by("created_at", "pk").values_list(keys["group_id"], keys["user_id"], *names)
    members: dict[str, list[Member]] = {}
    for group_key, user_key, *parts in rows:
        members.setdefault(dashed(group_key), []).append((dashed(user_key), _name(*parts) if named else ""))
    return members


def dashed(key: str) -> str:
    """As str(UUID) writes it; SQLite keeps the digits alone."""
    return key if len(key) == 36 else f"{key[:8]}-{key[8:12]}-{key[12:16]}-{key[16:20]}-{key[20:]}"


def _name(shown: str, first: str, last: str, username: str) -> str:
    return shown or f"{first} {last}".strip() or username
