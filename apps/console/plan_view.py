"""A plan as the pages show it: chips with counts, and the first of its rows."""

from typing import Any

from django.utils.translation import gettext as _

from apps.console.chips import operation_chip
from apps.provisioning.preview import Preview

ROWS = 100  # the counts are of all


def plan_context(found: Preview) -> dict[str, Any]:
    summary = [operation_chip(operation, count) for operation, count in found.user_counts.items()]
    summary += [
        operation_chip(operation, count, _("groups")) for operation, count in found.group_counts.items()
    ]
    return {
        "held": found.held,
        "digest": found.digest,
        "summary": summary,
        "rows": [(operation_chip(row.operation), row) for row in found.rows[:ROWS]],
        "more": max(0, len(found.rows) - ROWS),
    }
