"""Accounts and teams of a target, as every kind keeps them."""

import uuid
from collections.abc import Iterable
from typing import Any

from apps.sandbox.errors import ScimRefused
from apps.sandbox.models import SandboxAccount, SandboxMembership, SandboxTarget, SandboxTeam

LONGEST = 255


def short(value: Any, name: str) -> str:
    """A text that fits its column. Raises ScimRefused."""
    if not isinstance(value, str) or len(value) > LONGEST:
        raise ScimRefused(400, f"{name} is not a text of at most {LONGEST} characters.", "invalidValue")
    return value


def new_id() -> str:
    return str(uuid.uuid4())


def accounts_of(target: SandboxTarget) -> Any:
    return SandboxAccount.objects.filter(target=target)


def teams_of(target: SandboxTarget) -> Any:
    return SandboxTeam.objects.filter(target=target)


def account(target: SandboxTarget, resource_id: str, *, missing: str) -> SandboxAccount:
    found: SandboxAccount | None = accounts_of(target).filter(resource_id=resource_id, linked=True).first()
    if found is None:
        raise ScimRefused(404, missing)
    return found


def team(target: SandboxTarget, resource_id: str, *, missing: str) -> SandboxTeam:
    found: SandboxTeam | None = teams_of(target).filter(resource_id=resource_id).first()
    if found is None:
        raise ScimRefused(404, missing)
    return found


def has_user_name(target: SandboxTarget, user_name: str, *, but: SandboxAccount | None = None) -> bool:
    found = accounts_of(target).filter(user_name_key=user_name.casefold())
    return bool((found if but is None else found.exclude(pk=but.pk)).exists())


def add_members(into: SandboxTeam, accounts: Iterable[SandboxAccount]) -> None:
    there = set(into.memberships.values_list("account_id", flat=True))
    new = {account.pk: account for account in accounts if account.pk not in there}
    SandboxMembership.objects.bulk_create(
        SandboxMembership(team=into, account=account) for account in new.values()
    )


def remove_members(out_of: SandboxTeam, accounts: Iterable[SandboxAccount]) -> None:
    out_of.memberships.filter(account__in=list(accounts)).delete()


def replace_members(of: SandboxTeam, accounts: Iterable[SandboxAccount]) -> None:
    wanted = list(accounts)
    of.memberships.exclude(account__in=wanted).delete()
    add_members(of, wanted)
