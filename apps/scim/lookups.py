"""
One person as a source sees them. Every request about one begins here, so the statements are compiled once
(docs/decisions/0020-prepared-statements.md); longer questions are apps.scim.filters.
"""

import re
from uuid import UUID

from django.db.models import Q

from apps.directory.models import User as Person
from apps.directory.validators import fold
from apps.scim.models import ExternalIdentity, Source
from apps.tenants.prepared import PreparedQuery

_BY_ID = PreparedQuery(lambda person: Person.objects.filter(pk=person), person=UUID)
_LOCKED = PreparedQuery(lambda person: Person.objects.select_for_update().filter(pk=person), person=UUID)
_BY_USERNAME = PreparedQuery(lambda key: Person.objects.filter(username_key=key), key=str)
_OWN = PreparedQuery(
    lambda source, person: ExternalIdentity.objects.filter(source=source, user=person),
    source=UUID,
    person=UUID,
)
_OWN_WITH_PERSON = PreparedQuery(
    lambda source, person: ExternalIdentity.objects.select_related("user").filter(source=source, user=person),
    source=UUID,
    person=UUID,
)
_OWN_BY_USER_NAME = PreparedQuery(
    lambda source, key: ExternalIdentity.objects.select_related("user").filter(
        source=source, user_name_key=key, deleted_at=None
    ),
    source=UUID,
    key=str,
)
_OWN_BY_EXTERNAL_ID = PreparedQuery(
    lambda source, external_id: ExternalIdentity.objects.select_related("user").filter(
        source=source, external_id=external_id
    ),
    source=UUID,
    external_id=str,
)

_KNOWN_HERE = PreparedQuery(
    lambda source, key, external_id: ExternalIdentity.objects.filter(
        Q(user_name_key=key, deleted_at=None) | Q(external_id=external_id), source=source
    ),
    source=UUID,
    key=str,
    external_id=str,
)
_LEFT_UNDER_NAME = PreparedQuery(
    lambda source, key: ExternalIdentity.objects.filter(source=source, user_name_key=key).exclude(
        deleted_at=None
    ),
    source=UUID,
    key=str,
)
_LEFT_WITH_ADDRESS = PreparedQuery(
    lambda source, key: ExternalIdentity.objects.filter(source=source, user__email_key=key).exclude(
        deleted_at=None
    ),
    source=UUID,
    key=str,
)
_SIGNS_IN_WITH = PreparedQuery(
    lambda key: Person.objects.filter(Q(username_key=key) | Q(email_key=key, shares_email=False)), key=str
)

# What identity providers ask before they create somebody; anything else is for the parser.
ONE_NAME = re.compile(r'\s*(userName|externalId)\s+eq\s+"([^"\\\x00-\x1f\x7f]{1,150})"\s*', re.IGNORECASE)


def seen_person(source: Source, key: UUID, *, locked: bool = False) -> Person | None:
    """With `own_identities`. `locked`: for the transaction that is open."""
    if locked:
        person = _LOCKED.first(person=key)
        return None if person is None else _with(source, person, _OWN.first(source=source.pk, person=key))
    identity = _OWN_WITH_PERSON.first(source=source.pk, person=key)
    if identity is not None:
        return _with(source, identity.user, identity)
    person = _BY_ID.first(person=key)
    return None if person is None else _with(source, person, None)


def people_named(source: Source, written: str) -> list[Person] | None:
    """Whom a filter finds that asks for one userName or externalId, as apps.scim.columns would; None for every other filter."""
    match = ONE_NAME.fullmatch(written)
    if match is None:
        return None
    attribute, value = match[1].casefold(), match[2]
    if attribute == "externalid":
        identity = _OWN_BY_EXTERNAL_ID.first(source=source.pk, external_id=value)
    else:
        identity = _OWN_BY_USER_NAME.first(source=source.pk, key=fold(value))
    if identity is not None:
        found = _with(source, identity.user, identity)
    else:
        found = None if attribute == "externalid" else _somebody_else(source, fold(value))
    return [] if found is None else [found]


def is_known(source: Source, *, external_id: str, user_name_key: str, email_key: str) -> bool:
    """Whether the source has, or had, somebody of that id, name or address. Most who are created are nobody yet."""
    # Without an externalId the name stands in for it: an empty one is no id.
    return (
        _KNOWN_HERE.exists(source=source.pk, key=user_name_key, external_id=external_id or user_name_key)
        or _LEFT_UNDER_NAME.exists(source=source.pk, key=user_name_key)
        or _LEFT_WITH_ADDRESS.exists(source=source.pk, key=email_key)
    )


def signs_in(key: str) -> bool:
    """Whether anybody does with that folded name or address (UserQuerySet.named)."""
    return _SIGNS_IN_WITH.exists(key=key)


def _somebody_else(source: Source, key: str) -> Person | None:
    """Who has that name here; whom the source knows by another one stands back."""
    person = _BY_USERNAME.first(key=key)
    if person is None or _OWN.first(source=source.pk, person=person.pk) is not None:
        return None
    return _with(source, person, None)


def _with(source: Source, person: Person, identity: ExternalIdentity | None) -> Person | None:
    """None for whom this source deleted: to it they are gone."""
    if identity is not None and identity.deleted_at is not None:
        return None
    if identity is not None:
        identity.source, identity.user = source, person
    person.own_identities = [] if identity is None else [identity]  # type: ignore[attr-defined]
    return person
