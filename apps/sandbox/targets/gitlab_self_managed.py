"""A GitLab instance's SCIM: users as on GitLab.com but blocked when inactive, and groups that attach to SAML group links."""

import uuid
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.lib.scim.schemas import GROUP
from apps.sandbox.errors import ScimRefused
from apps.sandbox.models import SandboxAccount, SandboxTarget, SandboxTeam
from apps.sandbox.targets import gitlab_saas, storage
from apps.sandbox.targets.filters import equality
from apps.sandbox.targets.wire import Answer, Call, Document, Kind, list_of, number_in


def as_group(team: SandboxTeam, *, members: bool = True) -> Document:
    document: Document = {
        "schemas": [GROUP],
        "id": team.resource_id,
        "displayName": team.display_name,
        "meta": {"resourceType": "Group"},
    }
    if members:
        document["members"] = [{"value": each.resource_id} for each in team.members.all()]
    return document


def group(call: Call) -> SandboxTeam:
    return storage.team(call.target, call.resource_id, missing=f"Group {call.resource_id} not found")


def create_group(call: Call) -> Answer:
    """Makes no GitLab group: it attaches an id to an existing SAML group link. Members are ignored here."""
    name, uid = required(call, "displayName"), call.body.get("externalId")
    if uid is not None and not is_uuid(uid):
        raise ScimRefused(412, "Invalid UUID for scim_group_uid")
    refuse_unlinked(call.target, name)
    there = storage.teams_of(call.target).filter(display_name=name).first()
    there = there or SandboxTeam(target=call.target, display_name=name)
    there.resource_id = there.external_id = str(uid or storage.new_id())
    if storage.teams_of(call.target).filter(resource_id=there.resource_id).exclude(pk=there.pk).exists():
        raise ScimRefused(409, "Scim group uid has already been taken")
    there.save()
    return Answer(201, as_group(there, members=False) | {"members": []})


def list_groups(call: Call) -> Answer:
    rows: Any = storage.teams_of(call.target)
    if "filter" in call.query:
        found = equality(call.query["filter"])
        if found is None or found.attribute != "displayname":
            raise ScimRefused(412, "Unsupported Filter")
        rows = rows.filter(display_name=found.value)
    count = number_in(call.query, "count", gitlab_saas.PAGE)
    size = min(count, gitlab_saas.LARGEST_PAGE) if count > 0 else gitlab_saas.PAGE
    start = max(number_in(call.query, "startIndex", 1), 1)
    members = "members" not in call.query.get("excludedAttributes", "").split(",")
    chosen = [as_group(each, members=members) for each in rows[start - 1 : start - 1 + size]]
    return list_of(chosen, total=rows.count(), start_index=start, page_size=size)


def get_group(call: Call) -> Answer:
    members = "members" not in call.query.get("excludedAttributes", "").split(",")
    return Answer(200, as_group(group(call), members=members))


def patch_group(call: Call) -> Answer:
    """Add and remove of `members`, both with a value array. `externalId` is accepted and ignored."""
    there = group(call)
    required(call, "schemas")
    wanted = gitlab_saas.operations(call)
    for number, (op, path, _value) in enumerate(wanted):
        if op not in {"add", "remove"}:
            raise ScimRefused(400, f"Operations[{number}][op] does not have a valid value")
        if path not in {"members", "externalid"}:
            raise ScimRefused(400, f"Operations[{number}][path] does not have a valid value")
    for op, path, value in wanted:
        if path == "members":
            change = storage.add_members if op == "add" else storage.remove_members
            change(there, known(call.target, value))
    return Answer(204)


def replace_group(call: Call) -> Answer:
    """`members` replaces those that SCIM manages, none when it is missing; the answer does not name them."""
    there = group(call)
    required(call, "schemas")
    name = required(call, "displayName")
    if name != there.display_name:
        refuse_unlinked(call.target, name)
        there.display_name = name
    there.save()
    storage.replace_members(there, known(call.target, call.body.get("members")))
    return Answer(200, as_group(there, members=False))


def delete_group(call: Call) -> Answer:
    group(call).delete()
    return Answer(204)


def required(call: Call, name: str) -> str:
    """Its parameter parser answers before SCIM does: 400 and no SCIM error."""
    value = call.body.get(name)
    if not value:
        raise ScimRefused(400, f"{name} is missing")
    return storage.short(value, name) if isinstance(value, str) else ""


def refuse_unlinked(target: SandboxTarget, name: str) -> None:
    if name not in target.group_links:
        raise ScimRefused(412, f"No matching SAML group found with name: {name}")


def known(target: SandboxTarget, value: Any) -> list[SandboxAccount]:
    """The accounts with these external uids; a uid that nobody has is ignored."""
    rows = value if isinstance(value, list) else []
    uids = [str(row.get("value", "")) for row in rows if isinstance(row, dict)]
    return list(gitlab_saas.identities(target).filter(resource_id__in=uids))


def is_uuid(value: Any) -> bool:
    try:
        return isinstance(value, str) and str(uuid.UUID(value)) == value.lower()
    except ValueError:
        return False


KIND = Kind(
    key="gitlab_self_managed",
    real_base_url="https://<host>/api/scim/v2/application",
    source=_("GitLab's page on SCIM for self-managed instances, 18.2 and later"),
    oddities=(
        _("Users as on GitLab.com, but active=false and DELETE block the account on the whole instance."),
        _("A group attaches to a SAML group link of the same name; without one it is 412."),
        _("Groups take add and remove of members only; the externalId of a group must be a UUID."),
        _("Errors of its parameter parser are 400 and no SCIM errors. Unknown members are ignored."),
    ),
    routes={
        **gitlab_saas.user_routes(outsiders_join=True),
        "GET Groups": list_groups,
        "GET Groups/{id}": get_group,
        "POST Groups": create_group,
        "PATCH Groups/{id}": patch_group,
        "PUT Groups/{id}": replace_group,
        "DELETE Groups/{id}": delete_group,
    },
    refusal=gitlab_saas.refusal,
    unauthorized=gitlab_saas.KIND.unauthorized,
    elsewhere=gitlab_saas.plain_error(404, "404 Not Found"),
    wrong_method=gitlab_saas.KIND.wrong_method,
    inactive_word=_("Blocked"),
)
