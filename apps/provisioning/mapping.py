"""Which directory field is told under which SCIM path: the connector's table, and what an administrator changed of it.

Kept are only the differences, by SCIM path, so that everything nobody touched goes on following the connector:
{"title": {"source": "display_name"}, "timezone": {"enabled": false}, "userType": {"constant": "Employee"}}
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apps.applications.catalog import MappedAttribute, ScimDialect
from apps.applications.catalog.connector import UserField
from apps.lib.names import validate_text
from apps.provisioning import scim_paths
from apps.provisioning.errors import IntegrationInvalid

Differences = dict[str, dict[str, Any]]

SOURCES: tuple[str, ...] = get_args(UserField)
# Nobody is without, and nobody else signs in with the same. An address that a source gave to two people is, in an application, whose
# account was there first: the other one is told so (apps/provisioning/remote_state.py::NewlyKnown).
UNIQUE = ("username", "email")
NEVER_EMPTY = (*UNIQUE, "full_name", "display_name")  # the last two fall back to others
KEYS = ("userName", "externalId")  # what accounts are found by
FIXED = ("active", "id")  # `active` has its own plan, GitLab's `id` is its externalId
MOST_ROWS = 60
LONGEST_CONSTANT = 256


@dataclass(frozen=True, slots=True)
class MappingRow:
    """One row as it is shown and given. `source` "" is a constant; `application_value` "" is a row that was added here."""

    scim: str
    source: str = ""
    constant: str = ""
    enabled: bool = True
    application_value: str = ""
    required: bool = False
    fixed: bool = False
    changed: bool = False

    def said(self) -> dict[str, Any]:
        return {"source": self.source} if self.source else {"constant": self.constant}


def mapping_rows(scim: ScimDialect, differences: Mapping[str, Any]) -> list[MappingRow]:
    """The whole table in the connector's order, those switched off among them; what was added follows."""
    rows = [_row(scim, default, differences.get(default.scim, {})) for default in scim.attributes]
    known = {row.scim for row in rows}
    for path, told in differences.items():
        if path not in known:
            rows.append(
                MappingRow(path, told.get("source", ""), told.get("constant", ""), changed=True),
            )
    external = next((row for row in rows if row.scim == "externalId"), None)
    if external is not None:
        rows = [replace(row, **external.said()) if row.scim == "id" else row for row in rows]
    return rows


def _row(scim: ScimDialect, default: MappedAttribute, told: Mapping[str, Any]) -> MappingRow:
    row = MappingRow(
        default.scim,
        default.source,
        default.constant,
        application_value=default.application_value,
        required=default.scim in scim.required or default.scim in FIXED,
        fixed=default.scim in FIXED,
        changed=bool(told),
    )
    if "source" in told or "constant" in told:
        row = replace(row, source=told.get("source", ""), constant=told.get("constant", ""))
    return replace(row, enabled=told.get("enabled", True))


def effective(scim: ScimDialect, differences: Mapping[str, Any]) -> ScimDialect:
    """The dialect with the attributes that are told: what everything that sends, plans or compares reads."""
    if not differences:
        return scim
    told = tuple(
        MappedAttribute(row.source, row.scim, row.application_value, row.constant)  # type: ignore[arg-type]
        for row in mapping_rows(scim, differences)
        if row.enabled
    )
    return replace(scim, attributes=told)


def renames(scim: ScimDialect, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether everybody's account would get another name, as `userName` or `externalId` comes from another field."""
    keys = [
        {row.scim: row.said() for row in mapping_rows(scim, each) if row.enabled and row.scim in KEYS}
        for each in (before, after)
    ]
    return keys[0] != keys[1]


# --- what an administrator entered


def checked(scim: ScimDialect, rows: Sequence[MappingRow]) -> Differences:
    """`rows` are the whole table: what is left out is not told. Raises IntegrationInvalid with `attributes`."""
    rows = [replace(row, scim=row.scim.strip()) for row in rows]
    errors = [*_refusals_of_all(scim, rows), *(words for row in rows for words in _refusals(scim, row))]
    if errors:
        raise IntegrationInvalid({"attributes": list(dict.fromkeys(errors))})
    given = {row.scim: row for row in rows}
    found: Differences = {}
    for default in scim.attributes:
        if default.scim in FIXED:
            continue
        row = given.pop(default.scim, None)
        if row is None or not row.enabled:
            found[default.scim] = {"enabled": False}
        elif (row.source, row.constant) != (default.source, default.constant):
            found[default.scim] = row.said()
    for path, row in given.items():
        if path not in FIXED and row.enabled:
            found[path] = row.said()
    return found


def _refusals_of_all(scim: ScimDialect, rows: Sequence[MappingRow]) -> Iterable[str]:
    if len(rows) > MOST_ROWS:
        yield _("There are more than %(most)s rows.") % {"most": MOST_ROWS}
        return
    told = {row.scim for row in rows if row.enabled}
    for path in scim.required:
        if path not in told:
            yield _("%(path)s has to be sent: without it no account can be made or found there.") % {
                "path": path
            }
    yield from scim_paths.conflicts([row.scim for row in rows])


def _refusals(scim: ScimDialect, row: MappingRow) -> Iterable[str]:
    is_known = any(each.scim == row.scim for each in scim.attributes)
    if is_known and row.scim in FIXED:
        if row.scim == "active" and (row.source != "active" or not row.enabled):
            yield _("active cannot be mapped: it follows from who has access.")
        return
    if not is_known and not scim.more_attributes:
        yield _("%(path)s is not among the attributes that this application takes.") % {"path": row.scim}
        return
    words = "" if is_known else scim_paths.refusal(row.scim)
    if not words and row.enabled:
        words = _value_refusal(row) or _needed_refusal(scim, row)
    if words:
        yield words


def _value_refusal(row: MappingRow) -> str:
    words = {"path": row.scim}
    if bool(row.source) == bool(row.constant):
        return _("%(path)s: choose a directory attribute or enter a constant.") % words
    if row.source and row.source not in SOURCES:
        return _("%(path)s: there is no such directory attribute.") % words
    refusal = _constant_refusal(row.constant)
    return f"{row.scim}: {refusal}" if refusal else ""


def _needed_refusal(scim: ScimDialect, row: MappingRow) -> str:
    """Accounts are found and made by some rows: those hold something for everybody, and for nobody the same."""
    words = {"path": row.scim}
    if row.scim in KEYS and row.source not in UNIQUE:
        return (
            _("%(path)s has to be the username or the e-mail address: no two people may have the same.")
            % words
        )
    if row.scim not in scim.required:
        return ""
    if row.scim.startswith("emails") and row.source != "email":
        return _("%(path)s has to be the e-mail address: accounts are compared by it.") % words
    if row.source not in NEVER_EMPTY:
        return (
            _("%(path)s has to be sent for everybody: choose username, e-mail address, full or display name.")
            % words
        )
    return ""


def _constant_refusal(constant: str) -> str:
    if len(constant) > LONGEST_CONSTANT:
        return _("a constant has at most %(most)s characters.") % {"most": LONGEST_CONSTANT}
    try:
        validate_text(constant)
    except ValidationError as error:
        return " ".join(error.messages)
    return ""
