"""What one application has to be told, decided from values alone: no database, no clock, no network.

Users, by (has access, account there):

              no account      active account                     inactive account
    access    Create          Update, or Nothing when equal      Reactivate
    none      Nothing         Deactivate (Delete, or Nothing,    Nothing (Delete when its days are over)
                              as the rules say)

Carrying out a plan and planning again gives Nothing; `account_after` and `team_after` say what is known after carrying it out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import ClassVar, Literal

Values = Mapping[str, str]  # SCIM path → value; a path without value is absent
Changes = Mapping[str, str | None]  # None: to be removed there


@dataclass(frozen=True, slots=True)
class UserRules:
    updates_users: bool = True
    deletes_users: bool = False
    deprovisioning: Literal["keep", "suspend", "delete"] = "suspend"
    delete_after: timedelta = timedelta(days=30)
    renames_users: bool = True


@dataclass(frozen=True, slots=True)
class Account:
    """A person's account in the application, as far as we know. `inactive_since` is our own deactivation's time."""

    remote_id: str
    sent: Values
    active: bool = True
    inactive_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Create:
    operation: ClassVar[str] = "create"
    values: Values


@dataclass(frozen=True, slots=True)
class Update:
    operation: ClassVar[str] = "update"
    remote_id: str
    changes: Changes


@dataclass(frozen=True, slots=True)
class Deactivate:
    operation: ClassVar[str] = "deactivate"
    remote_id: str


@dataclass(frozen=True, slots=True)
class Reactivate:
    operation: ClassVar[str] = "reactivate"
    remote_id: str
    changes: Changes


@dataclass(frozen=True, slots=True)
class Delete:
    operation: ClassVar[str] = "delete"
    remote_id: str


@dataclass(frozen=True, slots=True)
class Nothing:
    """`look_again_at` is when time alone will have changed the answer."""

    operation: ClassVar[str] = "nothing"
    look_again_at: datetime | None = None


UserPlan = Create | Update | Deactivate | Reactivate | Delete | Nothing


def plan_user(
    wanted: Values | None,
    account: Account | None,
    rules: UserRules,
    now: datetime,
    *,
    until: datetime | None = None,
) -> UserPlan:
    """`wanted` is None for whoever has no access: gone, suspended, expired, or in no bound group. `until` is when access
    ends by itself, as far as is known: with an expired password.
    """
    if wanted is None:
        return _plan_leaver(account, rules, now)
    if account is None:
        return Create(dict(wanted))
    changes = changed(wanted, account.sent) if rules.updates_users else {}
    if not rules.renames_users:  # refused with all that stands beside it, a reactivation too
        changes.pop("userName", None)
    if not account.active:
        return Reactivate(account.remote_id, changes)
    return Update(account.remote_id, changes) if changes else Nothing(look_again_at=until)


def _plan_leaver(account: Account | None, rules: UserRules, now: datetime) -> UserPlan:
    if account is None or rules.deprovisioning == "keep":
        return Nothing()
    deletes = rules.deprovisioning == "delete" and rules.deletes_users
    if account.active:
        return (
            Delete(account.remote_id) if deletes and not rules.delete_after else Deactivate(account.remote_id)
        )
    if not deletes or account.inactive_since is None:  # whom others deactivated, others may delete
        return Nothing()
    due = account.inactive_since + rules.delete_after
    return Delete(account.remote_id) if due <= now else Nothing(look_again_at=due)


def changed(wanted: Values, sent: Values) -> dict[str, str | None]:
    """Every path that differs, and None for each that has gone."""
    changes: dict[str, str | None] = {
        path: value for path, value in wanted.items() if sent.get(path) != value
    }
    return changes | {path: None for path in sent if path not in wanted}


def merged(sent: Values, changes: Changes) -> dict[str, str]:
    values = {**sent, **changes}
    return {path: value for path, value in values.items() if value is not None}


def account_after(
    plan: UserPlan, account: Account | None, now: datetime, remote_id: str = ""
) -> Account | None:
    """`remote_id` is the id that the application gave a created account."""
    if isinstance(plan, Create):
        return Account(remote_id, dict(plan.values))
    if account is None or isinstance(plan, Delete):
        return None
    if isinstance(plan, Update):
        return replace(account, sent=merged(account.sent, plan.changes))
    if isinstance(plan, Reactivate):
        return Account(account.remote_id, merged(account.sent, plan.changes))
    if isinstance(plan, Deactivate):
        return replace(account, active=False, inactive_since=now)
    return account


# --- groups


@dataclass(frozen=True, slots=True)
class Team:
    """A group as it should be there: `members` are ids of active accounts there."""

    name: str
    members: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RemoteTeam:
    """A group as we last told the application. `members` is None where we do not know them."""

    remote_id: str
    name: str
    members: frozenset[str] | None = frozenset()
    managed: bool = True


@dataclass(frozen=True, slots=True)
class GroupRules:
    managed: bool = True  # group management is switched on and the application has groups
    members_on_create: bool = True


@dataclass(frozen=True, slots=True)
class CreateGroup:
    operation: ClassVar[str] = "create"
    name: str
    members: frozenset[str]


@dataclass(frozen=True, slots=True)
class Rename:
    operation: ClassVar[str] = "rename"
    remote_id: str
    name: str


@dataclass(frozen=True, slots=True)
class ChangeMembers:
    """`everyone` is the whole list, for applications that are told so, and where `add` and `remove` cannot be known."""

    operation: ClassVar[str] = "change_members"
    remote_id: str
    add: frozenset[str]
    remove: frozenset[str]
    everyone: frozenset[str] = field(default=frozenset())


@dataclass(frozen=True, slots=True)
class DeleteGroup:
    operation: ClassVar[str] = "delete"
    remote_id: str


@dataclass(frozen=True, slots=True)
class LeaveAsIs:
    """Let go: nothing is sent now, and nothing ever again unless the group is bound anew."""

    operation: ClassVar[str] = "leave"
    remote_id: str


GroupPlan = CreateGroup | Rename | ChangeMembers | DeleteGroup | LeaveAsIs | Nothing


def plan_group(
    wanted: Team | None, remote: RemoteTeam | None, rules: GroupRules, *, exists: bool = True
) -> GroupPlan:
    """`wanted` is None for a group that is not bound; `exists` says whether it is still a group here."""
    if not rules.managed:
        return Nothing()
    if wanted is None:
        if remote is None or not remote.managed:
            return Nothing()
        return LeaveAsIs(remote.remote_id) if exists else DeleteGroup(remote.remote_id)
    if remote is None:  # empty groups are not created
        return CreateGroup(wanted.name, wanted.members) if wanted.members else Nothing()
    if remote.name != wanted.name:
        return Rename(remote.remote_id, wanted.name)
    known = remote.members if remote.managed else None  # others may have changed what we had let go
    if known == wanted.members:
        return Nothing()
    before = known or frozenset()
    return ChangeMembers(remote.remote_id, wanted.members - before, before - wanted.members, wanted.members)


def team_after(
    plan: GroupPlan, remote: RemoteTeam | None, rules: GroupRules, remote_id: str = ""
) -> RemoteTeam | None:
    if isinstance(plan, CreateGroup):
        return RemoteTeam(remote_id, plan.name, plan.members if rules.members_on_create else frozenset())
    if remote is None or isinstance(plan, DeleteGroup):
        return None
    if isinstance(plan, Rename):
        return replace(remote, name=plan.name)
    if isinstance(plan, ChangeMembers):
        return replace(remote, members=plan.everyone, managed=True)
    if isinstance(plan, LeaveAsIs):
        return replace(remote, managed=False)
    return remote


# --- the guard against accidental mass removal

GUARD_SHARE = 0.2
GUARD_COUNT = 10


def removals_need_approval(removals: int, accounts: int) -> bool:
    """More than 20 % and more than 10 of the application's active accounts at once."""
    return removals > GUARD_COUNT and removals > GUARD_SHARE * accounts
