"""Documents and operations of the catalogue's connectors, as their makers describe them."""

from dataclasses import fields

import pytest

from apps.applications.catalog import CATALOG, ScimDialect
from apps.directory import actions as directory
from apps.provisioning import documents
from apps.provisioning.imports import tasks as imports
from apps.provisioning.models import JobState
from tests.fakes.scim_target import Fault
from tests.provisioning.imports import Importing

pytestmark = pytest.mark.django_db

USER = "urn:ietf:params:scim:schemas:core:2.0:User"


@pytest.fixture
def mia(company):
    return company.person(
        "mia", display_name="Mia E.", job_title="Engineer", work_phone="+44 1", timezone="Europe/London"
    )


def created(connector, person):
    dialect = CATALOG[connector].scim
    return documents.user_document(documents.values_of(person, dialect.attributes), dialect)


def test_gitlab_is_told_the_e_mail_in_every_place_it_matches_on(mia):
    assert created("gitlab_saas", mia) == {
        "schemas": [USER],
        "id": "mia@example.com",
        "externalId": "mia@example.com",
        "userName": "mia@example.com",
        "name": {"formatted": "Mia Example", "givenName": "Mia", "familyName": "Example"},
        "emails": [{"type": "work", "primary": True, "value": "mia@example.com"}],
    }


def test_gitlab_self_managed_is_told_the_same(mia):
    assert created("gitlab_self_managed", mia) == created("gitlab_saas", mia)


def test_pulumi_is_told_its_six_attributes_and_nothing_else(mia):
    assert created("pulumi", mia) == {
        "schemas": [USER],
        "userName": "mia",
        "displayName": "Mia E.",
        "name": {"givenName": "Mia", "familyName": "Example"},
        "emails": [{"type": "work", "primary": True, "value": "mia@example.com"}],
        "active": True,
    }


def test_blogin_is_told_its_whole_table(mia):
    assert created("blogin", mia) == {
        "schemas": [USER],
        "userName": "mia",
        "displayName": "Mia E.",
        "name": {"givenName": "Mia", "familyName": "Example", "formatted": "Mia Example"},
        "emails": [{"type": "work", "primary": True, "value": "mia@example.com"}],
        "phoneNumbers": [{"type": "work", "value": "+44 1"}],
        "title": "Engineer",
        "timezone": "Europe/London",
        "active": True,
    }


# What each maker's pages say beside the tables above, written down once more; everything else is as in RFC 7643 and 7644.
GITLAB = {
    "required": ('emails[type eq "work"].value', "userName", "name.formatted", "externalId"),
    "match_attribute": "externalId",
    "updates_users": False,
    "patch_op_case": "Capital",
    "active_as_string": True,
    "page_limit": 20,
}
NAME_AND_MAIL = ("userName", 'emails[type eq "work"].value')
DEVIATIONS = {
    "gitlab_saas": GITLAB,
    "gitlab_self_managed": GITLAB
    | {
        "supports_groups": True,
        "group_patch_replaces": False,
        "group_external_id": False,
        "group_members_on_create": False,
        "member_removal": "listed",
    },
    "pulumi": {
        "required": NAME_AND_MAIL,
        "renames_users": False,
        "supports_groups": True,
        "group_external_id": False,
        "leaves_groups_first": True,
    },
    "blogin": {"required": NAME_AND_MAIL, "syncs_passwords": True, "supports_groups": True},
    "custom_saml": {
        "more_attributes": True,
        "deletes_users": True,
        "publishes_config": True,
        "supports_groups": True,
    },
}
WRITTEN_ABOVE = {"base_url", "attributes", "deactivated"}


@pytest.mark.parametrize("key", [key for key, connector in CATALOG.items() if connector.scim])
def test_a_dialect_differs_from_the_rfc_in_this_and_nothing_else(key):
    """Groups are managed nowhere before an administrator says so, 409 alone means "is there already", and a page holds 100 at most."""
    told, default = CATALOG[key].scim, ScimDialect()
    names = {each.name for each in fields(ScimDialect)} - WRITTEN_ABOVE
    found = {name: getattr(told, name) for name in names if getattr(told, name) != getattr(default, name)}
    assert found == DEVIATIONS[key]
    assert (told.groups_by_default, told.exists_statuses, default.page_limit) == (False, (409,), 100)


@pytest.mark.parametrize(("connector", "parameters", "count"), [
    ("gitlab_saas", {"group_path": "acme"}, 20),
    ("gitlab_self_managed", {"host": "gitlab.example.com"}, 20),
    ("pulumi", {"organization": "acme"}, 100),
    ("blogin", {"subdomain": "acme"}, 100),
])  # fmt: skip
def test_nobody_is_asked_for_a_larger_page_than_they_answer(
    staffed, monkeypatch, connector, parameters, count
):
    monkeypatch.setattr(imports, "ring", lambda *ids: None)
    company = staffed(connector, parameters)
    reading = Importing(company)
    reading.read()
    asked = [each.path.partition("?")[2] for each in company.target.journal]
    assert asked[0] == f"startIndex=1&count={count}"
    assert reading.run.state == "ready"


def test_whoever_has_no_name_but_their_user_name_is_called_by_it(company):
    nobody = company.person("x1", first_name="", last_name="")
    assert created("gitlab_saas", nobody)["name"] == {"formatted": "x1"}
    assert created("pulumi", nobody)["displayName"] == "x1"


def test_gitlab_deactivates_with_a_capital_operation_a_path_and_a_string():
    dialect = CATALOG["gitlab_saas"].scim
    assert documents.user_operations({}, {}, dialect, active=False) == [
        {"op": "Replace", "path": "active", "value": "False"}
    ]


def test_pulumi_deactivates_with_a_boolean():
    dialect = CATALOG["pulumi"].scim
    assert documents.user_operations({}, {}, dialect, active=False) == [
        {"op": "replace", "path": "active", "value": False}
    ]


def test_a_new_phone_number_is_added_and_a_known_one_replaced_by_its_filter():
    dialect = CATALOG["blogin"].scim
    path = 'phoneNumbers[type eq "work"].value'
    assert documents.user_operations({path: "+44 2"}, {}, dialect) == [
        {"op": "add", "path": "phoneNumbers", "value": [{"type": "work", "value": "+44 2"}]}
    ]
    assert documents.user_operations({path: "+44 2"}, {path: "+44 1"}, dialect) == [
        {"op": "replace", "path": path, "value": "+44 2"}
    ]
    assert documents.user_operations({path: None}, {path: "+44 1"}, dialect) == [
        {"op": "remove", "path": 'phoneNumbers[type eq "work"]'}
    ]


def test_gitlab_self_managed_groups_know_only_add_and_remove_with_lists():
    dialect = CATALOG["gitlab_self_managed"].scim
    assert documents.member_operations({"a"}, {"b"}, dialect) == [
        {"op": "Remove", "path": "members", "value": [{"value": "b"}]},
        {"op": "Add", "path": "members", "value": [{"value": "a"}]},
    ]
    assert documents.group_document("Engineering", {"a"}, dialect, external_id="x") == {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "displayName": "Engineering",
    }


def test_pulumi_groups_have_no_external_id_and_lose_members_by_filter():
    dialect = CATALOG["pulumi"].scim
    assert "externalId" not in documents.group_document("Engineering", {"a"}, dialect, external_id="x")
    assert documents.member_operations({"a"}, {"b"}, dialect) == [
        {"op": "remove", "path": 'members[value eq "b"]'},
        {"op": "add", "path": "members", "value": [{"value": "a"}]},
    ]


@pytest.mark.parametrize(
    "connector", [connector for connector in CATALOG.values() if connector.scim], ids=lambda one: one.key
)
def test_what_is_sent_reads_back_as_what_was_wanted(connector, mia):
    values = documents.values_of(mia, connector.scim.attributes)
    sent = documents.user_document(values, connector.scim)
    assert documents.values_in(sent, connector.scim.attributes) == values


def test_gitlabs_flat_answer_is_read():
    answer = {
        "id": "mia@example.com", "active": True, "name.formatted": "Mia Example", "userName": "mia",
        "emails": [{"type": "work", "value": "mia@example.com", "primary": True}],
    }  # fmt: skip
    assert documents.values_in(answer, CATALOG["gitlab_saas"].scim.attributes) == {
        "id": "mia@example.com",
        "userName": "mia",
        "name.formatted": "Mia Example",
        'emails[type eq "work"].value': "mia@example.com",
    }


# --- whole conversations


@pytest.fixture
def gitlab(staffed):
    return staffed("gitlab_saas", {"group_path": "acme"})


def answer_as_gitlab(company):
    """id = externalId, chosen by us."""
    keep = company.target._keep

    def with_their_id(into, prefix, resource):
        there = keep(into, prefix, resource)
        if resource.get("externalId"):
            del into[there["id"]]
            there["id"] = resource["externalId"]
            into[there["id"]] = there
        return there

    company.target._keep = with_their_id


def test_gitlabs_ids_are_percent_encoded(company):
    answer_as_gitlab(company)
    company.application_of("gitlab_saas", group_path="acme")
    noah = company.person("noah", email="a/b+c@example.com")
    group = company.group("Engineering", noah)
    company.activate()
    company.work()
    directory.remove_member(group, noah, actor=company.actor)
    company.work()
    assert company.target.wrote()[-1] == ("PATCH", "/scim/v2/Users/a%2Fb%2Bc%40example.com")
    assert company.target.users["a/b+c@example.com"]["active"] is False


def test_gitlab_is_never_sent_an_update(gitlab):
    directory.update_user(gitlab.mia, actor=gitlab.actor, last_name="Muster")
    gitlab.work()
    assert gitlab.target.journal == []
    assert gitlab.job(gitlab.mia).state == JobState.DONE


def test_gitlab_finds_people_by_external_id(gitlab):
    noah = gitlab.person("noah")
    directory.add_member(gitlab.engineering, noah, actor=gitlab.actor)
    gitlab.work()
    assert "externalId%20eq%20%22noah%40example.com%22" in gitlab.target.journal[0].path


def test_created_again_by_gitlab_counts_as_linked_to_one_account(gitlab):
    """201 for an externalId that it already has; its look-up did not show it."""
    answer_as_gitlab(gitlab)
    there = gitlab.target.add_user("noah", "noah@example.com", externalId="noah@example.com")
    again = {**there, "name.formatted": "Noah Example"}
    import json

    gitlab.target.faults = [
        Fault(200, {}, b'{"totalResults": 0, "Resources": []}', method="GET"),
        Fault(201, {}, json.dumps(again).encode(), method="POST"),
    ]
    noah = gitlab.person("noah")
    directory.add_member(gitlab.engineering, noah, actor=gitlab.actor)
    gitlab.work()
    assert gitlab.remote(noah).remote_id == "noah@example.com"
    assert gitlab.job(noah).state == JobState.DONE


def test_a_412_of_gitlab_parks_with_its_words(gitlab):
    import json

    words = "The member's email address is not allowed for this group. Check with your administrator."
    gitlab.target.faults = [
        Fault(412, {}, json.dumps({"detail": words, "status": 412}).encode(), method="POST")
    ]
    noah = gitlab.person("noah")
    directory.add_member(gitlab.engineering, noah, actor=gitlab.actor)
    gitlab.work()
    job = gitlab.job(noah)
    assert (job.state, job.last_status, job.last_error) == (JobState.PARKED, 412, words)


def test_somebody_with_a_changed_e_mail_keeps_their_gitlab_account(gitlab):
    """The id is the old e-mail; who has it now may not take the account over."""
    answer_as_gitlab(gitlab)
    old = gitlab.person("noah")
    directory.add_member(gitlab.engineering, old, actor=gitlab.actor)
    gitlab.work()
    directory.update_user(old, actor=gitlab.actor, email="married@example.com")
    new = gitlab.person("other", email="noah@example.com")
    directory.add_member(gitlab.engineering, new, actor=gitlab.actor)
    gitlab.work()
    assert gitlab.job(new).state == JobState.PARKED
    assert "belongs to" in gitlab.job(new).last_error
    directory.remove_member(gitlab.engineering, old, actor=gitlab.actor)
    gitlab.work()
    assert gitlab.target.users["noah@example.com"]["active"] is False


def test_in_pulumi_a_person_leaves_their_teams_before_they_are_deactivated(staffed):
    company = staffed("pulumi", {"organization": "acme"}, manage_groups=True)
    noah = company.person("noah")
    directory.add_member(company.engineering, noah, actor=company.actor)
    company.work()
    company.target.journal.clear()
    directory.deactivate_user(noah, actor=company.actor)
    company.work()
    assert [path.split("/")[3] for _, path in company.target.wrote()] == ["Groups", "Users"]


def test_elsewhere_the_account_goes_first(staffed):
    company = staffed(manage_groups=True)
    noah = company.person("noah")
    directory.add_member(company.engineering, noah, actor=company.actor)
    company.work()
    company.target.journal.clear()
    directory.deactivate_user(noah, actor=company.actor)
    company.work()
    assert [path.split("/")[3] for _, path in company.target.wrote()] == ["Users", "Groups"]


def test_gitlab_self_managed_groups_get_their_members_after_they_are_made(staffed):
    company = staffed("gitlab_self_managed", {"host": "gitlab.example.com"}, manage_groups=True)
    assert [(asked.method, asked.path.split("/")[3]) for asked in company.target.journal] == []
    (group,) = company.target.groups.values()
    assert [row["value"] for row in group["members"]] == [company.remote(company.mia).remote_id]


def test_a_group_taken_over_in_gitlab_self_managed_is_read_before_it_is_changed(staffed):
    company = staffed("gitlab_self_managed", {"host": "gitlab.example.com"}, manage_groups=True)
    company.target.add_group("Sales", "stranger")
    company.group("Sales", company.mia)
    company.work()
    (patch,) = [asked for asked in company.target.journal if asked.method == "PATCH"]
    assert [operation["op"] for operation in patch.body["Operations"]] == ["Remove", "Add"]


def test_a_renamed_group_in_gitlab_self_managed_is_put(staffed):
    company = staffed("gitlab_self_managed", {"host": "gitlab.example.com"}, manage_groups=True)
    directory.update_group(company.engineering, actor=company.actor, name="Platform")
    company.work()
    (method, _) = company.target.wrote()[0]
    assert method == "PUT"
    assert company.target.members_of("Platform")
