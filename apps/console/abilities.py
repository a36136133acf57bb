"""What an application accepts over SCIM: what its connector knows, and what it says of itself."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.applications.catalog import ScimDialect
from apps.provisioning.models import Integration

WORDS: dict[str, Any] = {
    "patch": gettext_lazy("PATCH"),
    "filter": gettext_lazy("Filters"),
    "bulk": gettext_lazy("Bulk"),
    "sort": gettext_lazy("Sorting"),
    "etag": gettext_lazy("ETags"),
    "changePassword": gettext_lazy("Changing passwords"),
}


@dataclass(frozen=True, slots=True)
class Ability:
    """Something the application accepts over SCIM, or does not."""

    word: str
    accepted: bool


def abilities_of(scim: ScimDialect) -> list[Ability]:
    return [
        Ability(_("Create"), accepted=True),
        Ability(_("Update"), accepted=scim.updates_users),
        Ability(_("Deactivate"), accepted=True),
        Ability(_("Reactivate"), accepted=True),
        Ability(_("Delete"), accepted=scim.deletes_users),
        Ability(_("Groups"), accepted=scim.supports_groups),
    ]


def told_by(integration: Integration | None) -> list[Ability]:
    """Out of its ServiceProviderConfig; empty where it published none."""
    told = integration.capabilities if integration else {}
    return [Ability(word, accepted=told[name]) for name, word in WORDS.items() if name in told]
