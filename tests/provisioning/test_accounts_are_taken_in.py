"""Chosen accounts become people, or are linked to people who are here; nothing changes there, and nobody gains anything by it."""

import pytest

from apps.accounts.models import Administrator
from apps.directory import actions as directory
from apps.directory.models import Membership, User
from apps.events.models import Event
from apps.mail.models import Letter
from apps.provisioning import directory_now, queries
from apps.provisioning.errors import ImportRefused
from apps.provisioning.imports import actions, taking_in
from apps.provisioning.imports.leases import IMPORTS
from apps.provisioning.models import ImportRow, Integration, Job, RemoteUser
from apps.provisioning.preview import preview
from apps.tenants.leases import LeaseLost
from tests.provisioning.conftest import later
from tests.provisioning.imports import importing

__all__ = ["importing"]
pytestmark = pytest.mark.django_db

NOAH = {
    "displayName": "Noah R.",
    "name": {"givenName": "Noah", "familyName": "Rae"},
    "title": "Engineer",
    "timezone": "Europe/London",
    "phoneNumbers": [{"type": "work", "value": "+44 1"}],
}


def refused(importing, **account):
    """The reason of an account that is like this."""
    target = importing.company.target
    email = account.pop("email", "noah@example.com")
    target.add_user(account.pop("user_name", "noah"), email, **account)
    importing.read()
    (row,) = [row for row in importing.rows() if row.state != "imported"]
    return row.problem


def test_statuses_are_new_and_imported(importing):
    """Seed: New - user has not been imported; Imported - user has been imported and has an account here."""
    importing.company.target.add_user("noah", "noah@example.com")
    importing.read()
    assert (importing.row("mia").state, importing.row("mia").user) == ("imported", importing.company.mia)
    assert importing.row("noah").state == "new"
    importing.take_in("noah")
    assert importing.row("noah").state == "imported"
    importing.read()
    assert importing.row("noah").state == "imported"


def test_a_new_person_has_what_the_application_shows_and_nothing_else(importing):
    importing.company.target.add_user("noah", "noah@example.com", **NOAH)
    importing.read()
    run = importing.take_in()
    noah = User.objects.get(username="noah")
    assert (noah.email, noah.first_name, noah.last_name) == ("noah@example.com", "Noah", "Rae")
    assert (noah.display_name, noah.job_title, noah.work_phone) == ("Noah R.", "Engineer", "+44 1")
    assert noah.timezone == "Europe/London"
    assert (run.state, run.selected, run.created, run.linked, run.refused) == ("ready", 1, 1, 0, 0)
    assert not noah.has_usable_password()
    assert not Administrator.objects.filter(user=noah).exists()
    assert not Membership.objects.filter(user=noah).exists()
    assert not Letter.objects.exists()


def test_nothing_is_sent_and_the_account_stays_active_until_they_are_in_a_bound_group(importing):
    """Seed: Imported users must be members of a user group bound to an application to manage their identity in it."""
    company = importing.company
    company.target.add_user("noah", "noah@example.com", **NOAH)
    importing.read()
    importing.take_in()
    company.work()
    assert company.target.wrote() == []
    assert company.target.active_names() == {"mia", "noah"}
    noah = User.objects.get(username="noah")
    assert not directory_now.entitled(company.integration).filter(pk=noah.pk).exists()
    assert preview(company.integration).is_empty
    directory.update_user(noah, actor=company.actor, job_title="Manager")
    company.work()
    assert company.target.wrote() == []


def test_without_that_mark_the_account_would_be_deactivated(importing):
    """Negative control of the test above."""
    company = importing.company
    company.target.add_user("noah", "noah@example.com")
    importing.read()
    importing.take_in()
    RemoteUser.objects.update(managed=True)
    directory.update_user(User.objects.get(username="noah"), actor=company.actor, job_title="Manager")
    company.work()
    assert company.target.active_names() == {"mia"}


def test_in_a_bound_group_the_account_is_adopted_not_made_twice_and_later_deactivated(importing):
    company = importing.company
    # Known there by a name that looking up by ours would never find.
    account = company.target.add_user("NR-42", "noah@example.com", **NOAH)
    importing.read()
    importing.take_in()
    noah = User.objects.get(email="noah@example.com")
    directory.update_user(noah, actor=company.actor, username="noah")
    directory.add_member(company.engineering, noah, actor=company.actor)
    company.work()
    assert company.target.wrote() == [("PATCH", f"/scim/v2/Users/{account['id']}")]
    assert account["userName"] == "noah"
    assert company.remote(noah).managed
    directory.remove_member(company.engineering, noah, actor=company.actor)
    company.work()
    assert not account["active"]


def test_whoever_has_the_address_is_linked_however_it_is_written(importing):
    company = importing.company
    olga = company.person("olga")
    account = company.target.add_user("oo", "Olga@Example.com", userType="admin")
    importing.read()
    run = importing.take_in()
    assert (run.created, run.linked) == (0, 1)
    assert company.remote(olga).remote_id == account["id"]
    assert (company.remote(olga).linked, company.remote(olga).managed) == (True, False)
    assert User.objects.count() == 2
    directory.add_member(company.engineering, olga, actor=company.actor)
    company.work()
    assert [method for method, _ in company.target.wrote()] == ["PATCH"]
    assert account["userName"] == "olga"


def test_somebody_who_has_access_already_is_linked_and_kept_up_to_date_at_once(importing):
    company = importing.company
    account = company.target.add_user("legacy", "noah@example.com")
    importing.read()
    noah = company.person("noah")
    importing.take_in()
    directory.add_member(company.engineering, noah, actor=company.actor)
    company.work()
    assert account["userName"] == "noah"
    assert len(company.target.users) == 2


def test_an_account_that_is_inactive_there_becomes_nobody_who_may_sign_in(importing):
    importing.company.target.add_user("noah", "noah@example.com", active="False")
    importing.read()
    importing.take_in()
    noah = User.objects.get(username="noah")
    assert not noah.active
    assert not importing.company.remote(noah).active


def test_a_deleted_person_leaves_an_account_that_is_new_again(importing):
    company = importing.company
    company.target.add_user("noah", "noah@example.com")
    importing.read()
    importing.take_in()
    directory.remove_user(User.objects.get(username="noah"), actor=company.actor)
    company.work()
    assert company.target.active_names() == {"mia", "noah"}
    importing.read()
    assert importing.row("noah").state == "new"
    assert importing.take_in("noah").created == 1
    assert RemoteUser.objects.count() == 2


# --- reasons


@pytest.mark.parametrize(
    ("account", "reason"),
    [
        ({"email": ""}, "The account has no e-mail address there."),
        ({"email": "not an address"}, "Its e-mail address is not valid."),
        ({"email": "noah@ex\u0430mple.com"}, "may only look like somebody else's"),  # Cyrillic
        ({"email": "\uff4eoah@example.com"}, "may only look like somebody else's"),  # full width
        ({"user_name": "n\u043eah"}, "mixes alphabets"),
        ({"displayName": "Noah\x0b"}, "control characters"),
        ({"displayName": "Noah\u202e"}, "invisible or direction-changing"),
        ({"title": "x" * 121}, "Job title: "),
        ({"user_name": "x" * 151}, "Username: "),
    ],
    ids=str,
)
def test_what_cannot_be_taken_in_says_why(importing, account, reason):
    assert reason in refused(importing, **account)
    with pytest.raises(ImportRefused):
        importing.select()
    assert User.objects.count() == 1


def test_a_name_in_another_alphabet_is_a_name(importing):
    """Negative control: only mixing is refused."""
    assert refused(importing, user_name="\u043d\u043e\u0439", displayName="\u041d\u043e\u0439 Rae") == ""


def test_two_accounts_with_one_address_wait_for_a_choice(importing):
    target = importing.company.target
    target.add_user("noah", "noah@example.com")
    target.add_user("noah.admin", "NOAH@example.com")
    importing.read()
    assert [row.problem[:15] for row in importing.rows()] == ["", "Another account", "Another account"]
    with pytest.raises(ImportRefused):
        importing.select()  # "all" leaves them out
    run = importing.take_in("noah", "noah.admin")
    assert (run.selected, run.created, run.refused) == (2, 0, 2)
    assert importing.take_in("noah").created == 1
    run = importing.take_in("noah.admin")
    assert run.refused == 1
    assert importing.row("noah.admin").problem.startswith("noah already has another account there")


def test_two_accounts_with_one_id_are_nobody(importing):
    target = importing.company.target
    target.add_user("noah", "noah@example.com")
    target.users["copy"] = target.named("noah") | {"userName": "root", "emails": [{"value": "r@example.com"}]}
    importing.read()
    assert (importing.row("noah").state, importing.row("noah").problem) == (
        "refused",
        "The application lists two accounts with this id.",
    )


def test_a_user_name_that_somebody_else_has_says_so_and_can_be_tried_again(importing):
    company = importing.company
    company.target.add_user("olga", "olga@elsewhere.example")
    olga = company.person("olga")
    importing.read()
    run = importing.take_in()
    assert (run.created, run.refused) == (0, 1)
    assert importing.row("olga").problem == (
        "Olga Example has this username here, with another e-mail address."
    )
    assert Event.objects.filter(type="user_import", success=False).count() == 1
    directory.update_user(olga, actor=company.actor, username="olga2")
    assert importing.take_in("olga").created == 1


def test_one_that_fails_keeps_nobody_else_waiting(importing):
    company = importing.company
    for name in ("anna", "olga", "zoe"):
        company.target.add_user(name, f"{name}@elsewhere.example")
    company.person("olga")
    importing.read()
    run = importing.take_in()
    assert (run.created, run.refused, run.done, run.selected) == (2, 1, 3, 3)


def test_an_id_that_cannot_be_kept_is_counted(importing):
    target = importing.company.target
    for bad in ("", "x" * 300, "a\u202eb", None):
        target.users[f"bad {bad}"] = {"id": bad, "userName": "nobody"}
    run = importing.read()
    assert run.unreadable == 4
    assert "4 entries have no id" in run.problem


# --- whatever happens


def test_a_dead_worker_takes_nobody_in_twice(importing, monkeypatch):
    monkeypatch.setattr(taking_in, "CHUNK", 2)
    for number in range(5):
        importing.company.target.add_user(f"p{number}", f"p{number}@example.com")
    importing.read()
    importing.select()
    run = IMPORTS.claim(importing.run.pk)
    assert taking_in.take_in_chunk(run) is True  # and dies
    with later(seconds=61):
        run = importing.work()
    assert (run.created, run.refused, run.state) == (5, 0, "ready")
    assert User.objects.count() == 6
    assert Event.objects.filter(type="user_import", success=True).count() == 5


def test_a_worker_that_was_taken_for_dead_takes_nobody_in(importing):
    importing.company.target.add_user("noah", "noah@example.com")
    importing.read()
    importing.select()
    run = IMPORTS.claim(importing.run.pk)
    actions.stop_import(run, actor=importing.company.actor)
    run.state = "importing"
    ImportRow.objects.update(state="waiting")
    with pytest.raises(LeaseLost):
        taking_in.take_in_chunk(run)
    assert User.objects.count() == 1


def test_stopping_says_so_on_each_row_that_had_no_turn(importing):
    importing.company.target.add_user("noah", "noah@example.com")
    importing.read()
    importing.select()
    run = actions.stop_import(importing.run, actor=importing.company.actor)
    assert (run.state, run.refused) == ("ready", 1)
    assert "stopped" in importing.row("noah").problem
    assert importing.take_in("noah").created == 1


def test_deactivating_meanwhile_takes_nobody_in(importing):
    importing.company.target.add_user("noah", "noah@example.com")
    importing.read()
    importing.select()
    Integration.objects.update(state="configured")
    run = importing.work()
    assert run.problem == "Identity Management is not active."
    assert importing.row("noah").problem == run.problem
    assert User.objects.count() == 1


def test_events_tell_who_chose_and_what_came_of_it(importing):
    importing.company.target.add_user("noah", "noah@example.com")
    importing.read()
    importing.take_in()
    kinds = list(
        Event.objects.filter(type__contains="import").order_by("created_at").values_list("type", flat=True)
    )
    assert kinds == ["idm_import_start", "idm_import_select", "user_import", "idm_import_finish"]
    told = Event.objects.get(type="user_import")
    assert (told.target_name, told.details["outcome"]) == ("noah", "created")


def test_others_are_not_asked_to_approve_what_is_only_imported(importing):
    """The guard against mass removal weighs accounts that are managed."""
    company = importing.company
    for number in range(15):
        company.target.add_user(f"p{number}", f"p{number}@example.com")
    importing.read()
    importing.take_in()
    company.work()
    assert directory_now.removals_now(company.integration) == (0, 1)
    assert queries.health(company.integration).held == 0
    assert not Job.objects.exclude(state="done").exists()
