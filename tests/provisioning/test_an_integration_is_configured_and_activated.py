import pytest

from apps.events.models import Event
from apps.provisioning import actions
from apps.provisioning.errors import ActivationRefused, IntegrationInvalid
from apps.provisioning.models import Integration, IntegrationState, RemoteUser
from tests.fakes.scim_target import TOKEN, Fault, throttled

pytestmark = pytest.mark.django_db


def event(kind: str) -> Event:
    return Event.objects.filter(type=kind).order_by("-created_at").first()


@pytest.fixture
def configured(company):
    company.application_of()
    return actions.configure_integration(
        company.application, actor=company.actor, base_url=company.target.base_url, token=TOKEN
    )


@pytest.mark.parametrize(
    "address",
    [
        "",
        "gitlab.com/api",
        "http://gitlab.com/scim",
        "https://gitlab.com/scim/{group_path}",
        "https://10.0.0.1/scim",
        "https://user:secret@gitlab.com/scim",
        "https://gitlab.com/scim?x=1",
        "https://gitlab.com/scim#x",
        "https://gitlab.com/" + "x" * 1000,
        "ftp://gitlab.com/scim",
    ],
)
def test_an_address_that_may_not_be_called_is_an_error_of_its_field(company, address):
    company.application_of()
    with pytest.raises(IntegrationInvalid) as refusal:
        actions.configure_integration(company.application, actor=company.actor, base_url=address)
    assert set(refusal.value.fields) == {"base_url"}
    assert actions.integration_of(company.application) is None


@pytest.mark.parametrize("token", ["two words", "line\nbreak", "tök"])
def test_a_token_that_cannot_stand_in_a_header_is_refused(company, token):
    company.application_of()
    with pytest.raises(IntegrationInvalid) as refusal:
        actions.configure_integration(
            company.application, actor=company.actor, base_url=company.target.base_url, token=token
        )
    assert set(refusal.value.fields) == {"token"}


def test_groups_and_deletion_are_refused_where_the_application_has_neither(company):
    company.application_of("gitlab_saas", group_path="acme")
    with pytest.raises(IntegrationInvalid) as refusal:
        actions.configure_integration(
            company.application,
            actor=company.actor,
            base_url=company.target.base_url,
            manage_groups=True,
            deprovisioning="delete",
        )
    assert set(refusal.value.fields) == {"manage_groups", "deprovisioning"}


def test_a_bookmark_has_no_identity_management(company):
    from apps.applications.actions import add_application

    bookmark = add_application(
        actor=company.actor, connector="bookmark", display_label="B", bookmark_url="https://example.com"
    )
    with pytest.raises(IntegrationInvalid):
        actions.configure_integration(bookmark, actor=company.actor, base_url=company.target.base_url)


def test_without_a_token_activation_is_refused_and_recorded(company):
    company.application_of()
    integration = actions.configure_integration(
        company.application, actor=company.actor, base_url=company.target.base_url
    )
    with pytest.raises(ActivationRefused) as refusal:
        actions.activate_integration(integration, actor=company.actor)
    assert set(refusal.value.fields) == {"token"}
    assert not event("idm_integration_activate").success


def test_a_refused_token_is_an_error_of_its_field_and_an_event(company, configured):
    company.target.token = "another"
    with pytest.raises(ActivationRefused) as refusal:
        actions.activate_integration(configured, actor=company.actor)
    assert set(refusal.value.fields) == {"token"}
    assert "Invalid token" in refusal.value.fields["token"][0]
    assert TOKEN not in str(refusal.value.fields)
    logged = event("idm_integration_activate")
    assert not logged.success
    assert logged.message_chain["response_code"] == "401"
    assert TOKEN not in str(logged.message_chain) + logged.error_message
    assert Integration.objects.get().state == IntegrationState.CONFIGURED


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault(200, {"Content-Type": "text/html"}, b"<html>Sign in</html>"), "200"),
        (Fault(200, {}, b"{}"), "200"),
        (Fault(404, {}, b'{"detail": "Group acme does not have SAML SSO configured"}'), "404"),
        (Fault(500, {}, b"boom"), "500"),
        (Fault(302, {"Location": "https://elsewhere.example/"}), "302"),
        (throttled(5), "429"),
        (Fault(reset=True), ""),
    ],
    ids=["web page", "not a list", "404", "500", "redirect", "429", "reset"],
)
def test_an_address_that_does_not_answer_as_scim_is_an_error_of_its_field(company, configured, fault, code):
    company.target.faults = [fault]
    with pytest.raises(ActivationRefused) as refusal:
        actions.activate_integration(configured, actor=company.actor)
    assert set(refusal.value.fields) == {"base_url"}
    assert event("idm_integration_activate").message_chain["response_code"] == code


def test_the_targets_own_words_reach_the_form(company, configured):
    company.target.faults = [Fault(404, {}, b'{"detail": "Group acme does not have SAML SSO configured"}')]
    with pytest.raises(ActivationRefused) as refusal:
        actions.activate_integration(configured, actor=company.actor)
    assert "does not have SAML SSO configured" in refusal.value.fields["base_url"][0]


def test_activation_reads_only_and_is_recorded(company, configured):
    integration = actions.activate_integration(configured, actor=company.actor)
    assert integration.state == IntegrationState.ACTIVE
    assert {asked.method for asked in company.target.journal} == {"GET"}
    assert "→ 200" in integration.last_verification
    assert event("idm_integration_activate").message_chain == {
        "response_code": "200",
        "response_message": "Application successfully activated",
        "message_details": "OK",
    }


def test_the_token_is_sealed_and_only_its_last_four_are_shown(configured):
    row = Integration.objects.values().get()
    assert TOKEN.encode() not in bytes(row["token_sealed"])
    assert row["token_hint"] == TOKEN[-4:]
    assert Integration.objects.get().token == TOKEN


def test_a_short_token_shows_nothing_of_itself(company, configured):
    actions.configure_integration(
        company.application, actor=company.actor, base_url=company.target.base_url, token="short"
    )
    assert Integration.objects.get().token_hint == ""


def test_a_new_base_url_erases_the_token_and_what_was_known_of_the_old_place(staffed):
    company = staffed()
    assert RemoteUser.objects.exists()
    moved = actions.configure_integration(
        company.application, actor=company.actor, base_url="https://scim.example.com/v2"
    )
    assert (moved.token, moved.token_hint, moved.state) == ("", "", IntegrationState.CONFIGURED)
    assert (moved.last_verified_at, moved.last_verification) == (None, "")
    assert not RemoteUser.objects.exists()


def test_an_administrator_without_the_token_cannot_have_it_sent_elsewhere(staffed):
    company = staffed()
    company.target.journal.clear()
    moved = actions.configure_integration(
        company.application, actor=company.actor, base_url=company.target.base_url + "/mine"
    )
    with pytest.raises(ActivationRefused):
        actions.activate_integration(moved, actor=company.actor)
    assert company.target.journal == []


def test_a_slash_at_the_end_is_the_same_place(staffed):
    company = staffed()
    same = actions.configure_integration(
        company.application, actor=company.actor, base_url=company.target.base_url + "/"
    )
    assert same.token == TOKEN
    assert same.state == IntegrationState.ACTIVE


def test_changes_are_recorded_without_the_token(company, configured):
    logged = event("idm_integration_update")
    assert {change["field"] for change in logged.changes} >= {"base_url", "token"}
    assert TOKEN not in str(logged.changes)


def test_reauthorizing_verifies_first_and_keeps_the_old_token_when_the_new_one_is_refused(staffed):
    company = staffed()
    with pytest.raises(ActivationRefused):
        actions.reauthorize_integration(company.integration, actor=company.actor, token="wrong-token-123")
    assert company.integration.token == TOKEN
    assert company.integration.is_active
    assert not event("idm_integration_reauth").success
    company.target.token = "rotated-token-456"
    actions.reauthorize_integration(company.integration, actor=company.actor, token="rotated-token-456")
    assert company.integration.token == "rotated-token-456"
    assert event("idm_integration_reauth").success


def test_deactivation_touches_nothing_in_the_application(staffed):
    company = staffed()
    actions.deactivate_integration(company.integration, actor=company.actor)
    company.work()
    assert company.target.journal == []
    assert company.target.active_names() == {"mia"}
    assert RemoteUser.objects.count() == 1
    assert event("idm_integration_delete").success


def test_removing_it_touches_nothing_in_the_application_either(staffed):
    company = staffed()
    actions.remove_integration(company.integration, actor=company.actor)
    assert actions.integration_of(company.application) is None
    assert company.target.journal == []
    assert company.target.active_names() == {"mia"}
