"""An organisation's name. Its short name stands in every address that other systems were given, and stays."""

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.directory.errors import FieldsInvalid
from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.tenants.actions import rename_tenant
from apps.tenants.context import in_tenant
from apps.tenants.models import Tenant


@transaction.atomic
def rename_organisation(tenant: Tenant, *, name: str, actor: Actor) -> list[dict[str, str]]:
    """What changed, as the organisation's own log tells it; nothing changed, nothing recorded. Raises FieldsInvalid about "name"."""
    before = tenant.name
    try:
        tenant = rename_tenant(tenant, name=name.strip())
    except ValidationError as error:
        raise FieldsInvalid.from_validation(error) from error
    if tenant.name == before:
        return []
    changes = [{"field": "name", "from": before, "to": tenant.name}]
    target = Target("organization", str(tenant.pk), tenant.name)
    with in_tenant(tenant):
        record(EventType.ORGANIZATION_UPDATE, actor=actor, target=target, changes=changes)
    return changes
