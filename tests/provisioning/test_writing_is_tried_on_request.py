"""The write test: one clearly named account, made and taken away again, step by step, and never somebody's."""

import pytest

from apps.events.models import Event
from apps.provisioning import actions, write_test
from apps.provisioning.errors import IntegrationInvalid
from apps.provisioning.models import Job, RemoteUser
from apps.provisioning.write_test import suggested_email, try_writing
from tests.fakes.scim_target import TOKEN, Fault, scim_error

pytestmark = pytest.mark.django_db

EMAIL = "gatehouse-test@acme.example"


def tried(company, email=EMAIL):
    company.target.journal.clear()
    return try_writing(company.integration, email=email, actor=company.actor)


def configured(company, connector="custom_saml", **parameters):
    company.application_of(connector, **parameters)
    actions.configure_integration(
        company.application, actor=company.actor, base_url=company.target.base_url, token=TOKEN
    )
    return company


def steps(result):
    return [(step.name, step.succeeded) for step in result.steps]


def test_a_test_account_is_made_changed_and_taken_away(company):
    configured(company)
    result = tried(company)
    assert steps(result) == [
        ("look_up", True), ("create", True), ("update", True), ("deactivate", True), ("delete", True),
    ]  # fmt: skip
    assert result.succeeded
    assert result.left == "Nothing is left there."
    assert company.target.users == {}
    assert [asked.method for asked in company.target.journal] == [
        "GET",
        "POST",
        "PATCH",
        "GET",
        "PATCH",
        "DELETE",
    ]
    made = next(asked.body for asked in company.target.journal if asked.method == "POST")
    assert made["userName"].startswith("gatehouse-test-")
    assert made["emails"][0]["value"] == EMAIL
    assert all(TOKEN not in str(step.requests) for step in result.steps)


def test_it_leaves_no_trace_here_but_an_event(company):
    configured(company)
    result = tried(company)
    assert not RemoteUser.objects.exists()
    assert not Job.objects.exists()
    event = Event.objects.order_by("-created_at").first()
    assert event.type == "idm_integration_update"
    assert event.success
    assert event.details["write_test"] == result.user_name
    assert event.details["left"] == "Nothing is left there."


def test_where_nothing_is_deleted_it_says_what_it_left(company):
    configured(company, "pulumi", organization="acme")
    result = tried(company)
    assert result.succeeded
    assert "is left there, deactivated" in result.left
    (left,) = company.target.users.values()
    assert left["userName"] in result.left
    assert left["active"] is False


def test_gitlab_is_not_asked_to_update(company):
    configured(company, "gitlab_saas", group_path="acme")
    assert [name for name, _ in steps(tried(company))] == ["look_up", "create", "deactivate"]


def test_an_account_that_is_there_is_not_touched(company, monkeypatch):
    configured(company)
    monkeypatch.setattr(write_test.secrets, "token_hex", lambda size: "0" * 2 * size)
    company.target.add_user("gatehouse-test-00000000", "somebody@acme.example")
    result = tried(company)
    assert steps(result) == [("look_up", False)]
    assert result.left == "Nothing was made there."
    assert company.target.wrote() == []


@pytest.mark.parametrize(
    ("fault", "failed", "left"),
    [
        (
            Fault(400, {}, scim_error(400, "no more seats"), method="POST"),
            "create",
            "Nothing was made there.",
        ),
        (Fault(500, {}, b"boom", method="POST", applied=True), "create", "Nothing is left there."),
        (Fault(400, {}, scim_error(400, "no"), method="PATCH"), "update", "Nothing is left there."),
        (Fault(403, {}, scim_error(403, "no"), method="DELETE"), "delete", "is left there, deactivated"),
        (
            Fault(400, {}, scim_error(400, "no"), method="PATCH", times=9),
            "deactivate",
            "Nothing is left there.",
        ),
        (Fault(401, {}, b"", method="GET"), "look_up", "Nothing was made there."),
    ],
)
def test_a_step_that_fails_is_shown_and_what_was_made_is_taken_away(company, fault, failed, left):
    configured(company)
    company.target.faults = [fault]
    result = tried(company)
    assert not result.succeeded
    assert (failed, False) in steps(result)
    assert left in result.left
    assert bool(company.target.users) is ("left there," in result.left)
    assert not Event.objects.order_by("-created_at").first().success


def test_the_address_has_to_be_nobodys(company):
    configured(company)
    company.person("mia")
    for wrong in ("mia@example.com", "MIA@example.com", "nonsense", "", '"a\x01b"@acme.example'):
        with pytest.raises(IntegrationInvalid) as refused:
            tried(company, wrong)
        assert set(refused.value.fields) == {"email"}
    assert company.target.journal == []
    assert suggested_email("alice@acme.example").endswith("@acme.example")


def test_without_a_token_nothing_is_tried(company):
    company.application_of()
    actions.configure_integration(company.application, actor=company.actor, base_url=company.target.base_url)
    with pytest.raises(IntegrationInvalid) as refused:
        tried(company)
    assert set(refused.value.fields) == {"token"}
