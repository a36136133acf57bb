"""What an application may say about one person, and what becomes of it: always with its own words."""

import pytest

from apps.directory import actions as directory
from apps.events.models import Event
from apps.provisioning import actions, queries
from apps.provisioning.documents import without
from apps.provisioning.models import Attempt, Job, JobState, RemoteUser
from tests.fakes.scim_target import Fault, scim_error
from tests.provisioning.conftest import joins, later

pytestmark = pytest.mark.django_db


def test_a_poison_record_parks_alone_with_the_applications_words(staffed):
    company = staffed()
    company.target.poison = "p3"
    people = joins(company, *(f"p{number}" for number in range(6)))
    company.work()
    assert company.target.active_names() == {"mia", "p0", "p1", "p2", "p4", "p5"}
    job = company.job(people[3])
    assert (job.state, job.last_status, job.last_error) == (JobState.PARKED, 400, "p3 is poison")
    event = Event.objects.get(type="user_create_provision", success=False)
    assert event.message_chain["response_code"] == "400"
    assert event.message_chain["message_details"] == event.error_message == "p3 is poison"


def test_what_is_parked_is_tried_once_and_not_again_until_something_changes(staffed):
    company = staffed()
    company.target.poison = "noah"
    (noah,) = joins(company, "noah")
    company.work()
    with later(hours=2):
        company.work()
    assert len([one for one in company.target.wrote() if one[0] == "POST"]) == 1
    company.target.poison = ""
    directory.update_user(noah, actor=company.actor, job_title="Engineer")
    company.work()
    assert company.job(noah).state == JobState.DONE


def test_retry_now_tries_now(staffed, silent_bell):
    company = staffed()
    company.target.poison = "noah"
    (noah,) = joins(company, "noah")
    company.work()
    company.target.poison = ""
    actions.retry_job(company.job(noah), actor=company.actor)
    company.work()
    assert company.job(noah).state == JobState.DONE
    assert queries.health(company.integration).failing == 0


def test_whoever_is_parked_and_leaves_is_parked_no_more(staffed):
    company = staffed()
    company.target.poison = "noah"
    (noah,) = joins(company, "noah")
    company.work()
    directory.remove_member(company.engineering, noah, actor=company.actor)
    company.work()
    assert company.job(noah).state == JobState.DONE


def test_an_account_that_is_there_already_is_linked(staffed):
    company = staffed()
    there = company.target.add_user("NOAH", "noah@example.com", title="Old")
    (noah,) = joins(company, "noah", job_title="New")
    company.work()
    assert company.remote(noah).remote_id == there["id"]
    assert company.remote(noah).linked
    assert there["title"] == "New"
    assert Event.objects.filter(type="user_create_provision", details__linked="true").count() == 1


def test_an_inactive_account_that_is_there_already_is_linked_and_reactivated(staffed):
    company = staffed()
    there = company.target.add_user("noah", "noah@example.com", active=False)
    joins(company, "noah")
    company.work()
    assert there["active"] is True


def test_a_conflict_is_looked_at_again_and_adopted(staffed):
    """The look-up before the create saw nobody, as when two of us are at it."""
    company = staffed()
    company.target.add_user("noah", "noah@example.com")
    company.target.faults = [Fault(200, {}, b'{"totalResults": 0, "Resources": []}', method="GET")]
    (noah,) = joins(company, "noah")
    company.work()
    assert [asked.status for asked in company.target.journal][:3] == [200, 409, 200]
    assert company.remote(noah).linked


def test_the_same_name_with_another_e_mail_is_somebody_else(staffed):
    company = staffed()
    company.target.add_user("noah", "somebody.else@example.com")
    (noah,) = joins(company, "noah")
    company.work()
    assert company.job(noah).state == JobState.PARKED
    assert "another e-mail" in company.job(noah).last_error
    assert company.target.wrote() == []
    assert not RemoteUser.objects.filter(user_id=noah.pk).exists()
    assert Event.objects.filter(type="user_lookup_provision", success=False).count() == 1


def test_a_conflict_with_an_account_that_nobody_shows_us_parks(staffed):
    company = staffed()
    words = scim_error(409, "Email noah@example.com already in use by another account.", "uniqueness")
    company.target.faults = [Fault(409, {}, words, method="POST")]
    (noah,) = joins(company, "noah")
    company.work()
    assert company.job(noah).state == JobState.PARKED
    assert company.job(noah).last_error.startswith("Email noah@example.com already in use")


def test_of_two_accounts_with_this_name_neither_is_adopted(staffed):
    company = staffed()
    company.target.add_user("noah", "noah@example.com")
    company.target.add_user("noah", "noah@example.com")
    (noah,) = joins(company, "noah")
    company.work()
    assert company.job(noah).state == JobState.PARKED
    assert company.target.wrote() == []


def test_where_the_filter_is_ignored_nobody_else_is_adopted(staffed):
    company = staffed()
    company.target.ignores_filters = True
    company.target.add_user("stranger", "stranger@example.com")
    there = company.target.add_user("olga", "olga@example.com")
    noah, olga = joins(company, "noah", "olga")
    company.work()
    assert company.target.named("noah")["emails"][0]["value"] == "noah@example.com"
    assert company.remote(olga).remote_id == there["id"]
    assert company.remote(noah).remote_id not in {there["id"], company.remote(company.mia).remote_id}


def test_an_account_that_another_person_here_has_is_not_given_away(staffed):
    """mia was renamed here, and the application did not let us rename her there; then another mia comes."""
    company = staffed()
    company.target.faults = [Fault(400, {}, scim_error(400, "immutable"), method="PATCH")]
    directory.update_user(company.mia, actor=company.actor, username="mia.old", email="old@example.com")
    company.work()
    assert company.job(company.mia).state == JobState.PARKED
    (again,) = joins(company, "mia")
    company.work()
    assert company.job(again).state == JobState.PARKED
    assert "belongs to" in company.job(again).last_error
    assert RemoteUser.objects.get().user_id == company.mia.pk
    assert len([one for one in company.target.wrote() if one[0] == "PATCH"]) == 1


def test_an_account_that_vanished_is_made_again_for_who_has_access(staffed):
    company = staffed()
    company.target.users.clear()
    directory.update_user(company.mia, actor=company.actor, job_title="Lead")
    company.work()
    assert company.target.named("mia")["title"] == "Lead"


def test_an_account_that_vanished_needs_no_deactivation(staffed):
    company = staffed()
    company.target.users.clear()
    directory.remove_member(company.engineering, company.mia, actor=company.actor)
    company.work()
    assert company.job(company.mia).state == JobState.DONE
    assert company.target.users == {}
    assert not RemoteUser.objects.exists()


def test_an_account_with_a_new_id_is_found_again(staffed):
    company = staffed()
    company.target.users.clear()
    there = company.target.add_user("mia", "mia@example.com")
    directory.remove_member(company.engineering, company.mia, actor=company.actor)
    company.work()
    assert there["active"] is False


def test_a_404_for_everything_is_a_wrong_address_and_nobody_is_forgotten(staffed):
    company = staffed()
    gone = scim_error(404, "Group acme does not have SAML SSO configured")
    company.target.faults = [Fault(404, {}, gone, times=99)]
    directory.remove_member(company.engineering, company.mia, actor=company.actor)
    company.work()
    assert RemoteUser.objects.get().active
    assert company.job(company.mia).state == JobState.PENDING
    company.target.faults = []
    with later(hours=1):
        company.work()
    assert company.target.active_names() == set()


def test_created_without_a_body_is_looked_up(staffed):
    company = staffed()
    company.target.faults = [Fault(201, method="POST", applied=True)]
    (noah,) = joins(company, "noah")
    company.work()
    assert company.remote(noah).remote_id == company.target.named("noah")["id"]


@pytest.mark.parametrize("status", [405, 501])
def test_where_patch_is_not_supported_the_whole_account_is_put(staffed, status):
    company = staffed()
    company.target.named("mia")["nickName"] = "kept"
    company.target.faults = [Fault(status, {}, b"", method="PATCH", times=99)]
    directory.update_user(company.mia, actor=company.actor, job_title="Lead")
    company.work()
    there = company.target.named("mia")
    assert (there["title"], there["nickName"], there["active"]) == ("Lead", "kept", True)
    assert company.integration.updates_by_put
    company.target.journal.clear()
    directory.remove_member(company.engineering, company.mia, actor=company.actor)
    company.work()
    assert [method for method, _ in company.target.wrote()] == ["PUT"]
    assert company.target.named("mia")["active"] is False


def test_what_became_empty_is_taken_out_of_what_is_put(staffed):
    """What is there is read first and sent back, so that nothing is lost; not what is to go."""
    company = staffed()
    directory.update_user(
        company.mia, actor=company.actor, job_title="Lead", work_phone="+44 1", timezone="Europe/Paris"
    )
    company.work()
    there = company.target.named("mia")
    there["phoneNumbers"].append({"type": "mobile", "value": "+44 2"})
    company.target.without = {"PATCH"}
    directory.update_user(company.mia, actor=company.actor, job_title="", work_phone="")
    company.work()
    there = company.target.named("mia")
    assert "title" not in there
    assert (there["phoneNumbers"], there["timezone"]) == (
        [{"type": "mobile", "value": "+44 2"}],
        "Europe/Paris",
    )
    assert company.remote(company.mia).sent["timezone"] == "Europe/Paris"


@pytest.mark.parametrize(
    ("path", "left"),
    [
        ("title", {"name": {"formatted": "M"}, "urn:x:User": {"department": "R"}, "name.formatted": "M"}),
        ("name.formatted", {"title": "Lead", "urn:x:User": {"department": "R"}}),
        ("urn:x:User:department", {"title": "Lead", "name": {"formatted": "M"}, "name.formatted": "M"}),
    ],
)
def test_paths_are_taken_out_wherever_they_stand(path, left):
    shown = {
        "title": "Lead",
        "name": {"formatted": "M"},
        "name.formatted": "M",
        "urn:x:User": {"department": "R"},
    }
    assert without(shown, [path]) == left
    assert shown["title"] == "Lead"


def test_where_neither_is_supported_for_a_moment_nothing_is_learnt(staffed):
    """Something in front of it answered for it: GitLab, which has no PUT, would be asked by PUT for good."""
    company = staffed("gitlab_saas", {"group_path": "acme"})
    company.target.faults = [
        Fault(501, {}, b"", method="PATCH"),
        Fault(405, {}, scim_error(405, "405 Not Allowed"), method="PUT"),
    ]
    directory.remove_member(company.engineering, company.mia, actor=company.actor)
    company.work()
    assert company.job(company.mia).last_error == "405 Not Allowed"
    assert not company.integration.updates_by_put
    actions.retry_job(company.job(company.mia), actor=company.actor)
    company.work()
    assert company.target.wrote()[-1][0] == "PATCH"
    assert not company.target.named("mia@example.com")["active"]


def test_every_try_has_one_attempt_and_one_event(staffed):
    company = staffed()
    company.target.faults = [Fault(500, {}, b"down", method="POST")]
    (noah,) = joins(company, "noah")
    company.work()
    attempts = Attempt.objects.filter(job=company.job(noah)).order_by("created_at")
    assert [(attempt.operation, attempt.outcome, attempt.status) for attempt in attempts] == [
        ("create", "ambiguous", 500),
        ("read_back", "succeeded", 200),  # it is not there after all: on record before anything is sent again
        ("create", "succeeded", 201),
    ]
    assert [step["method"] for step in attempts[0].steps] == ["GET", "POST"]
    last = attempts[2]  # kept once, and told as what decided
    assert (last.method, last.path, last.request["userName"]) == ("POST", "/Users", "noah")
    assert last.answer == last.steps[-1]["answer"] != ""
    looked = Event.objects.filter(target_id=str(noah.pk), type="user_lookup_provision")
    assert looked.count() == 1
    events = Event.objects.filter(target_id=str(noah.pk), type="user_create_provision").order_by("created_at")
    assert [(event.success, event.message_chain["response_code"]) for event in events] == [
        (False, "500"),
        (True, "201"),
    ]


def test_the_token_is_nowhere_even_when_the_application_echoes_it(staffed, caplog):
    company = staffed()
    token = company.integration.token
    echo = f'{{"detail": "your token {token} is bad", "authorization": "Bearer {token}"}}'.encode()
    company.target.faults = [Fault(400, {}, echo, method="POST"), Fault(401, {}, echo, method="POST")]
    joins(company, "noah")
    joins(company, "olga")
    company.work()
    kept = [
        *Attempt.objects.values_list("steps"),
        *Event.objects.values_list("error_message", "message_chain", "details", "changes"),
        *Job.objects.values_list("last_error", "resource_name"),
        *type(company.integration).objects.values_list("last_problem", "last_verification"),
    ]
    assert "your token" in str(kept)
    assert token not in str(kept)
    assert token not in caplog.text


def test_hostile_answers_can_be_stored_and_shown(staffed):
    company = staffed()
    hostile = '{"detail": "\\u0000\\ud800<script>alert(1)</script>' + "x" * 5000 + '"}'
    company.target.faults = [Fault(400, {}, hostile.encode(), method="POST")]
    (noah,) = joins(company, "noah")
    company.work()
    job = company.job(noah)
    assert job.state == JobState.PARKED
    assert len(job.last_error) <= 1000
    assert "\x00" not in Attempt.objects.get(job=job).answer


@pytest.mark.parametrize("bad", ['"../.."', '""', "null", '{"a": 1}', '"' + "x" * 300 + '"', '".."'])
def test_an_id_that_cannot_be_kept_or_addressed_harms_nobody_else(staffed, bad):
    company = staffed()
    listed = f'{{"totalResults": 1, "Resources": [{{"userName": "noah", "id": {bad}}}]}}'.encode()
    company.target.faults = [Fault(200, {}, listed, method="GET", times=2)]
    (noah,) = joins(company, "noah")
    company.work()
    directory.update_user(noah, actor=company.actor, job_title="Lead")
    company.work()
    assert all(asked.path.startswith("/scim/v2/Users") for asked in company.target.journal)
    assert ".." not in "".join(asked.path for asked in company.target.journal).replace("..%2F..", "")
    assert company.target.active_names() >= {"mia"}


def test_a_conversation_cut_short_by_a_pause_is_no_try(staffed):
    """The look-up was answered; then the application asked for a pause, and the create was never sent."""
    company = staffed()
    type(company.integration).objects.update(width=2)
    company.target.faults = [Fault(429, {"Retry-After": "60"}, b"", method="POST")]
    joins(company, "noah", "olga")
    company.work()
    tried = Attempt.objects.filter(job__resource_name__in=["Noah Example", "Olga Example"])
    assert [attempt.outcome for attempt in tried if attempt.status == 429] == ["passing"]
    assert all(attempt.method == "POST" for attempt in tried)  # and none that only looked up


def test_a_renamed_person_is_shown_by_the_new_name(staffed):
    company = staffed("gitlab_saas", {"group_path": "acme"})
    directory.update_user(company.mia, actor=company.actor, last_name="Muster")
    company.work()
    assert company.job(company.mia).resource_name == "Mia Muster"
