"""What holds for an organisation as a whole. Its short name stands in every address that other systems were given, and stays."""

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.directory.errors import FieldsInvalid
from apps.events.actions import changes_between, record
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.lib.pictures import rewritten
from apps.tenants import actions
from apps.tenants.context import in_tenant
from apps.tenants.models import Tenant

Changes = list[dict[str, object]]
FIELDS = ("name", "language", "timezone")


@transaction.atomic
def update_organisation(tenant: Tenant, *, actor: Actor, logo: bytes | None = None, **values: str) -> Changes:
    """Of FIELDS those that are given; `logo` is a picture as it was uploaded, b"" removes it and None leaves it.

    Returns what changed, as the organisation's own log tells it; nothing changed, nothing recorded. Raises FieldsInvalid.
    """
    before = {field: getattr(tenant, field) for field in FIELDS} | {"logo": tenant.logo_key}
    try:
        picture = None if logo is None else rewritten(logo)
        tenant = actions.update_tenant(tenant, **{name: value.strip() for name, value in values.items()})
    except ValidationError as error:
        raise FieldsInvalid.from_validation(error) from error
    after = {field: getattr(tenant, field) for field in FIELDS} | {"logo": tenant.logo_key}
    if picture is not None:
        after["logo"] = actions.replace_logo(tenant, picture)
    if changes := changes_between(before, after):
        target = Target("organization", str(tenant.pk), tenant.name)
        with in_tenant(tenant):
            record(EventType.ORGANIZATION_UPDATE, actor=actor, target=target, changes=changes)
    return changes
