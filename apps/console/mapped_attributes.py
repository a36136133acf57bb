"""Which SCIM attribute of an inbound person or group goes into which field here, as the mapping page tells it."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from apps.directory.models import User
from apps.scim.resources import ATTRIBUTES


@dataclass(frozen=True, slots=True)
class MappedAttribute:
    scim: str
    field: Any
    note: str = ""


def mapped_attributes() -> list[MappedAttribute]:
    """In the order of the directory's own form."""
    notes = {
        "username": _(
            "Matches. Where somebody else has the name here, theirs gets a number; the source keeps seeing its own."
        ),
        "email": _(
            "The work one, else the primary one, else the first. Never changed for people who were linked."
        ),
    }
    rows = [
        MappedAttribute(KINDS.get(field, scim), FIELDS[field].verbose_name, notes.get(field, ""))
        for field, scim in ATTRIBUTES.items()
        if field in FIELDS
    ]
    return [
        *rows,
        MappedAttribute(
            "emails",
            _("other addresses"),
            _(
                "The others, of any type. Kept and told back; nobody signs in with them, and no letter goes there."
            ),
        ),
        MappedAttribute(
            "active", _("active"), _("false ends every session and all access in the same moment.")
        ),
        MappedAttribute(
            "externalId", "—", _("Kept as the source's own id of the person or group, and told back to it.")
        ),
        MappedAttribute("displayName", _("group name"), _("Of a group. No two groups have the same.")),
        MappedAttribute("members.value", _("members"), _("Of a group: people by their id here.")),
    ]


# Where several fields come from values of one attribute: which of them.
KINDS = {
    "work_phone": 'phoneNumbers[type eq "work"].value',
    "mobile_phone": 'phoneNumbers[type eq "mobile"].value',
}
FIELDS = {field.name: field for field in User._meta.concrete_fields}  # noqa: SLF001 - as above
