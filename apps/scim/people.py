"""Which people a source sees, and which of them are its own."""

from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet

from apps.directory import headcount
from apps.directory.landmarks import Landmark
from apps.directory.models import User as Person
from apps.scim.models import ExternalIdentity, Source
from apps.tenants.prepared import PreparedQuery, instances

_DELETED = PreparedQuery(
    lambda source: ExternalIdentity.objects.filter(source=source).exclude(deleted_at=None), source=UUID
)
_HOW_MANY_DELETED = PreparedQuery(
    lambda source: (
        ExternalIdentity.objects.filter(source=source)
        .exclude(deleted_at=None)
        .values("source")
        .annotate(people=Count("pk"))
        .values_list("people")
    ),
    source=UUID,
)


def seen_by(source: Source) -> QuerySet[Person]:
    """The tenant's people, but for whom this source deleted: to it they are gone."""
    found: QuerySet[Person] = Person.objects.all()
    if not _DELETED.exists(source=source.pk):
        return (
            found  # as in most sources: whoever is passed over on the way to a far page need not be looked up
        )
    deleted = ExternalIdentity.objects.filter(source=source).exclude(deleted_at=None)
    return found.exclude(pk__in=deleted.values("user"))


def total_seen_by(source: Source) -> int:
    """As many as `seen_by` has: nobody is counted but those whom the source deleted, by their index."""
    (deleted,) = _HOW_MANY_DELETED.rows(source=source.pk) or [(0,)]
    return headcount.people_there() - int(deleted[0])


def nearest_before(source: Source, position: int) -> Landmark | None:
    """As headcount.nearest_before; None where the source deleted somebody, who is counted there."""
    return None if _DELETED.exists(source=source.pk) else headcount.nearest_before(position)


def with_identity(source: Source, people: QuerySet[Person]) -> list[Person]:
    """Each with `own_identities`: the source's identity, if it has one. One query more."""
    found: list[Person] = instances(people)
    keys = [person.pk for person in found]
    own: dict[Any, list[ExternalIdentity]] = {}
    for identity in instances(ExternalIdentity.objects.filter(source=source, user__among=keys)):
        own.setdefault(identity.user_id, []).append(identity)
    for person in found:
        person.own_identities = own.get(person.pk, [])  # type: ignore[attr-defined]
    return found
