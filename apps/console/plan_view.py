"""A plan as the pages show it: chips with counts, and the first of its rows."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import ngettext

from apps.console.chips import Chip, operation_chip
from apps.console.pages import Page
from apps.provisioning.models import Integration, Job, PlannedChange, PreparedPlan, ResourceKind
from apps.provisioning.preview import CONFLICT, Preview, Row

ROWS = 100  # the counts are of all


@dataclass(frozen=True, slots=True)
class WayOut:
    """Of a conflict: the job with every request, what was said then, and what the account there is looked for by."""

    job: UUID
    words: str
    account: str


def plan_context(found: Preview) -> dict[str, Any]:
    rows = sorted(found.rows, key=lambda row: (row.kind != ResourceKind.USER, row.operation, row.name))
    return _summary(found) | {"rows": _shown(rows[:ROWS]), "more": max(0, len(found.rows) - ROWS)}


def prepared_context(plan: PreparedPlan, page: Page) -> dict[str, Any]:
    """One that a worker made: a page of its rows, and all the others behind it."""
    return _summary(plan) | {"rows": _shown(page.rows), "page": page}


def _summary(found: Preview | PreparedPlan) -> dict[str, Any]:
    summary = [operation_chip(operation, count) for operation, count in found.user_counts.items()]
    summary += [
        operation_chip(operation, count, ngettext("group", "groups", count))
        for operation, count in found.group_counts.items()
    ]
    return {
        "held": found.held,
        "digest": found.digest,
        "summary": summary,
        "creates": bool(found.user_counts.get("create")),
    }


def _shown(rows: Iterable[Row | PlannedChange]) -> list[tuple[Chip, Row | PlannedChange, str]]:
    return [(operation_chip(row.operation), row, in_short(row.document)) for row in rows]


def with_ways_out(integration: Integration, plan: dict[str, Any]) -> dict[str, Any]:
    """What was refused because an account is there says why, and leads to what was said then and to naming the account.

    One query for a plan that a worker made: it has kept no jobs.
    """
    refused = [
        row.resource_id
        for _, row, _ in plan["rows"]
        if row.operation == CONFLICT and isinstance(row, PlannedChange)
    ]
    jobs = Job.objects.filter(integration=integration, kind=ResourceKind.USER, resource_id__in=refused)
    by_person = {job.resource_id: job for job in jobs} if refused else {}
    match = integration.dialect.match_attribute
    rows = []
    for chip, row, short in plan["rows"]:
        job = by_person.get(row.resource_id) if isinstance(row, PlannedChange) else row.job
        rows.append((chip, row, short, _way_out(job, row, match) if job else None))
    return plan | {"rows": rows}


def _way_out(job: Job, row: Row | PlannedChange, match: str) -> WayOut:
    return WayOut(job.pk, job.last_error, str((row.document or {}).get(match, "")))


def in_short(document: Any) -> str:
    """One line: whom a resource is about, or what PATCH operations change. The document itself stands below it."""
    if not isinstance(document, list):
        return str(document.get("userName") or document.get("displayName") or "") if document else ""
    members: Counter[str] = Counter()
    told = []
    for operation in document:
        if str(operation.get("path", "")).startswith("members"):
            value = operation.get("value")
            members[operation["op"]] += len(value) if isinstance(value, list) else 1
        else:
            told.append(_operation(operation))
    return ", ".join([*told, *(f"members: {op} {count}" for op, count in members.items())])


def _operation(operation: dict[str, Any]) -> str:
    path, value = operation.get("path", ""), operation.get("value")
    if value is None:
        return f"{operation['op']} {path}"
    return f"{path}: {value if isinstance(value, str) else json.dumps(value)}"
