"""Whose a person is, for pages above."""

from collections.abc import Iterable
from typing import Any

from apps.directory.models import User
from apps.scim.models import ExternalIdentity, Source


def sources_of(users: Iterable[User]) -> dict[Any, list[Source]]:
    """Person id → the sources that manage them; who is nobody's is left out. One query."""
    own = ExternalIdentity.objects.filter(user__in=list(users), deleted_at=None).select_related("source")
    found: dict[Any, list[Source]] = {}
    for identity in own.order_by("source__name_key"):
        found.setdefault(identity.user_id, []).append(identity.source)
    return found
