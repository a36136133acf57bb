"""The seeds' sentences about people, one test each."""

import datetime as dt

import pytest
import time_machine
from django.utils import timezone

from apps.applications.actions import (
    assign_group,
    deactivate_application,
    remove_application,
    remove_assignment,
)
from apps.directory import actions as directory
from apps.directory.models import User
from apps.events.models import Event
from apps.provisioning import engine, jobs, running
from apps.provisioning.models import Job, RemoteUser
from tests.provisioning.conftest import later

pytestmark = pytest.mark.django_db


def test_whoever_is_in_no_bound_group_gets_no_account(staffed):
    company = staffed()
    company.person("noah")
    company.group("Sales", company.person("olga"), bound=False)
    company.work()
    assert company.target.active_names() == {"mia"}


def test_joining_a_bound_group_creates_the_account(staffed):
    company = staffed()
    noah = company.person("noah", job_title="Engineer")
    directory.add_member(company.engineering, noah, actor=company.actor)
    company.work()
    there = company.target.named("noah")
    assert there["emails"] == [{"type": "work", "value": "noah@example.com", "primary": True}]
    assert there["name"] == {"formatted": "Noah Example", "givenName": "Noah", "familyName": "Example"}
    assert there["title"] == "Engineer"
    assert company.remote(noah).remote_id == there["id"]


def test_leaving_the_last_bound_group_deactivates(staffed):
    company = staffed()
    directory.remove_member(company.engineering, company.mia, actor=company.actor)
    company.work()
    assert company.target.active_names() == set()
    assert company.target.wrote() == [("PATCH", f"/scim/v2/Users/{company.remote(company.mia).remote_id}")]
    assert Event.objects.filter(type="user_deprovision", success=True, target_name="Mia Example").count() == 1


def test_another_bound_group_keeps_the_account(staffed):
    company = staffed()
    company.group("Everybody", company.mia)
    directory.remove_member(company.engineering, company.mia, actor=company.actor)
    company.work()
    assert company.target.active_names() == {"mia"}
    assert company.target.wrote() == []


def test_a_suspended_person_is_deactivated_and_comes_back(staffed):
    company = staffed()
    directory.deactivate_user(company.mia, actor=company.actor)
    company.work()
    assert company.target.active_names() == set()
    directory.reactivate_user(company.mia, actor=company.actor)
    company.work()
    assert company.target.active_names() == {"mia"}
    assert len(company.target.users) == 1


def test_a_password_that_expires_deactivates_by_itself_and_a_new_one_reactivates(staffed):
    company = staffed()
    User.objects.filter(pk=company.mia.pk).update(password_expires_at=timezone.now() + dt.timedelta(days=3))
    running.synchronize(company.integration, actor=company.actor)
    company.work()
    with later(days=2):
        company.work()
        assert company.target.active_names() == {"mia"}
    with later(days=4):  # nobody does anything: the time alone is enough
        assert [str(company.integration.pk)] == [integration for _, integration in jobs.integrations_due()]
        company.work()
        assert company.target.active_names() == set()
    directory.set_password(company.mia, "correct horse battery", actor=company.actor)
    company.work()
    assert company.target.active_names() == {"mia"}


def test_a_deleted_person_is_deactivated_and_still_named(staffed):
    company = staffed()
    directory.remove_user(company.mia, actor=company.actor)
    company.work()
    assert company.target.active_names() == set()
    assert RemoteUser.objects.get().name == "Mia Example"
    assert Event.objects.filter(type="user_deprovision", target_name="Mia Example").exists()


def test_deleting_the_group_deactivates_its_members_unless_another_covers_them(staffed):
    company = staffed()
    noah = company.person("noah")
    company.group("Everybody", noah)
    directory.add_member(company.engineering, noah, actor=company.actor)
    company.work()
    directory.remove_group(company.engineering, actor=company.actor)
    company.work()
    assert company.target.active_names() == {"noah"}


def test_unbinding_the_group_deactivates_its_members(staffed):
    company = staffed()
    remove_assignment(company.application, company.engineering, actor=company.actor)
    company.work()
    assert company.target.active_names() == set()
    assign_group(company.application, company.engineering, actor=company.actor)
    company.work()
    assert company.target.active_names() == {"mia"}


def test_deactivating_single_sign_on_leaves_the_accounts(staffed):
    company = staffed()
    deactivate_application(company.application, actor=company.actor)
    company.work()
    assert company.target.active_names() == {"mia"}


def test_deleting_the_application_leaves_the_accounts(staffed):
    company = staffed()
    directory.update_user(company.mia, actor=company.actor, job_title="Lead")
    directory.deactivate_user(company.mia, actor=company.actor)  # owed, and owed no more with the application
    integration = company.integration.pk
    remove_application(company.application, actor=company.actor)
    company.relay()
    engine.work(integration)  # a ring that was under way
    assert company.target.journal == []
    assert company.target.active_names() == {"mia"}
    assert not Job.objects.exists()


def test_a_changed_name_is_sent_alone(staffed):
    company = staffed()
    directory.update_user(company.mia, actor=company.actor, last_name="Muster", job_title="Lead")
    company.work()
    (asked,) = [asked for asked in company.target.journal if asked.method == "PATCH"]
    assert {each["path"]: each["value"] for each in asked.body["Operations"]} == {
        "name.familyName": "Muster",
        "name.formatted": "Mia Muster",
        "displayName": "Mia Muster",
        "title": "Lead",
    }
    assert company.target.named("mia")["title"] == "Lead"


def test_a_value_that_is_gone_here_is_removed_there(staffed):
    company = staffed()
    directory.update_user(company.mia, actor=company.actor, work_phone="+44 20 7946 0000", job_title="Lead")
    company.work()
    assert company.target.named("mia")["phoneNumbers"] == [{"type": "work", "value": "+44 20 7946 0000"}]
    directory.update_user(company.mia, actor=company.actor, work_phone="", job_title="")
    company.work()
    assert company.target.named("mia")["phoneNumbers"] == []
    assert "title" not in company.target.named("mia")


def test_five_changes_are_one_request(staffed):
    company = staffed()
    for title in ("A", "B", "C", "D", "E"):
        directory.update_user(company.mia, actor=company.actor, job_title=title)
    company.work()
    assert len(company.target.wrote()) == 1
    assert company.target.named("mia")["title"] == "E"


def test_a_person_who_joined_and_left_before_the_worker_came_is_never_mentioned(staffed):
    company = staffed()
    noah = company.person("noah")
    directory.add_member(company.engineering, noah, actor=company.actor)
    directory.remove_member(company.engineering, noah, actor=company.actor)
    company.work()
    assert company.target.journal == []


def test_with_keep_nobody_is_deactivated(staffed):
    company = staffed(deprovisioning="keep")
    directory.remove_member(company.engineering, company.mia, actor=company.actor)
    company.work()
    assert company.target.active_names() == {"mia"}


def test_with_delete_the_account_goes_after_its_days(staffed):
    company = staffed(deprovisioning="delete", delete_after_days=3)
    directory.remove_user(company.mia, actor=company.actor)
    company.work()
    assert company.target.active_names() == set()
    assert len(company.target.users) == 1
    with time_machine.travel(timezone.now() + dt.timedelta(days=2)):
        company.work()
        assert len(company.target.users) == 1
    with time_machine.travel(timezone.now() + dt.timedelta(days=3, minutes=1)):
        company.work()
    assert company.target.users == {}
    assert not RemoteUser.objects.exists()
    assert Event.objects.filter(type="user_delete_provision", success=True).count() == 1


def test_coming_back_before_the_days_are_over_keeps_the_account(staffed):
    company = staffed(deprovisioning="delete", delete_after_days=3)
    directory.remove_member(company.engineering, company.mia, actor=company.actor)
    company.work()
    directory.add_member(company.engineering, company.mia, actor=company.actor)
    company.work()
    with time_machine.travel(timezone.now() + dt.timedelta(days=4)):
        company.work()
    assert company.target.active_names() == {"mia"}


def test_somebody_deleted_who_returns_takes_up_the_old_account(staffed):
    company = staffed()
    directory.remove_user(company.mia, actor=company.actor)
    company.work()
    again = company.person("mia")
    directory.add_member(company.engineering, again, actor=company.actor)
    company.work()
    assert company.target.active_names() == {"mia"}
    assert len(company.target.users) == 1
    assert RemoteUser.objects.get().user_id == again.pk
