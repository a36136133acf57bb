"""Which groups a source sees, which of them are its own, and who is in them."""

from collections.abc import Iterable

from django.db.models import Count, F, Prefetch, QuerySet, TextField
from django.db.models.functions import Cast

from apps.directory.models import Group, Membership
from apps.scim.models import ExternalGroup, ExternalIdentity, Source

MOST_MEMBERS_OF_A_PAGE = 10_000
NAMES = ("user__display_name", "user__first_name", "user__last_name", "user__username")
Member = tuple[str, str]  # id, name


def seen_by(_: Source) -> QuerySet[Group]:
    found: QuerySet[Group] = Group.objects.all()
    return found


def with_claim(source: Source, groups: QuerySet[Group]) -> QuerySet[Group]:
    """Each with `own_groups`: the source's claim on it, if it has one."""
    own = ExternalGroup.objects.filter(source=source).select_related("source")
    return groups.prefetch_related(Prefetch("external_groups", queryset=own, to_attr="own_groups"))


def fitting(groups: list[Group]) -> list[Group]:
    """The first ones whose members fit into one answer together, at least one: a page may be shorter than was asked for, never half a group."""
    if len(groups) == 1:
        return groups
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


def members_of(source: Source, groups: Iterable[Group]) -> dict[str, list[str]]:
    """Group id → ids of members, in the order they joined. One query. They come as text: to make thousands of objects of them costs more than to read them."""
    members: dict[str, list[str]] = {}
    for group_key, user_key in _memberships(source, groups):
        if group_key in members:
            members[group_key].append(user_key)
        else:
            members[group_key] = [user_key]
    return {dashed(group_key): dashed_all(keys) for group_key, keys in members.items()}


def named_members_of(source: Source, groups: Iterable[Group]) -> dict[str, list[Member]]:
    """The same with what each is called."""
    members: dict[str, list[Member]] = {}
    for group_key, user_key, *parts in _memberships(source, groups, *NAMES):
        members.setdefault(dashed(group_key), []).append((dashed(user_key), _name(*parts)))
    return members


def _memberships(source: Source, groups: Iterable[Group], *names: str) -> Iterable[tuple[str, ...]]:
    deleted = ExternalIdentity.objects.filter(source=source).exclude(deleted_at=None)
    found = Membership.objects.filter(group__in=list(groups)).exclude(user__in=deleted.values("user"))
    keys = {name: Cast(F(name), TextField()) for name in ("group_id", "user_id")}
    rows: Iterable[tuple[str, ...]] = found.order_by("created_at", "pk").values_list(
        keys["group_id"], keys["user_id"], *names
    )
    return rows


def dashed(key: str) -> str:
    """As str(UUID) writes it; SQLite keeps the digits alone."""
    return dashed_all([key])[0]


def dashed_all(keys: list[str]) -> list[str]:
    """All from the same database."""
    if keys and len(keys[0]) == 36:
        return keys
    return [f"{key[:8]}-{key[8:12]}-{key[12:16]}-{key[16:20]}-{key[20:]}" for key in keys]


def _name(shown: str, first: str, last: str, username: str) -> str:
    return shown or f"{first} {last}".strip() or username
