"""Which people a source sees, and which of them are its own."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.directory.models import User as Person
from apps.scim.models import ExternalIdentity, Source
from apps.tenants.prepared import PreparedQuery

_DELETED = PreparedQuery(
    lambda source: ExternalIdentity.objects.filter(source=source).exclude(deleted_at=None), source=UUID
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
    """As many as `seen_by` has, from two indexes: an exclusion would look at every person."""
    deleted = ExternalIdentity.objects.filter(source=source).exclude(deleted_at=None)
    return int(Person.objects.count()) - int(deleted.count())


def with_identity(source: Source, people: Iterable[Person]) -> list[Person]:
    """Each with `own_identities`: the source's identity, if it has one. One query more."""
    found = list(people)
    keys = [person.pk for person in found]
    own: dict[Any, list[ExternalIdentity]] = {}
    for identity in ExternalIdentity.objects.filter(source=source, user__among=keys):
        own.setdefault(identity.user_id, []).append(identity)
    for person in found:
        person.own_identities = own.get(person.pk, [])  # type: ignore[attr-defined]
    return found
