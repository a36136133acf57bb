"""Users and groups as RFC 7644 has them, in pieces that the kinds put together."""

from collections.abc import Callable, Iterable
from typing import Any

from scim2_models import Group, User

from apps.lib.scim.schemas import GROUP, USER
from apps.sandbox.errors import ScimRefused
from apps.sandbox.models import SandboxAccount, SandboxTarget, SandboxTeam
from apps.sandbox.targets import documents, storage
from apps.sandbox.targets.filters import equality
from apps.sandbox.targets.wire import Answer, Call, Document, Handler, list_of, number_in

PAGE = 100
Keep = Callable[[Document], Document]
_COLUMNS = {"username": "user_name_key", "externalid": "external_id", "id": "resource_id"}


def missing(call: Call) -> str:
    return f"Resource {call.resource_id} not found."


def as_user(call: Call, account: SandboxAccount) -> Document:
    document = {"schemas": [USER], "id": account.resource_id, **account.document}
    return {**document, "meta": _meta(call, "User", account)}


def as_group(call: Call, team: SandboxTeam) -> Document:
    document: Document = {
        "schemas": [GROUP],
        "id": team.resource_id,
        "displayName": team.display_name,
        "members": [
            {"value": member.resource_id, "display": member.user_name} for member in team.members.all()
        ],
        "meta": _meta(call, "Group", team),
    }
    return document | ({"externalId": team.external_id} if team.external_id else {})


def save_user(account: SandboxAccount, document: Document) -> SandboxAccount:
    """Raises ScimRefused when somebody else has the user name."""
    user_name = storage.short(document.get("userName"), "userName")
    if storage.has_user_name(account.target, user_name, but=account):
        raise ScimRefused(409, f"The userName {user_name} is already taken.", "uniqueness")
    account.user_name = user_name
    account.external_id = storage.short(document.get("externalId", ""), "externalId")
    account.email = storage.short(documents.primary_email(document), "emails.value")[:254]
    account.active = document.get("active") is not False
    account.document = {**document, "active": account.active}
    account.linked = True
    account.save()
    return account


def save_team(team: SandboxTeam, document: Document, members: list[SandboxAccount]) -> SandboxTeam:
    name = storage.short(document.get("displayName"), "displayName")
    if storage.teams_of(team.target).filter(display_name__iexact=name).exclude(pk=team.pk).exists():
        raise ScimRefused(409, f"A group named {name} already exists.", "uniqueness")
    team.display_name = name
    team.external_id = storage.short(document.get("externalId", ""), "externalId")
    team.save()
    storage.replace_members(team, members)
    return team


def member_ids(document: Document) -> list[str]:
    """In their order, each once."""
    return list(dict.fromkeys(str(row.get("value", "")) for row in document.get("members") or []))


def existing_members(target: SandboxTarget, ids: Iterable[str]) -> list[SandboxAccount]:
    wanted = list(ids)
    found = {each.resource_id: each for each in storage.accounts_of(target).filter(resource_id__in=wanted)}
    strangers = [each for each in wanted if each not in found]
    if strangers:
        raise ScimRefused(400, f"There are no users with these ids: {', '.join(strangers)}.", "invalidValue")
    return list(found.values())


def list_users(call: Call) -> Answer:
    return _page(call, User, storage.accounts_of(call.target), as_user)


def list_groups(call: Call) -> Answer:
    return _page(call, Group, storage.teams_of(call.target).prefetch_related("members"), as_group)


def get_user(call: Call) -> Answer:
    there = storage.account(call.target, call.resource_id, missing=missing(call))
    return Answer(200, _selected(as_user(call, there), call.query))


def get_group(call: Call) -> Answer:
    there = storage.team(call.target, call.resource_id, missing=missing(call))
    return Answer(200, _selected(as_group(call, there), call.query))


def delete_user(call: Call) -> Answer:
    storage.account(call.target, call.resource_id, missing=missing(call)).delete()
    return Answer(204)


def delete_group(call: Call) -> Answer:
    storage.team(call.target, call.resource_id, missing=missing(call)).delete()
    return Answer(204)


def user_routes(keep: Keep) -> dict[str, Handler]:
    """All but DELETE. `keep` says which attributes are stored; the rest is read and forgotten."""

    def create(call: Call) -> Answer:
        new = SandboxAccount(target=call.target, resource_id=storage.new_id())
        return Answer(201, as_user(call, save_user(new, keep(documents.created(User, call.body)))))

    def replace(call: Call) -> Answer:
        there = storage.account(call.target, call.resource_id, missing=missing(call))
        document: Document = {"active": there.active} | keep(documents.replaced(User, call.body))
        if there.external_id:  # some clients leave it out of every PUT
            document.setdefault("externalId", there.external_id)
        return Answer(200, as_user(call, save_user(there, document)))

    def patch(call: Call) -> Answer:
        there = storage.account(call.target, call.resource_id, missing=missing(call))
        document = keep(documents.patched(User, there.document, call.body))
        return Answer(200, as_user(call, save_user(there, document)))

    return {
        "GET Users": list_users,
        "GET Users/{id}": get_user,
        "POST Users": create,
        "PUT Users/{id}": replace,
        "PATCH Users/{id}": patch,
    }


def group_routes(*, answers_patch_with: int = 200) -> dict[str, Handler]:
    def create(call: Call) -> Answer:
        document = documents.created(Group, call.body)
        who = existing_members(call.target, member_ids(document))
        new = SandboxTeam(target=call.target, resource_id=storage.new_id())
        return Answer(201, as_group(call, save_team(new, document, who)))

    def replace(call: Call) -> Answer:
        there = storage.team(call.target, call.resource_id, missing=missing(call))
        document = documents.replaced(Group, call.body)
        document.setdefault("externalId", there.external_id)
        who = existing_members(call.target, member_ids(document))
        return Answer(200, as_group(call, save_team(there, document, who)))

    def patch(call: Call) -> Answer:
        there = storage.team(call.target, call.resource_id, missing=missing(call))
        document = documents.patched(Group, as_group(call, there), call.body)
        save_team(there, document, existing_members(call.target, member_ids(document)))
        return Answer(200, as_group(call, there)) if answers_patch_with == 200 else Answer(answers_patch_with)

    return {
        "GET Groups": list_groups,
        "GET Groups/{id}": get_group,
        "POST Groups": create,
        "PUT Groups/{id}": replace,
        "PATCH Groups/{id}": patch,
        "DELETE Groups/{id}": delete_group,
    }


def _page(call: Call, model: documents.Model, rows: Any, shape: Callable[[Call, Any], Document]) -> Answer:
    """`startIndex` counts from 1 and anything below is 1; a negative `count` is 0 (section 3.4.2.4)."""
    found = _filtered(call, model, rows, shape)
    start = max(number_in(call.query, "startIndex", 1), 1)
    count = min(max(number_in(call.query, "count", PAGE), 0), PAGE)
    chosen = found[start - 1 : start - 1 + count]
    resources = [_selected(shape(call, row), call.query) for row in chosen]
    return list_of(resources, total=len(found), start_index=start, page_size=len(resources))


def _filtered(
    call: Call, model: documents.Model, rows: Any, shape: Callable[[Call, Any], Document]
) -> list[Any]:
    text = call.query.get("filter")
    if text is None:
        return list(rows)
    simple = equality(text)
    if model is User and simple is not None and simple.attribute in _COLUMNS:
        column = _COLUMNS[simple.attribute]
        value = simple.value.casefold() if column == "user_name_key" else simple.value
        return list(rows.filter(**{column: value}))
    every = list(rows)
    holds = documents.matching(model, [shape(call, row) for row in every], text)
    return [row for row, is_one in zip(every, holds, strict=True) if is_one]


def _selected(document: Document, query: Any) -> Document:
    """`attributes` and `excludedAttributes` by top-level name; `id` and `schemas` always come (section 3.4.2.5)."""
    wanted, unwanted = _names(query.get("attributes")), _names(query.get("excludedAttributes"))
    return {
        name: value
        for name, value in document.items()
        if name in {"id", "schemas"}
        or ((not wanted or name.casefold() in wanted) and name.casefold() not in unwanted)
    }


def _names(text: str | None) -> set[str]:
    return {name.strip().partition(".")[0].casefold() for name in (text or "").split(",") if name.strip()}


def _meta(call: Call, kind: str, row: SandboxAccount | SandboxTeam) -> Document:
    return {
        "resourceType": kind,
        "created": row.created_at.isoformat(),
        "lastModified": row.updated_at.isoformat(),
        "location": f"{call.at}/{kind}s/{row.resource_id}",
    }
