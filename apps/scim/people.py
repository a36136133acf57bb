"""Which people a source sees, and which of them are its own."""

from django.db.models import Prefetch, QuerySet

from apps.directory.models import User as Person
from apps.scim.models import ExternalIdentity, Source


def seen_by(source: Source) -> QuerySet[Person]:
    """The tenant's people, but for whom this source deleted: to it they are gone."""
    deleted = ExternalIdentity.objects.filter(source=source).exclude(deleted_at=None)
    found: QuerySet[Person] = Person.objects.exclude(pk__in=deleted.values("user"))
    return found


def with_identity(source: Source, queryset: QuerySet[Person]) -> QuerySet[Person]:
    """Each with `own_identities`: the source's identity, if it has one."""
    own = Prefetch(
        "external_identities",
        queryset=ExternalIdentity.objects.filter(source=source),
        to_attr="own_identities",
    )
    return queryset.prefetch_related(own)
