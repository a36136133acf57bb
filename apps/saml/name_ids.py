"""Random persistent NameIDs: made at the first sign-in, kept for good."""

import secrets

from apps.applications.models import Application
from apps.directory.models import User
from apps.saml.models import PersistentNameId

RANDOM = "persistent_id"  # the name_id_source that stands for them


def persistent_name_id(user: User, application: Application) -> str:
    """Core 8.3.7: opaque, one per person and application, never another person's. Made where there is none yet."""
    row, _created = PersistentNameId.objects.get_or_create(
        application=application, person_id=user.pk, defaults={"value": secrets.token_hex(20)}
    )
    return str(row.value)
