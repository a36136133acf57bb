"""
One person as a source sees them. Every request about one begins here, so the statements are compiled once
(docs/decisions/0020-prepared-statements.md); longer questions are apps.scim.filters.
"""

import re
from typing import Any
from uuid import UUID

from django.db.models import CharField, Value

from apps.directory.models import User as Person
from apps.directory.validators import fold
from apps.scim.models import ExternalIdentity, SecondaryEmail, Source
from apps.tenants.prepared import PreparedQuery


def _called(source: Any, external_id: str) -> Any:
    """Never empty: only over those is there an index."""
    own = ExternalIdentity.objects.exclude(external_id="")
    return own.filter(source=source, external_id=external_id)


_BY_ID = PreparedQuery(lambda person: Person.objects.checked().filter(pk=person), person=UUID)
_LOCKED = PreparedQuery(
    lambda person: Person.objects.checked().select_for_update().filter(pk=person), person=UUID
)
_BY_USERNAME = PreparedQuery(lambda key: Person.objects.checked().filter(username_key=key), key=str)
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
    lambda source, external_id: _called(source, external_id).select_related("user"),
    source=UUID,
    external_id=str,
)

# One word for each thing that is so, possibly several times.
KNOWN, NAME, ADDRESS = "known", "name", "address"
_ARRIVING = PreparedQuery(
    lambda source, external_id, name, address: _told(KNOWN, _called(source, external_id)).union(
        _told(KNOWN, ExternalIdentity.objects.filter(source=source, user_name_key=name, deleted_at=None)),
        _told(KNOWN, _left(source).filter(user_name_key=name)),
        _told(KNOWN, _left(source).filter(user__email_key=address)),
        _told(NAME, Person.objects.checked().filter(username_key=name)),
        _told(NAME, Person.objects.checked().filter(email_key=name, shares_email=False)),
        _told(ADDRESS, Person.objects.checked().filter(username_key=address)),
        _told(ADDRESS, Person.objects.checked().filter(email_key=address, shares_email=False)),
        _told(ADDRESS, SecondaryEmail.objects.filter(key=address, identity__deleted_at=None)),
        all=True,
    ),
    source=UUID,
    external_id=str,
    name=str,
    address=str,
)
_SIGNS_IN_WITH = PreparedQuery(lambda key: Person.objects.checked().named(key), key=str)

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


def arriving(source: Source, *, external_id: str, name_key: str, email_key: str) -> set[str]:
    """
    What is so of somebody who is about to be created: KNOWN, the source has, or had, somebody of that id, name or address; NAME and ADDRESS,
    somebody signs in with it, or some source tells it of somebody. Most are nobody yet: one question for all of it, each part of which an index answers.
    """
    # Without an externalId the name stands in for it: an empty one is no id.
    rows = _ARRIVING.rows(
        source=source.pk, external_id=external_id or name_key, name=name_key, address=email_key
    )
    return {word for (word,) in rows}


def _told(word: str, rows: Any) -> Any:
    return rows.order_by().values_list(Value(word, output_field=CharField()))


def _left(source: Any) -> Any:
    return ExternalIdentity.objects.filter(source=source).exclude(deleted_at=None)


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
