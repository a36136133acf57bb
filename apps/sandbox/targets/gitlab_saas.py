"""GitLab.com group SCIM, as its documentation and its own tests describe it: identities of a group, not accounts.

The id of a resource is the externalId that the identity provider chose; most of what is sent later is accepted and forgotten.
"""

import json
import re
from functools import partial
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.lib.scim.errors import InvalidValue
from apps.lib.scim.schemas import USER
from apps.lib.scim.values import read_boolean
from apps.sandbox.errors import ScimRefused
from apps.sandbox.models import SandboxAccount, SandboxTarget
from apps.sandbox.targets import storage
from apps.sandbox.targets.documents import primary_email
from apps.sandbox.targets.filters import equality
from apps.sandbox.targets.wire import Answer, Call, Document, Handler, Kind, list_of, number_in, scim_error

PAGE, LARGEST_PAGE = 20, 100
REQUIRED = ("externalId", "userName", "emails", "name")
SIGN_IN_PAGE = (
    "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><h1>Sign in</h1></body></html>\n"
)
DOMAIN_REFUSED = "The member's email address is not allowed for this group. Check with your administrator."
NOT_LINKED = "The member's email address is not linked to a SAML account or has an inactive SCIM identity."


def refusal(refused: ScimRefused) -> Answer:
    """The status inside is a number. What its parameter parser refuses (400, 405) is no SCIM error at all."""
    if refused.status in {400, 405}:
        return plain_error(refused.status, str(refused.detail))
    return Answer(refused.status, scim_error(refused.status, str(refused.detail)))


def plain_error(status: int, words: str) -> Answer:
    return Answer(status, {"error": words}, content_type="application/json")


def missing(call: Call) -> str:
    return f"Resource {call.resource_id} not found"


def as_user(account: SandboxAccount) -> Document:
    """The name is one flat key; externalId and displayName never come back."""
    return {
        "schemas": [USER],
        "id": account.resource_id,
        "active": account.active,
        "name.formatted": account.document.get("name", ""),
        "userName": account.user_name,
        "meta": {"resourceType": "User"},
        "emails": [{"type": "work", "value": account.email, "primary": True}],
    }


def identities(target: SandboxTarget) -> Any:
    return storage.accounts_of(target).filter(linked=True)


def identity(call: Call) -> SandboxAccount:
    found = storage.account(call.target, call.resource_id, missing=missing(call))
    if not found.linked:
        raise ScimRefused(404, missing(call))
    return found


# --- reading


def list_users(call: Call) -> Answer:
    """`itemsPerPage` is the size of a page, not the number of rows on it; a count of 0 is no count."""
    rows = matching(call.target, call.query["filter"]) if "filter" in call.query else identities(call.target)
    count = number_in(call.query, "count", PAGE)
    size = min(count, LARGEST_PAGE) if count > 0 else PAGE
    start = max(number_in(call.query, "startIndex", 1), 1)
    found = [as_user(each) for each in rows[start - 1 : start - 1 + size]]
    return list_of(found, total=rows.count(), start_index=start, page_size=size)


def matching(target: SandboxTarget, text: str) -> Any:
    found = equality(text)
    rows = identities(target)
    if found is not None and found.attribute in {"id", "externalid"}:
        return rows.filter(resource_id=found.value)
    if found is not None and found.attribute == "username":
        return named(rows, found.value)
    raise ScimRefused(412, "Unsupported Filter")


def named(rows: Any, value: str) -> Any:
    """By username, else by external uid, else by e-mail, else by the local part of it."""
    tries = (
        {"user_name_key": value.casefold()},
        {"resource_id": value},
        {"email__iexact": value},
        {"user_name_key": value.partition("@")[0].casefold()},
    )
    for one in tries:
        if (found := rows.filter(**one)).exists():
            return found
    return rows.none()


def get_user(call: Call) -> Answer:
    return Answer(200, as_user(identity(call)))


# --- writing


def create_user(call: Call, *, outsiders_join: bool) -> Answer:
    """201 again for an identity that is there already; since 16.x that also brings a removed one back."""
    external_id, email = parameters_of(call)
    there = identities(call.target).filter(resource_id=external_id).first()
    if there is None:
        user_name = free_user_name(call.target, str(call.body["userName"]))
        there = existing(call, email, outsiders_join=outsiders_join) or SandboxAccount(
            target=call.target, user_name=user_name, email=email
        )
        there.resource_id = there.external_id = external_id
        there.document = {"name": full_name(call.body["name"])}
    there.linked = there.active = True
    there.save()
    return Answer(201, as_user(there))


def parameters_of(call: Call) -> tuple[str, str]:
    """The external uid and the e-mail."""
    absent = [name for name in REQUIRED if not call.body.get(name)]
    if absent:
        raise ScimRefused(412, f"Missing params: [{', '.join(absent)}]")
    email = primary_email(call.body)
    if not email:
        raise ScimRefused(412, not_saved(call, "Email can't be blank"))
    domains = [str(domain).casefold() for domain in call.target.email_domains]
    if domains and email.rpartition("@")[2].casefold() not in domains:
        raise ScimRefused(412, DOMAIN_REFUSED)
    storage.short(call.body["userName"], "userName")
    return storage.short(call.body["externalId"], "externalId"), storage.short(email, "emails")[:254]


def existing(call: Call, email: str, *, outsiders_join: bool) -> SandboxAccount | None:
    """Whoever has this e-mail. One identity each: a second external uid for the same person is a conflict."""
    found: SandboxAccount | None = storage.accounts_of(call.target).filter(email__iexact=email).first()
    if found is not None and found.linked:
        raise ScimRefused(409, not_saved(call, "User has already been taken"))
    if found is not None and not found.active and not outsiders_join:
        raise ScimRefused(412, NOT_LINKED)
    return found


def free_user_name(target: SandboxTarget, wanted: str) -> str:
    """The local part without what GitLab does not allow, with a number behind it when somebody has it."""
    base = re.sub(r"[^A-Za-z0-9_.-]", "", wanted.partition("@")[0]).strip("-.") or "blank"
    name, number = base, 0
    while storage.has_user_name(target, name):
        number += 1
        name = f"{base}{number}"
    return name


def full_name(name: Any) -> str:
    parts = name if isinstance(name, dict) else {}
    given_and_family = f"{parts.get('givenName', '')} {parts.get('familyName', '')}".strip()
    return str(parts.get("formatted") or given_and_family)


def not_saved(call: Call, why: str) -> str:
    """The request is echoed, secrets left out."""
    shown = {
        name: "[FILTERED]" if name in {"password", "access_token"} else value
        for name, value in call.body.items()
    }
    return f"Error saving user with {json.dumps(shown, ensure_ascii=False)}: {why}"


def patch_user(call: Call) -> Answer:
    """204 whatever was asked. Only `active` and the id change; all else would be accepted without effect (since 15.0).

    A path is needed to be heard. Whatever does not say active=false brings an inactive identity back.
    """
    there = identity(call)
    asked = {path: value for _, path, value in operations(call)}
    if "active" in asked and not truth(asked["active"]):
        deactivate(there)
        return Answer(204)
    new_id = asked.get("id", asked.get("externalid"))
    if new_id is not None:
        move(there, storage.short(new_id, "externalId"))
    there.active = True
    there.save()
    return Answer(204)


def operations(call: Call) -> list[tuple[str, str, Any]]:
    """Each as (op, path, value), both names case-folded."""
    rows = call.body.get("Operations")
    if not isinstance(rows, list) or not rows:
        raise ScimRefused(400, "Operations is missing")
    if not all(isinstance(row, dict) for row in rows):
        raise ScimRefused(400, "Operations is invalid")
    return [
        (str(row.get("op", "")).casefold(), str(row.get("path", "")).casefold(), row.get("value"))
        for row in rows
    ]


def truth(value: Any) -> bool:
    try:
        return read_boolean(value)
    except InvalidValue:
        raise ScimRefused(400, "Operations[0][value] does not have a valid value") from None


def move(account: SandboxAccount, new_id: str) -> None:
    others = storage.accounts_of(account.target).exclude(pk=account.pk)
    if others.filter(resource_id=new_id).exists():
        raise ScimRefused(409, f"Error updating {account.user_name}: Extern uid has already been taken")
    account.resource_id = account.external_id = new_id


def delete_user(call: Call) -> Answer:
    """Soft: the identity stays, inactive."""
    deactivate(identity(call))
    return Answer(204)


def deactivate(account: SandboxAccount) -> None:
    owners = storage.accounts_of(account.target).filter(owner=True, active=True)
    if account.owner and not owners.exclude(pk=account.pk).exists():
        raise ScimRefused(412, f"Error updating {account.user_name} with last owner of the group")
    account.active = False
    account.save()


def user_routes(*, outsiders_join: bool) -> dict[str, Handler]:
    return {
        "GET Users": list_users,
        "GET Users/{id}": get_user,
        "POST Users": partial(create_user, outsiders_join=outsiders_join),
        "PATCH Users/{id}": patch_user,
        "DELETE Users/{id}": delete_user,
    }


KIND = Kind(
    key="gitlab_saas",
    real_base_url="https://gitlab.com/api/scim/v2/groups/<group path>",
    source=_("GitLab's pages on SCIM for GitLab.com groups, and its own tests"),
    oddities=(
        _("The id is the externalId. Creating the same externalId again is 201 again, not 409."),
        _("Updates are accepted with 204 and change nothing but active and the id."),
        _("Any PATCH that does not say active=false brings an inactive member back."),
        _("DELETE keeps the identity, inactive. A missing parameter or an unknown filter is 412."),
        _("No PUT, no groups, no discovery. The username is the local part, with a number when it is taken."),
    ),
    routes=user_routes(outsiders_join=False),
    refusal=refusal,
    unauthorized=Answer(401, {"message": "401 Unauthorized"}, content_type="application/json"),
    elsewhere=Answer(404, text=SIGN_IN_PAGE, content_type="text/html; charset=utf-8"),
    wrong_method=plain_error(405, "405 Not Allowed"),
    inactive_word=_("Removed from the group"),
)
