"""The attribute mapping as the pages show it: each row in words, and what it says of one person."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.applications.models import Application
from apps.console.forms.sso_attributes import SOURCES
from apps.directory.models import User
from apps.provisioning.mapping_changes import connectors_table, table_of, values_for
from apps.provisioning.models import Integration

WORDS: dict[str, Any] = dict(SOURCES) | {"active": _("Active")}


def mapping_context(
    application: Application,
    integration: Integration | None,
    person: User | None,
    *,
    has_access: bool | None = None,
) -> dict[str, Any]:
    """`has_access`: of the person, where that is known."""
    rows = table_of(integration) if integration else connectors_table(application)
    values = [""] * len(rows)
    if person:
        values = values_for(person, application, rows, has_access=has_access)
    told = [
        (row, WORDS.get(row.source, row.source), value)
        for row, value in zip(rows, values, strict=True)
        if row.enabled
    ]
    return {"mapping": told, "example": person}
