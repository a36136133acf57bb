"""The connector's table of attributes, and what an administrator makes of it: validated, planned, guarded, sent."""

import pytest
from django.db.models import Value

from apps.applications.catalog import CATALOG
from apps.directory import actions as directory
from apps.directory.models import User
from apps.events.models import Event
from apps.provisioning import documents, mapping
from apps.provisioning.errors import IntegrationInvalid
from apps.provisioning.identities import EMAIL, account_expressions, attributes_of, planned
from apps.provisioning.mapping import MappingRow
from apps.provisioning.mapping_changes import (
    change_mapping,
    connectors_table,
    proposed,
    table_of,
    values_for,
)
from apps.provisioning.models import Job, JobState, RemoteUser
from apps.provisioning.preview import preview
from tests.provisioning.conftest import joins

pytestmark = pytest.mark.django_db

DEPARTMENT = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"


def changed(integration, *rows, without=()):
    """The table as it is, with `rows` in the place of those of the same path, or added."""
    told = {row.scim: row for row in table_of(integration)} | {row.scim: row for row in rows}
    return [row for path, row in told.items() if path not in without]


def change(company, *rows, without=(), **options):
    rows = changed(company.integration, *rows, without=without)
    return change_mapping(company.integration, rows, actor=company.actor, **options)


def refusal(company, *rows, without=(), **options):
    before = company.integration.mapping
    with pytest.raises(IntegrationInvalid) as refused:
        change(company, *rows, without=without, **options)
    assert company.integration.mapping == before
    return refused.value.fields


# --- what it is


@pytest.mark.parametrize("key", [key for key, each in CATALOG.items() if each.scim])
def test_every_connectors_own_table_may_be_saved_and_is_no_difference(key):
    scim = CATALOG[key].scim
    rows = mapping.mapping_rows(scim, {})
    assert mapping.checked(scim, rows) == {}
    assert mapping.effective(scim, {}) is scim
    assert [(row.scim, row.source, row.application_value) for row in rows] == [
        (row.scim, row.source, row.application_value) for row in scim.attributes
    ]


def test_only_differences_are_kept_so_that_the_rest_follows_the_connector():
    scim = CATALOG["custom_saml"].scim
    rows = [row for row in mapping.mapping_rows(scim, {}) if row.scim != "timezone"]
    rows = [MappingRow("title", "display_name") if row.scim == "title" else row for row in rows]
    found = mapping.checked(scim, [*rows, MappingRow("userType", constant="Employee")])
    assert found == {
        "title": {"source": "display_name"},
        "timezone": {"enabled": False},
        "userType": {"constant": "Employee"},
    }
    told = {row.scim: (row.source, row.constant) for row in mapping.effective(scim, found).attributes}
    assert told["title"] == ("display_name", "")
    assert told["userType"] == ("", "Employee")
    assert "timezone" not in told


def test_a_changed_mapping_shows_in_the_plan_before_it_acts_and_the_worker_does_just_that(staffed):
    company = staffed()
    directory.update_user(company.mia, actor=company.actor, job_title="Engineer")
    company.work()
    company.target.journal.clear()
    rows = changed(
        company.integration,
        MappingRow("title", "username"),
        MappingRow("nickName", "first_name"),
        MappingRow(DEPARTMENT, constant="Research"),
    )
    (shown,) = preview(proposed(company.integration, rows)).rows
    assert company.target.journal == []
    assert company.integration.mapping == {}
    change_mapping(company.integration, rows, actor=company.actor)
    company.work()
    (patch,) = [asked.body["Operations"] for asked in company.target.journal if asked.method == "PATCH"]
    assert patch == shown.document
    assert {"op": "replace", "path": "title", "value": "mia"} in patch
    assert {"op": "replace", "path": DEPARTMENT, "value": "Research"} in patch
    assert preview(company.integration).is_empty


def test_new_accounts_are_made_with_it(staffed):
    company = staffed()
    change(company, MappingRow(DEPARTMENT, constant="Research"), MappingRow("title", "username"))
    joins(company, "noah")
    company.work()
    made = company.target.named("noah")
    urn = DEPARTMENT.rpartition(":")[0]
    assert made["title"] == "noah"
    assert made[urn] == {"department": "Research"}
    assert made["schemas"] == ["urn:ietf:params:scim:schemas:core:2.0:User", urn]
    assert documents.values_in(made, company.integration.dialect.attributes)[DEPARTMENT] == "Research"


def test_what_is_switched_off_is_not_sent_and_not_erased(staffed):
    company = staffed()
    directory.update_user(company.mia, actor=company.actor, job_title="Engineer")
    company.work()
    company.target.journal.clear()
    change(company, without=["title"])
    company.work()
    directory.update_user(company.mia, actor=company.actor, job_title="Lead")
    company.work()
    assert company.target.wrote() == []
    assert company.target.named("mia")["title"] == "Engineer"
    change(company, MappingRow("title", "job_title"))  # negative control: told again
    company.work()
    assert company.target.named("mia")["title"] == "Lead"


def test_a_value_that_is_empty_now_is_still_removed(staffed):
    company = staffed()
    directory.update_user(company.mia, actor=company.actor, job_title="Engineer", timezone="Europe/London")
    company.work()
    change(company, MappingRow("title", "work_phone"))
    company.work()
    assert "title" not in company.target.named("mia")
    assert company.target.named("mia")["timezone"] == "Europe/London"


def test_the_change_is_an_event_that_names_each_row_and_the_same_again_is_none(staffed):
    company = staffed()
    change(company, MappingRow("title", "username"), MappingRow("userType", constant="Employee"))
    event = Event.objects.filter(type="idm_integration_update").order_by("-created_at").first()
    assert event.changes == [
        {"field": "title", "from": "job_title", "to": "username"},
        {"field": "userType", "from": None, "to": '"Employee"'},
    ]
    count = Event.objects.count()
    change(company)
    assert Event.objects.count() == count
    change(company, without=["userType"])
    event = Event.objects.filter(type="idm_integration_update").order_by("-created_at").first()
    assert event.changes == [{"field": "userType", "from": '"Employee"', "to": ""}]


# --- breaking it


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (MappingRow("userName", enabled=False), "has to be sent"),
        (MappingRow("userName", ""), "choose a directory attribute"),
        (MappingRow("userName", "work_phone"), "no two people"),
        (MappingRow("userName", "full_name"), "no two people"),
        (MappingRow("userName", constant="everybody"), "no two people"),
        (MappingRow("externalId", constant="everybody"), "no two people"),
        (MappingRow("active", constant="true"), "cannot be mapped"),
        (MappingRow("active", "active", enabled=False), "cannot be mapped"),
        (MappingRow("title", "shoe_size"), "no such directory attribute"),
        (MappingRow("title", "password"), "no such directory attribute"),
        (MappingRow("title", "job_title", constant="x"), "or enter a constant"),
        (MappingRow("title", constant="a\x0bb"), "control characters"),
        (MappingRow("title", constant="a\u202eb"), "invisible"),
        (MappingRow("title", constant="x" * 257), "at most 256"),
        (MappingRow("Title", "job_title"), "twice"),
        (MappingRow("name.Formatted", "full_name"), "twice"),
        (MappingRow("Name.middleName", "full_name"), "Spell"),
        (MappingRow("title.short", "job_title"), "cannot both"),
        (MappingRow("password", "username"), "cannot be mapped"),
        (MappingRow("id", "username"), "cannot be mapped"),
        (MappingRow("groups", "username"), "cannot be mapped"),
        (MappingRow("emails", "email"), "several values"),
        (MappingRow("emails.value", "email"), "several values"),
        (MappingRow('title[type eq "work"].value', "email"), "no types"),
        (MappingRow("name", "full_name"), "has parts"),
        (MappingRow("a b", "email"), "not a path"),
        (MappingRow('emails[type eq "work" or value pr].value', "email"), "not a path"),
        (MappingRow("nick\x00Name", "email"), "not a path"),
        (MappingRow("nick\u202eName", "email"), "not a path"),
        (MappingRow("x" * 201, "email"), "at most 200"),
    ],
)  # fmt: skip
def test_a_mapping_that_cannot_be_is_refused_in_words(staffed, row, words):
    company = staffed()
    fields = refusal(company, row, renaming=True)
    assert set(fields) == {"attributes"}
    assert words in " ".join(fields["attributes"])


@pytest.mark.parametrize("key", [key for key, each in CATALOG.items() if each.scim])
def test_what_an_account_needs_can_be_neither_left_out_nor_come_from_an_empty_field(key):
    scim = CATALOG[key].scim
    table = mapping.mapping_rows(scim, {})
    assert "userName" in scim.required
    assert scim.match_attribute in scim.required
    for path in scim.required:
        with pytest.raises(IntegrationInvalid):
            mapping.checked(scim, [row for row in table if row.scim != path])
        with pytest.raises(IntegrationInvalid):
            mapping.checked(
                scim, [MappingRow(path, "job_title") if row.scim == path else row for row in table]
            )


@pytest.mark.parametrize("key", ["gitlab_saas", "gitlab_self_managed", "pulumi", "blogin"])
def test_whoever_takes_no_other_attributes_is_sent_none(key):
    """Pulumi answers 400 invalidPath to anything outside its six."""
    scim = CATALOG[key].scim
    rows = [*mapping.mapping_rows(scim, {}), MappingRow("nickName", "username")]
    with pytest.raises(IntegrationInvalid) as refused:
        mapping.checked(scim, rows)
    assert "not among the attributes" in refused.value.fields["attributes"][0]


def test_other_names_for_accounts_that_are_there_have_to_be_meant(staffed):
    company = staffed()
    fields = refusal(company, MappingRow("userName", "email"))
    assert "1 account" in fields["renaming"][0]
    company.work()
    assert company.target.wrote() == []
    change(company, MappingRow("userName", "email"), renaming=True)
    company.work()
    assert company.target.active_names() == {"mia@example.com"}
    assert RemoteUser.objects.get().sent["userName"] == "mia@example.com"


def test_pulumi_refuses_other_user_names_so_they_are_not_tried(staffed):
    company = staffed("pulumi", {"organization": "acme"})
    fields = refusal(company, MappingRow("userName", "email"), renaming=True)
    assert "refuses another username" in fields["attributes"][0]
    RemoteUser.objects.all().delete()  # negative control: before there are accounts it may be chosen
    change(company, MappingRow("userName", "email"))


def test_gitlabs_id_is_always_its_external_id(staffed):
    company = staffed("gitlab_saas", {"group_path": "acme"})
    change(company, MappingRow("externalId", "username"))
    joins(company, "noah")
    company.work()
    posted = [asked.body for asked in company.target.journal if asked.method == "POST"]
    assert (posted[0]["externalId"], posted[0]["userName"]) == ("noah", "noah@example.com")
    assert {row.scim: row.source for row in table_of(company.integration)}["id"] == "username"
    assert company.remote(company.mia).sent["externalId"] == "mia@example.com", "GitLab updates nobody"


def test_no_change_of_a_mapping_takes_an_account_away(staffed):
    """R8: break a mapping. Whatever is saved, nobody is deactivated and nobody's account is forgotten."""
    company = staffed()
    joins(company, *[f"p{number}" for number in range(14)])
    company.work()
    company.target.journal.clear()
    change(
        company,
        MappingRow("userName", "email"),
        MappingRow("displayName", "work_phone"),
        without=["title", "timezone", "name.formatted", "name.givenName", "name.familyName", EMAIL],
        renaming=True,
    )
    found = preview(company.integration)
    assert found.user_counts == {"update": 15}
    company.work()
    assert len(company.target.active_names()) == 15
    assert {asked.method for asked in company.target.journal} == {"PATCH"}
    assert set(Job.objects.values_list("state", flat=True)) == {JobState.DONE}


# --- who else reads it


def test_identity_match_reads_the_mapping_too(company):
    company.application_of()
    mia = company.person("mia")
    integration = company.activate()
    rows = changed(
        integration, MappingRow("userName", "email"), MappingRow("externalId", "username"), without=[EMAIL]
    )
    change_mapping(integration, rows, actor=company.actor)
    company.application.refresh_from_db()
    application = company.integration.application
    found = User.objects.annotate(**account_expressions(application)).get(pk=mia.pk)
    assert (found.user_name, found.external_id, found.account_email) == ("mia@example.com", "mia", "")
    change_mapping(
        company.integration,
        changed(company.integration, MappingRow("userType", constant="Employee")),
        actor=company.actor,
    )
    attributes = attributes_of(company.integration.application)
    row = User.objects.annotate(kind=planned(attributes, "userType"), one=Value(1)).get(pk=mia.pk)
    assert row.kind == "Employee"


def test_the_values_of_anybody_stand_beside_the_rows(staffed):
    company = staffed()
    noah = company.person("noah", job_title="Writer")
    change(company, MappingRow("userType", constant="Employee"))
    rows = table_of(company.integration)
    told = dict(zip([row.scim for row in rows], values_for(noah, company.application, rows), strict=True))
    assert told["title"] == "Writer"
    assert told["userType"] == "Employee"
    assert told["name.formatted"] == "Noah Example"
    assert told["active"] == "false", "in no bound group"
    assert (
        values_for(company.mia, company.application, rows)[[row.scim for row in rows].index("active")]
        == "true"
    )
    assert len(connectors_table(company.application)) == len(rows) - 1
