import pytest

from apps.events.models import Event
from apps.provisioning import queries
from apps.provisioning.models import Integration, Job, RemoteUser
from apps.tenants.context import in_tenant
from tests.console.conftest import connection, integration
from tests.fakes.scim_target import TOKEN, Fault, scim_error


def test_a_refused_token_is_a_form_error_and_an_event_and_sends_nothing(alice, path, target):
    response = alice.post(f"{path}connection/", connection(target, token="wrong-token-entirely"))
    page = response.content.decode()
    assert response.status_code == 422
    assert "The application refused this token: 401" in page
    assert "401 401" not in page
    assert "Address and token are saved" in page
    assert target.base_url in page
    assert "wrong-token-entirely" not in page
    with in_tenant(alice.tenant):
        event = Event.objects.filter(type="idm_integration_activate").get()
    assert not event.success
    assert {asked.method for asked in target.journal} == {"GET"}


@pytest.mark.parametrize(
    "address", ["", "ftp://example.com", "https://169.254.169.254/scim", "https://example.com/scim?x=1"]
)
def test_an_address_that_cannot_be_is_refused_before_anything_is_saved(alice, path, target, address):
    response = alice.post(f"{path}connection/", connection(target, base_url=address))
    assert response.status_code == 422
    assert 'href="#id_base_url"' in response.content.decode()
    assert integration(alice) is None


def test_the_token_never_comes_back(alice, path, active):
    for page in (path, f"{path}connection/", "/console/events/", "/console/"):
        assert TOKEN.encode() not in alice.get(page).content
    assert TOKEN[-4:] in alice.get(path).content.decode()


def test_a_token_too_short_to_show_any_of_it_is_said_to_be_saved(alice, path, target):
    values = connection(target, token="short")
    del values["activate"]
    alice.post(f"{path}connection/", values)
    page = alice.get(f"{path}connection/").content.decode()
    assert "One is saved. Leave this empty to keep it." in page
    assert "ends in" not in page


def test_another_base_url_says_that_the_connection_is_over(alice, path, active):
    assert "Last verified" in alice.get(path).content.decode()
    values = connection(active, base_url=f"{active.base_url}/elsewhere", token="")
    page = alice.post(f"{path}connection/", values, follow=True).content.decode()
    assert "Identity Management is inactive until it is activated again." in page
    assert "Enter the token…" in page
    assert ">Activate</button>" not in page  # there is nothing to activate it with
    tab = alice.get(path).content.decode()
    assert "→ 200" not in tab
    assert "When it was last active" not in tab


def test_where_nobody_has_it_the_plan_does_not_say_that_everybody_is_well(
    alice, path, target, engineering, gitlab
):
    values = connection(target) | {"preview": "1"}
    del values["activate"]
    assert "1 create" in alice.post(f"{path}connection/", values, follow=True).content.decode()
    alice.post(f"/console/applications/{gitlab.pk}/groups/", {"groups": []})
    page = alice.get(f"{path}plan/").content.decode()
    assert "nobody has GitLab yet" in page
    assert "everybody is as they should be" not in page


def test_a_bookmark_has_no_identity_management(alice):
    alice.post(
        "/console/catalog/bookmark/", {"display_label": "Canteen", "bookmark_url": "https://canteen.example/"}
    )
    with in_tenant(alice.tenant):
        from apps.applications.models import Application

        bookmark = Application.objects.get(display_label="Canteen")
    assert alice.get(f"/console/applications/{bookmark.pk}/identity-management/").status_code == 404
    assert (
        "Identity management"
        not in alice.get(f"/console/applications/{bookmark.pk}/").content.decode().partition("<main")[2]
    )


def test_a_wrong_new_token_leaves_the_active_one_alone(alice, path, active):
    response = alice.post(f"{path}connection/", connection(active, token="another-wrong-token"))
    assert response.status_code == 422
    assert "Nothing was saved yet" in response.content.decode()
    kept = integration(alice)
    assert kept.is_active
    assert kept.token == TOKEN


def test_before_configuring_the_tab_says_what_the_application_can_do(alice, path):
    page = alice.get(path).content.decode()
    assert "Configure" in page
    assert "not accepted" in page  # GitLab updates no users
    assert "Bob" in page  # an example of the mapping
    form = alice.get(f"{path}connection/").content.decode()
    assert 'value="https://gitlab.com/api/scim/v2/groups/acme"' in form


def test_activating_makes_the_accounts_of_the_bound_groups(alice, bob, path, target, work):
    response = alice.post(f"{path}connection/", connection(target), follow=True)
    assert "successfully verified" in response.content.decode()
    work()
    with in_tenant(alice.tenant):
        assert RemoteUser.objects.filter(user=bob.user, active=True).exists()
    page = alice.get(path).content.decode()
    assert "Identity management active" in page
    assert "GET /Users" in page


def test_saving_without_activating_sends_nothing(alice, path, target):
    values = connection(target)
    del values["activate"]
    alice.post(f"{path}connection/", values)
    assert not integration(alice).is_active
    assert target.journal == []
    alice.post(f"{path}activation/")
    assert integration(alice).is_active


def test_activating_with_a_token_that_went_bad_says_so(alice, path, target):
    values = connection(target, token="wrong-token-entirely")
    del values["activate"]
    alice.post(f"{path}connection/", values)
    response = alice.post(f"{path}activation/", follow=True)
    assert "The application refused this token" in response.content.decode()
    assert not integration(alice).is_active


def test_deactivating_asks_first_in_the_words_of_the_guide(alice, path, active):
    page = alice.get(f"{path}deactivation/").content.decode()
    assert "remain active in GitLab" in page
    assert "No further updates will be made" in page
    alice.post(f"{path}deactivation/")
    assert not integration(alice).is_active


def test_the_preview_shows_what_would_be_sent_and_sends_nothing(alice, bob, path, active, engineering):
    from apps.directory.actions import remove_member
    from apps.events.actors import Actor

    with in_tenant(alice.tenant):
        remove_member(engineering, bob.user, actor=Actor.system())
    before = len(active.journal)
    page = alice.get(f"{path}plan/").content.decode()
    assert "1 deactivate" in page
    assert "Bob Example" in page
    assert len(active.journal) == before


def test_syncing_needs_an_active_connection(alice, path, target):
    values = connection(target)
    del values["activate"]
    alice.post(f"{path}connection/", values)
    response = alice.post(f"{path}synchronizations/", follow=True)
    assert "is not active" in response.content.decode()


def test_a_failing_account_is_shown_with_the_applications_words_and_retried(
    alice, bob, path, target, work, gitlab
):
    target.faults.append(Fault(400, body=scim_error(400, "Seats are used up", "invalidValue"), method="POST"))
    alice.post(f"{path}connection/", connection(target))
    work()
    page = alice.get(path).content.decode()
    assert "Seats are used up" in page
    assert "1 account is failing now." in alice.get("/console/").content.decode()
    with in_tenant(alice.tenant):
        job = Job.objects.failing().get()
    assert "Account failing" in alice.get(f"/console/users/{bob.user.pk}/applications/").content.decode()
    detail = alice.get(f"{path}jobs/{job.pk}/").content.decode()
    assert "Seats are used up" in detail
    assert "POST" in detail
    assert TOKEN not in detail
    alice.post(f"{path}jobs/{job.pk}/retries/")
    work()
    with in_tenant(alice.tenant):
        assert queries.health(Integration.objects.get()).failing == 0
    assert "Account active" in alice.get(f"/console/users/{bob.user.pk}/applications/").content.decode()


def test_a_job_of_another_application_is_not_found_here(alice, path, active, system):
    from apps.applications.actions import add_application

    with in_tenant(alice.tenant):
        job = Job.objects.first()
        other = add_application(actor=system, connector="custom_saml", display_label="Other")
    assert (
        alice.get(f"/console/applications/{other.pk}/identity-management/jobs/{job.pk}/").status_code == 404
    )
