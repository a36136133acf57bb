"""plan.py against a model of twenty lines: whatever is known and wanted, carrying the plan out leaves nothing to do."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from apps.provisioning.plan import (
    Account,
    ChangeMembers,
    Create,
    CreateGroup,
    Deactivate,
    Delete,
    DeleteGroup,
    GroupRules,
    LeaveAsIs,
    Nothing,
    Reactivate,
    RemoteTeam,
    Rename,
    Team,
    Update,
    UserRules,
    account_after,
    plan_group,
    plan_user,
    removals_need_approval,
    team_after,
)

NOW = datetime(2026, 3, 2, tzinfo=UTC)

values = st.dictionaries(
    st.sampled_from(["userName", "displayName", "title", "name.givenName"]), st.text(min_size=1)
)
accounts = st.none() | st.builds(
    Account, st.just("u1"), values, st.booleans(), st.none() | st.just(NOW - timedelta(days=3))
)
rules = st.builds(
    UserRules,
    st.booleans(),
    st.booleans(),
    st.sampled_from(["keep", "suspend", "delete"]),
    st.sampled_from([timedelta(0), timedelta(days=2), timedelta(days=30)]),
    st.booleans(),
)
ids = st.frozensets(st.sampled_from("abcd"))
names = st.sampled_from(["Engineering", "Sales"])
teams = st.none() | st.builds(Team, names, ids)
remotes = st.none() | st.builds(RemoteTeam, st.just("g1"), names, st.none() | ids, st.booleans())


def without(paths, values):
    return {path: value for path, value in values.items() if path not in paths}


def carried_out(wanted, account, rules):
    """Plans until there is nothing left; the last is returned too."""
    plans = []
    for _ in range(3):
        plan = plan_user(wanted, account, rules, NOW)
        plans.append(plan)
        account = account_after(plan, account, NOW, "u1")
    return plans, account


@given(st.none() | values, accounts, rules)
def test_a_plan_that_was_carried_out_leaves_nothing_to_plan(wanted, account, rules):
    plans, _ = carried_out(wanted, account, rules)
    assert isinstance(plans[1], Nothing)


@given(values, accounts, rules)
def test_whoever_has_access_ends_up_with_an_active_account_that_says_so(wanted, account, rules):
    _, there = carried_out(wanted, account, rules)
    assert there.active
    if rules.updates_users:
        fixed = set() if rules.renames_users or account is None else {"userName"}
        assert without(fixed, there.sent) == without(fixed, wanted)
        assert account is None or all(there.sent.get(path) == account.sent.get(path) for path in fixed)


@given(accounts, rules)
def test_whoever_has_none_ends_up_without_an_active_account_unless_it_is_kept(account, rules):
    _, there = carried_out(None, account, rules)
    if rules.deprovisioning == "keep":
        assert there == account
    else:
        assert there is None or not there.active


@given(values, values, rules)
def test_any_local_change_shows_in_the_next_plan_removals_included(before, after, rules):
    plan = plan_user(after, Account("u1", before), rules, NOW)
    told = set() if not rules.updates_users else before.keys() | after.keys()
    told -= set() if rules.renames_users else {"userName"}
    changes = {path: after.get(path) for path in told if before.get(path) != after.get(path)}
    assert plan == (Update("u1", changes) if changes else Nothing())


def test_each_cell_of_the_table():
    wanted, active = {"userName": "mia"}, Account("u1", {"userName": "mia"})
    inactive = Account(
        "u1", {"userName": "mia", "title": "x"}, active=False, inactive_since=NOW - timedelta(days=30)
    )
    rules = UserRules()
    assert plan_user(wanted, None, rules, NOW) == Create(wanted)
    assert plan_user(wanted, active, rules, NOW) == Nothing()
    assert plan_user(wanted, inactive, rules, NOW) == Reactivate("u1", {"title": None})
    assert plan_user(None, None, rules, NOW) == Nothing()
    assert plan_user(None, active, rules, NOW) == Deactivate("u1")
    assert plan_user(None, inactive, rules, NOW) == Nothing()


def test_a_name_that_cannot_be_changed_is_left_as_it_is_and_all_else_follows():
    """Refused together with what stands beside it, it would keep somebody out who comes back."""
    account, rules = Account("u1", {"userName": "mia", "title": "x"}), UserRules(renames_users=False)
    wanted = {"userName": "maria", "title": "y"}
    assert plan_user(wanted, account, rules, NOW) == Update("u1", {"title": "y"})
    assert plan_user({**wanted, "title": "x"}, account, rules, NOW) == Nothing()
    gone = replace(account, active=False)
    assert plan_user({**wanted, "title": "x"}, gone, rules, NOW) == Reactivate("u1", {})
    assert plan_user(wanted, account, UserRules(), NOW) == Update("u1", wanted)


def test_deletion_waits_for_its_days_and_says_when_to_look_again():
    rules = UserRules(deletes_users=True, deprovisioning="delete", delete_after=timedelta(days=2))
    active, gone = Account("u1", {}), Account("u1", {}, active=False, inactive_since=NOW)
    assert plan_user(None, active, rules, NOW) == Deactivate("u1")
    assert plan_user(None, gone, rules, NOW) == Nothing(NOW + timedelta(days=2))
    assert plan_user(None, gone, rules, NOW + timedelta(days=2)) == Delete("u1")


def test_an_application_that_cannot_delete_is_never_asked_to():
    rules = UserRules(deletes_users=False, deprovisioning="delete", delete_after=timedelta(0))
    assert plan_user(None, Account("u1", {}), rules, NOW) == Deactivate("u1")
    assert plan_user(None, Account("u1", {}, active=False, inactive_since=NOW), rules, NOW) == Nothing()


@given(teams, remotes, st.booleans(), st.booleans())
def test_a_group_plan_that_was_carried_out_leaves_nothing_to_plan(wanted, remote, members_on_create, exists):
    rules = GroupRules(members_on_create=members_on_create)
    plans = []
    for _ in range(4):
        plan = plan_group(wanted, remote, rules, exists=exists)
        plans.append(plan)
        remote = team_after(plan, remote, rules, "g1")
    assert isinstance(plans[-1], Nothing)
    if wanted is not None and remote is not None:
        assert (remote.name, remote.members, remote.managed) == (wanted.name, wanted.members, True)


@given(teams, remotes, st.booleans())
def test_with_group_management_off_no_group_is_touched(wanted, remote, exists):
    assert plan_group(wanted, remote, GroupRules(managed=False), exists=exists) == Nothing()


def test_an_empty_group_is_not_created():
    assert plan_group(Team("Engineering"), None, GroupRules()) == Nothing()
    assert plan_group(Team("Engineering", frozenset("a")), None, GroupRules()) == CreateGroup(
        "Engineering", frozenset("a")
    )


def test_a_managed_group_may_become_empty():
    remote = RemoteTeam("g1", "Engineering", frozenset("ab"))
    plan = plan_group(Team("Engineering"), remote, GroupRules())
    assert plan == ChangeMembers("g1", frozenset(), frozenset("ab"), frozenset())


def test_a_renamed_group_is_renamed():
    remote = RemoteTeam("g1", "Engineering", frozenset("a"))
    assert plan_group(Team("Platform", frozenset("a")), remote, GroupRules()) == Rename("g1", "Platform")


def test_a_disassociated_group_is_left_as_it_is_and_a_deleted_one_is_deleted():
    remote = RemoteTeam("g1", "Engineering", frozenset("a"))
    assert plan_group(None, remote, GroupRules(), exists=True) == LeaveAsIs("g1")
    assert plan_group(None, remote, GroupRules(), exists=False) == DeleteGroup("g1")


def test_a_group_that_was_let_go_is_never_deleted():
    remote = RemoteTeam("g1", "Engineering", frozenset("a"), managed=False)
    assert plan_group(None, remote, GroupRules(), exists=False) == Nothing()


def test_a_group_bound_again_is_told_all_its_members():
    remote = RemoteTeam("g1", "Engineering", frozenset("a"), managed=False)
    plan = plan_group(Team("Engineering", frozenset("a")), remote, GroupRules())
    assert plan == ChangeMembers("g1", frozenset("a"), frozenset(), frozenset("a"))


def test_the_guard_asks_above_a_fifth_and_above_ten():
    assert not removals_need_approval(10, 10)
    assert removals_need_approval(11, 54)
    assert not removals_need_approval(11, 55)
