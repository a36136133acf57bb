"""Changing what is told about people: validated, looked at before it acts, and guarded where accounts would get other names."""

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.applications.access import people_with
from apps.applications.catalog import ScimDialect
from apps.applications.models import Application
from apps.directory.models import User
from apps.events.actions import changes_between
from apps.events.actors import Actor
from apps.events.types import EventType
from apps.outbox.models import Topic
from apps.outbox.publish import publish
from apps.provisioning import documents, mapping
from apps.provisioning.errors import IntegrationInvalid
from apps.provisioning.integration_events import record_integration
from apps.provisioning.mapping import Differences, MappingRow
from apps.provisioning.models import Integration, RemoteUser


def table_of(integration: Integration) -> list[MappingRow]:
    return mapping.mapping_rows(_connectors(integration), integration.mapping)


def connectors_table(application: Application) -> list[MappingRow]:
    """Before anything is configured: what the connector brings."""
    return mapping.mapping_rows(application.connector.scim or ScimDialect(), {})


def values_for(
    person: User, application: Application, rows: Sequence[MappingRow], *, has_access: bool | None = None
) -> list[str]:
    """What each row says of the person; "" is not told. `active` is whether they have access: asked where nobody knows."""
    active = people_with(application).filter(pk=person.pk).exists() if has_access is None else has_access
    return [
        str(active).lower()
        if row.source == "active"
        else documents.value_of(person, row.source, row.constant)
        for row in rows
    ]


def proposed(integration: Integration, rows: Sequence[MappingRow]) -> Integration:
    """The integration as it would be, saved nowhere: for `apps.provisioning.preview`. Raises IntegrationInvalid."""
    would_be = copy(integration)
    would_be.mapping = _checked(integration, rows)
    return would_be


def accounts_renamed(integration: Integration, differences: Mapping[str, Any]) -> int:
    """How many accounts there would be known by another `userName` or `externalId`."""
    scim = _connectors(integration)
    if not scim.updates_users or not mapping.renames(scim, integration.mapping, differences):
        return 0
    return int(RemoteUser.objects.filter(integration=integration).count())


@transaction.atomic
def change_mapping(
    integration: Integration, rows: Sequence[MappingRow], *, actor: Actor, renaming: bool = False
) -> Integration:
    """Everybody is compared again. `renaming` says that accounts may get another name there.

    Raises IntegrationInvalid: `attributes` for rows that cannot be, `renaming` where it was not said.
    """
    integration = Integration.objects.select_for_update().get(pk=integration.pk)
    differences = _checked(integration, rows)
    renamed = accounts_renamed(integration, differences)
    if renamed and not renaming:
        raise IntegrationInvalid({"renaming": [renaming_words(integration, renamed)]})
    before, after = (_told(_connectors(integration), each) for each in (integration.mapping, differences))
    changes = changes_between(before, dict.fromkeys(before, "") | after)
    if changes:
        integration.mapping = differences
        integration.save(update_fields=["mapping", "updated_at"])
        record_integration(EventType.IDM_INTEGRATION_UPDATE, integration, actor=actor, changes=changes)
        publish(Topic.INTEGRATION_CHANGED, integration.id)
    return integration


def renaming_words(integration: Integration, renamed: int) -> str:
    text = ngettext(
        "%(count)s account in %(name)s gets another name: whoever signs in there under the old one may not be known.",
        "%(count)s accounts in %(name)s get another name: whoever signs in there under the old one may not be known.",
        renamed,
    )
    return text % {"count": renamed, "name": integration}


def _connectors(integration: Integration) -> ScimDialect:
    return integration.application.connector.scim or ScimDialect()


def _checked(integration: Integration, rows: Sequence[MappingRow]) -> Differences:
    scim = _connectors(integration)
    differences = mapping.checked(scim, rows)
    if not scim.renames_users and accounts_renamed(integration, differences):
        words = _("%(name)s refuses another username for accounts that are there, so it has to stay.")
        raise IntegrationInvalid({"attributes": [words % {"name": integration}]})
    return differences


def _told(scim: ScimDialect, differences: Mapping[str, Any]) -> dict[str, str]:
    rows = mapping.mapping_rows(scim, differences)
    return {row.scim: (row.source or f'"{row.constant}"') if row.enabled else "" for row in rows}
