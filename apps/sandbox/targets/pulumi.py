"""Pulumi Cloud's SCIM API: six user attributes, teams, and refusals with the words of its documentation."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.translation import gettext_lazy as _
from scim2_models import User

from apps.sandbox.errors import ScimRefused
from apps.sandbox.models import SandboxAccount, SandboxTarget
from apps.sandbox.targets import documents, rfc, storage
from apps.sandbox.targets.filters import equality
from apps.sandbox.targets.wire import (
    Answer,
    Call,
    Document,
    Handler,
    Kind,
    list_of,
    number_in,
    rfc_refusal,
    scim_error,
)

LARGEST_PAGE = 100
LONGEST_TEAM_NAME = 100
WORK_EMAIL = 'emails[type eq "work"].value'
PATHS = frozenset(
    path.casefold()
    for path in ("userName", "displayName", "name.givenName", "name.familyName", WORK_EMAIL, "active")
)
# Accepted wherever a whole resource is sent: `externalId` is not stored, the rest is the server's (RFC 7643 section 3.1).
PASSED_OVER = frozenset({"schemas", "id", "meta", "externalid"})


def unknown_path(path: str) -> ScimRefused:
    return ScimRefused(400, f"Unknown path: {path}.", "invalidPath")


def paths_in(value: Document) -> Iterator[str]:
    """The attribute paths that a resource, or the value of an operation without a path, writes."""
    for name, inner in value.items():
        if name.casefold() == "emails" and isinstance(inner, list):
            for row in inner:
                kind = row.get("type", "") if isinstance(row, dict) else ""
                yield f'emails[type eq "{kind}"].value'
        elif name.casefold() == "name" and isinstance(inner, dict):
            yield from (f"{name}.{part}" for part in inner)
        else:
            yield name


def refuse_unknown(paths: Iterable[str], *, passed_over: frozenset[str] = frozenset()) -> None:
    for path in paths:
        if path.casefold() not in PATHS | passed_over:
            raise unknown_path(path)


def operations_of(body: Document) -> list[Document]:
    operations = body.get("Operations")
    return [each for each in operations if isinstance(each, dict)] if isinstance(operations, list) else []


def paths_of(operation: Document) -> list[str]:
    """`emails` as a whole is the same as the paths of its rows."""
    path, value = operation.get("path"), operation.get("value")
    if isinstance(path, str) and path.casefold() not in {"emails", "name"}:
        return [path]
    inner = {path: value} if isinstance(path, str) else value
    return list(paths_in(inner)) if isinstance(inner, dict) else []


def same_user_name(account: SandboxAccount, document: Document) -> None:
    if document.get("userName") != account.user_name:
        # "immutability" is Pulumi's spelling; the RFC says "mutability".
        raise ScimRefused(400, "Attribute 'userName' is immutable.", "immutability")


def save(account: SandboxAccount, document: Document) -> SandboxAccount:
    """User names and e-mail addresses exist once in all of Pulumi Cloud, not once per organization."""
    document.pop("externalId", None)
    others = SandboxAccount.objects.filter(target__kind=account.target.kind).exclude(pk=account.pk)
    user_name = storage.short(document.get("userName"), "userName")
    if others.filter(user_name_key=user_name.casefold()).exists():
        raise ScimRefused(409, f"User with userName {user_name} already exists.", "uniqueness")
    email = documents.primary_email(document)
    if email and others.filter(email__iexact=email).exists():
        raise ScimRefused(409, f"Email {email} already in use by another Pulumi account.", "uniqueness")
    return rfc.save_user(account, document)


def create_user(call: Call) -> Answer:
    refuse_unknown(paths_in(call.body), passed_over=PASSED_OVER)
    new = SandboxAccount(target=call.target, resource_id=storage.new_id())
    return Answer(201, rfc.as_user(call, save(new, documents.created(User, call.body))))


def replace_user(call: Call) -> Answer:
    there = storage.account(call.target, call.resource_id, missing=rfc.missing(call))
    refuse_unknown(paths_in(call.body), passed_over=PASSED_OVER)
    document = {"active": there.active} | documents.replaced(User, call.body)
    same_user_name(there, document)
    return Answer(200, rfc.as_user(call, save(there, document)))


def patch_user(call: Call) -> Answer:
    there = storage.account(call.target, call.resource_id, missing=rfc.missing(call))
    for operation in operations_of(call.body):
        refuse_unknown(paths_of(operation), passed_over=frozenset({"externalid"}))
    document = documents.patched(User, there.document, call.body)
    same_user_name(there, document)
    return Answer(200, rfc.as_user(call, save(there, document)))


def refuse_invalid_members(target: SandboxTarget, ids: Iterable[str]) -> None:
    """One is enough to refuse the whole request."""
    wanted = list(dict.fromkeys(ids))
    found = storage.accounts_of(target).filter(resource_id__in=wanted, active=True)
    valid = set(found.values_list("resource_id", flat=True))
    if invalid := [each for each in wanted if each not in valid]:
        names = ", ".join(invalid)
        raise ScimRefused(
            400, f"Cannot add invalid members to team. Invalid member ids: {names}", "invalidValue"
        )


def checked_team(handler: Handler) -> Handler:
    """Teams know displayName and members only; an externalId is an error here."""

    def checked(call: Call) -> Answer:
        for written in written_to_team(call.body):
            if unknown := [name for name in written if name.casefold() not in {"displayname", "members"}]:
                raise unknown_path(unknown[0])
            if len(str(written.get("displayName", ""))) > LONGEST_TEAM_NAME:
                long = "Display name is too long. It must be 100 characters or less"
                raise ScimRefused(400, long, "invalidValue")
            rows = written.get("members")
            ids = (
                [row.get("value") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
            )
            refuse_invalid_members(call.target, map(str, ids))
        return handler(call)

    return checked


def written_to_team(body: Document) -> list[Document]:
    """The attributes that the request sets, operation by operation. What is removed is only named."""
    if "Operations" not in body:
        return [_without(body, {"schemas", "id", "meta"})]
    written = []
    for operation in operations_of(body):
        path, value = operation.get("path"), operation.get("value")
        removes = str(operation.get("op", "")).casefold() == "remove"
        if isinstance(path, str):
            name = path.partition("[")[0]
            spelled = {"members": "members", "displayname": "displayName"}.get(name.casefold(), name)
            written.append({spelled: None if removes else value})
        elif isinstance(value, dict):
            written.append(_without(value, {"id"}))
    return written


def _without(body: Document, names: set[str]) -> Document:
    return {name: value for name, value in body.items() if name not in names}


def list_users(call: Call) -> Answer:
    count = number_in(call.query, "count", LARGEST_PAGE)
    if count > LARGEST_PAGE:
        raise ScimRefused(400, f"Invalid count. It must be {LARGEST_PAGE} or less.", "invalidValue")
    rows: Any = storage.accounts_of(call.target)
    wanted = filter_of(call, "userName")
    if wanted is not None:
        rows = rows.filter(user_name_key=wanted.casefold())
    start, found = max(number_in(call.query, "startIndex", 1), 1), list(rows)
    chosen = [rfc.as_user(call, row) for row in found[start - 1 : start - 1 + max(count, 0)]]
    return list_of(chosen, total=len(found), start_index=start, page_size=len(chosen))


def list_teams(call: Call) -> Answer:
    """Never paged."""
    rows: Any = storage.teams_of(call.target).prefetch_related("members")
    wanted = filter_of(call, "displayName")
    if wanted is not None:
        rows = rows.filter(display_name=wanted)
    chosen = [rfc.as_group(call, row) for row in rows]
    return list_of(chosen, total=len(chosen), start_index=1, page_size=len(chosen))


def filter_of(call: Call, attribute: str) -> str | None:
    """The value that `attribute` must equal; None without a filter. No other filter exists."""
    text = call.query.get("filter")
    if text is None:
        return None
    found = equality(text)
    if found is None or found.attribute != attribute.casefold():
        raise ScimRefused(400, f"Only {attribute} eq is supported.", "invalidFilter")
    return found.value


_TEAMS = rfc.group_routes(answers_patch_with=204)

KIND = Kind(
    key="pulumi",
    real_base_url="https://api.pulumi.com/scim/v2/<organization>",
    source=_(
        "Pulumi's SCIM pages: attributes and errors. The success codes of PATCH and PUT are not documented"
    ),
    oddities=(
        _("Users: userName, displayName, name.givenName, name.familyName, the work e-mail and active."),
        _("Anything else is 400 invalidPath, so also name.formatted."),
        _("userName is immutable. Users have no DELETE."),
        _("A count above 100 is 400. Only eq on userName and displayName filters."),
        _(
            "A team with one unknown or inactive member is refused as a whole; an externalId on a team is an error."
        ),
    ),
    routes={
        "GET Users": list_users,
        "GET Users/{id}": rfc.get_user,
        "POST Users": create_user,
        "PUT Users/{id}": replace_user,
        "PATCH Users/{id}": patch_user,
        "GET Groups": list_teams,
        "GET Groups/{id}": rfc.get_group,
        "POST Groups": checked_team(_TEAMS["POST Groups"]),
        "PUT Groups/{id}": checked_team(_TEAMS["PUT Groups/{id}"]),
        "PATCH Groups/{id}": checked_team(_TEAMS["PATCH Groups/{id}"]),
        "DELETE Groups/{id}": rfc.delete_group,
    },
    refusal=rfc_refusal,
    unauthorized=Answer(401, scim_error("401", "Unauthorized: No credentials provided or are invalid.")),
    elsewhere=Answer(404, scim_error("404", "Not found.")),
    wrong_method=Answer(405, scim_error("405", "Method not allowed.")),
)
