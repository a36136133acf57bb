import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.applications.actions import remove_assignment
from apps.directory import actions as directory
from apps.provisioning import queries, running
from apps.provisioning.models import Integration, JobState, RemoteUser
from apps.provisioning.preview import preview
from tests.provisioning.conftest import joins
from tests.queries import statements

pytestmark = pytest.mark.django_db


def rows(integration):
    return {(row.kind, row.name): (row.operation, row.document) for row in preview(integration).rows}


def test_a_preview_sends_nothing_and_changes_nothing(staffed):
    company = staffed()
    directory.update_user(company.mia, actor=company.actor, job_title="Lead")
    preview(company.integration)
    assert company.target.journal == []
    assert company.job(company.mia).desired_version == company.job(company.mia).done_version


def test_it_shows_each_person_with_what_would_be_sent(staffed):
    company = staffed()
    noah, olga = company.person("noah"), company.person("olga")
    directory.add_members(company.engineering, [noah, olga], actor=company.actor)
    company.work()
    directory.update_user(company.mia, actor=company.actor, job_title="Lead")
    directory.deactivate_user(noah, actor=company.actor)
    pia = company.person("pia")
    directory.add_member(company.engineering, pia, actor=company.actor)
    shown = preview(company.integration)
    assert shown.user_counts == {"update": 1, "deactivate": 1, "create": 1, "nothing": 1}
    told = rows(company.integration)
    assert told["user", "Mia Example"] == ("update", [{"op": "replace", "path": "title", "value": "Lead"}])
    assert told["user", "Noah Example"] == (
        "deactivate",
        [{"op": "replace", "path": "active", "value": False}],
    )
    assert told["user", "Pia Example"][1]["userName"] == "pia"


def test_the_worker_then_does_exactly_that(staffed):
    company = staffed(manage_groups=True)
    directory.update_user(company.mia, actor=company.actor, job_title="Lead")
    directory.update_group(company.engineering, actor=company.actor, name="Platform")
    shown = [row.document for row in preview(company.integration).rows]
    company.work()
    sent = [asked.body["Operations"] for asked in company.target.journal if asked.method == "PATCH"]
    assert sent == shown
    assert preview(company.integration).is_empty


def test_a_conflict_and_what_is_not_ours_are_counted_apart(staffed):
    company = staffed(manage_groups=True)
    company.target.add_user("noah", "somebody@example.com")
    joins(company, "noah", "olga")
    imported, left = company.person("pia"), company.group("Sales", company.mia)
    RemoteUser.objects.create(
        integration=company.integration, user=imported, name="Pia", remote_id="77", managed=False
    )
    company.work()
    remove_assignment(company.application, left, actor=company.actor)
    company.work()
    directory.update_user(company.mia, actor=company.actor, job_title="Lead")
    shown = preview(company.integration)
    assert shown.user_counts == {"conflict": 1, "nothing": 1, "not_ours": 1, "update": 1}
    assert shown.group_counts == {"nothing": 1, "not_ours": 1}
    assert sorted(row.operation for row in shown.rows) == ["conflict", "update"]
    assert rows(company.integration)["user", "Noah Example"][1]["userName"] == "noah"


def test_nobody_is_promised_to_a_group_whose_account_is_a_conflict(staffed):
    """Synchronised as it was shown, and shown again: nothing but the conflict is left."""
    company = staffed(manage_groups=True)
    company.target.add_user("noah", "somebody@example.com")
    joins(company, "noah", "olga")
    assert rows(company.integration)["group", "Engineering"][0] == "change_members"
    company.work()
    assert company.target.members_of("Engineering") == {"mia", "olga"}
    for _ in range(2):
        assert [row.operation for row in preview(company.integration).rows] == ["conflict"]
        running.synchronize(company.integration, actor=company.actor)
        company.target.journal.clear()
        company.work()
        assert company.target.wrote() == []


def test_groups_show_whoever_will_be_in_them(staffed):
    company = staffed(manage_groups=True)
    company.group("Sales", company.mia, company.person("noah"))
    operation, document = rows(company.integration)["group", "Sales"]
    assert operation == "create"
    assert {"value": "new: noah"} in document["members"]
    assert len(document["members"]) == 2


def test_before_activation_it_shows_what_activate_would_begin_with(company):
    company.application_of()
    company.group("Engineering", company.person("mia"))
    from apps.provisioning.actions import configure_integration

    integration = configure_integration(
        company.application, actor=company.actor, base_url=company.target.base_url
    )
    assert preview(integration).user_counts == {"create": 1}


def test_it_says_when_the_removals_would_be_held(staffed):
    company = staffed()
    people = [company.person(f"p{number}") for number in range(14)]
    directory.add_members(company.engineering, people, actor=company.actor)
    company.work()
    assert not preview(company.integration).held
    directory.remove_group(company.engineering, actor=company.actor)
    assert preview(company.integration).held


def test_health_counts_what_is_in_sync_on_its_way_and_failing(staffed):
    company = staffed()
    company.target.poison = "noah"
    directory.add_members(
        company.engineering, [company.person("noah"), company.person("olga")], actor=company.actor
    )
    company.relay()
    assert queries.health(company.integration).pending == 2
    company.work()
    health = queries.health(company.integration)
    assert (health.accounts, health.in_sync, health.pending, health.failing, health.held) == (2, 2, 0, 1, 0)
    assert health.total == 3


def test_needs_attention_has_the_applications_words_and_the_next_try(staffed):
    company = staffed()
    company.target.poison = "noah"
    directory.add_member(company.engineering, company.person("noah"), actor=company.actor)
    company.work()
    (row,) = queries.needs_attention(company.integration, queries.health(company.integration))
    assert (row.name, row.state, row.status, row.words) == (
        "Noah Example",
        JobState.PARKED,
        400,
        "noah is poison",
    )
    assert row.next_at is None


def test_an_application_is_being_set_up_until_the_account_is_there(staffed):
    company = staffed()
    noah = company.person("noah")
    assert queries.being_set_up(noah) == set()
    directory.add_member(company.engineering, noah, actor=company.actor)
    assert queries.being_set_up(noah) == {company.application.pk}
    company.work()
    assert queries.being_set_up(noah) == set()
    Integration.objects.update(state="configured")
    assert queries.being_set_up(company.person("olga")) == set()


def test_a_persons_states_name_account_and_job(staffed):
    company = staffed()
    (state,) = queries.states_of(company.mia)
    assert state.account.active
    assert state.job.state == JobState.DONE
    assert queries.states_of(company.person("noah")) == []


def asked(question):
    """How many statements it takes."""
    with CaptureQueriesContext(connection) as captured:
        question()
    return len(statements(captured))


def test_the_number_of_questions_does_not_depend_on_people_or_groups(staffed):
    company = staffed(manage_groups=True)
    before = asked(lambda: preview(company.integration))
    for number in range(4):
        new = company.person(f"new{number}")
        directory.add_member(company.engineering, new, actor=company.actor)
        company.group(f"Team {number}", new)
    assert asked(lambda: preview(company.integration)) == before > 0
    assert preview(company.integration).user_counts["create"] == 4


def test_what_needs_somebody_is_one_question_and_comes_in_the_order_of_urgency(staffed):
    company = staffed()
    joins(company, "noah", "olga", "pia")
    company.work()
    states = {"noah": JobState.KEPT, "olga": JobState.PARKED, "pia": JobState.HELD}
    for job in queries.jobs_of(company.integration).exclude(resource_id=company.mia.pk):
        job.state = next(state for name, state in states.items() if name in job.resource_name.lower())
        job.save(update_fields=["state"])
    integration = company.integration
    health = queries.health(integration)
    told = queries.needs_attention(integration, health)
    assert [each.state for each in told] == ["parked", "held", "kept"]
    assert len(queries.needs_attention(integration, health, limit=2)) == 2
    assert asked(lambda: queries.needs_attention(integration, health)) == 1
